"""The server under test, hosted for a case: its records, and commands to it."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Protocol

import msgspec

from console.link.base import LinkState
from console.link.hosted import HostedLink
from console.state.state import State
from server_core.host_config import HostConfig
from server_core.listen import ListenError
from server_core.recording import Recorder, RecordingError
from server_core.records import AnyRecord, Command, CommandResult

#: Seconds between two looks at what the server said.
INTERVAL = 0.02
#: Seconds that the server has to start.
PATIENCE = 30.0
#: Log lines that a failure to start shows.
_LAST_LINES = 20


class HostError(Exception):
    """The server can't be hosted; its text says why."""


class Server(Protocol):
    """A server under test of which more is known than its clients see."""

    @property
    def url(self) -> str: ...

    @property
    def state(self) -> State: ...

    @property
    def records(self) -> list[AnyRecord]: ...

    async def start(self) -> None:
        """Begin anew; HostError."""
        ...

    async def send(self, command: Command) -> CommandResult: ...

    async def changed(self, deadline: float) -> bool: ...

    async def quiet(self) -> None: ...

    async def stop(self) -> None: ...


class Host:
    """A hosted server from start to end; all methods on one loop."""

    def __init__(self, config: HostConfig, recording: Path | None = None) -> None:
        self._config = config
        self._recording = recording
        self._link: HostedLink | None = None
        self._pump: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self.state = State()
        self.records: list[AnyRecord] = []

    @property
    def url(self) -> str:
        return self._link.url if self._link else ""

    async def start(self) -> None:
        """Start it, and return when it serves; HostError."""
        try:
            self._link = link = HostedLink(msgspec.structs.replace(self._config, port=0))
            if self._recording:
                link.recorder = Recorder(self._recording, target=self._config.target, url=link.url)
        except (ListenError, RecordingError) as error:
            raise HostError(str(error)) from None
        link.start()
        self._pump = asyncio.ensure_future(self._take())
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while link.status.state is not LinkState.LIVE:
            if link.status.state is LinkState.STOPPED or asyncio.get_running_loop().time() > deadline:
                why = link.status.why or f"it did not start within {PATIENCE:.0f} s"
                await self.stop()
                log = "".join(f"\n  {line.text}" for line in list(self.state.log)[-_LAST_LINES:])
                raise HostError(f"{self._config.target}: {why}{log}")
            await asyncio.sleep(INTERVAL)

    async def send(self, command: Command) -> CommandResult:
        if self._link is None:
            return CommandResult(ok=False, error="no server is hosted")
        return await asyncio.wrap_future(self._link.send(command))

    async def changed(self, deadline: float) -> bool:
        """Wait until the server said something; False when it is later than `deadline` (the loop's clock)."""
        self._changed.clear()
        try:
            async with asyncio.timeout_at(deadline):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def quiet(self) -> None:
        """Take what the server has said until now."""
        await asyncio.sleep(3 * INTERVAL)

    async def stop(self) -> None:
        """End it; all that it said last is there then."""
        if self._link is None:
            return
        await asyncio.to_thread(self._link.stop)
        if self._pump:
            self._pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pump
        self._look()

    async def _take(self) -> None:
        while True:
            self._look()
            await asyncio.sleep(INTERVAL)

    def _look(self) -> None:
        if self._link and (taken := self._link.take()):
            self.records += taken
            self.state.apply(taken)
            self._changed.set()
