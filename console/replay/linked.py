"""The server under test where the console has it already: records and commands go through the console's own link."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from console.link.base import Link, LinkState
from console.replay.hosting import INTERVAL, PATIENCE, HostError
from console.state.session import Session
from console.state.state import State
from server_core.records import AnyRecord, Command, CommandResult


class LinkedServer:
    """The console's server; `anew` has it started again for each case."""

    def __init__(self, link: Link, session: Session, *, anew: bool) -> None:
        self._link = link
        self._anew = anew and link.can_restart
        self._session = session
        self._from = session.live.history.end
        #: The target's URL, when it is not the link's.
        self.url = link.url

    @property
    def state(self) -> State:
        return self._session.live

    @property
    def records(self) -> list[AnyRecord]:
        """What happened since the case began."""
        return list(self._session.live.history.since(self._from))

    async def start(self) -> None:
        """Return when it serves, anew where that is wanted; HostError."""
        link = self._link
        deadline = asyncio.get_running_loop().time() + PATIENCE
        if self._anew:
            was = link.status.state
            link.restart()
            if was is LinkState.LIVE:
                await self._until(lambda: link.status.state is not LinkState.LIVE, deadline)
            else:
                await self._until(lambda: link.status.state is not LinkState.STOPPED, deadline)
        await self._until(lambda: link.status.state in (LinkState.LIVE, LinkState.STOPPED), deadline)
        if link.status.state is LinkState.STOPPED and self._anew:
            # it stops before it starts again
            await self._until(lambda: link.status.state is not LinkState.STOPPED, deadline - PATIENCE * 0.9)
            await self._until(lambda: link.status.state in (LinkState.LIVE, LinkState.STOPPED), deadline)
        if link.status.state is not LinkState.LIVE:
            raise HostError(link.status.why or "the server does not serve")
        self._from = self._session.live.history.end

    async def _until(self, reached: Callable[[], bool], deadline: float) -> None:
        """A link has no other way of telling that it changed than to be asked."""
        loop = asyncio.get_running_loop()
        while not reached() and loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(INTERVAL)

    async def send(self, command: Command) -> CommandResult:
        return await asyncio.wrap_future(self._link.send(command))

    async def changed(self, deadline: float) -> bool:
        loop, version = asyncio.get_running_loop(), self._session.live.version
        while self._session.live.version == version:
            if loop.time() >= deadline:
                return False
            await asyncio.sleep(INTERVAL)
        return True

    async def quiet(self) -> None:
        await asyncio.sleep(5 * INTERVAL)

    async def stop(self) -> None:
        """It goes on: the console ends it."""
