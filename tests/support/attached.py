"""The link to servers that run already, and all that it handed over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from console.link.attached import AttachedLink
from console.state.state import State
from console.wire.target import Target
from server_core import Server, instrument
from server_core.records import AnyRecord, Command, CommandResult
from tests.support.admin_client import LOGIN
from tests.support.serving import serve
from tests.support.waiting import poll

R = TypeVar("R")


class Attached:
    """A link, and its records as a screen folds them."""

    def __init__(self, link: AttachedLink) -> None:
        self.link = link
        self.state = State()
        self.records: list[AnyRecord] = []

    def take(self) -> None:
        records = self.link.take()
        self.records += records
        self.state.apply(records)

    def all(self, kind: type[R], **fields: Any) -> list[R]:
        """The records of this kind so far."""
        self.take()
        return [
            record
            for record in self.records
            if isinstance(record, kind) and all(getattr(record, name) == value for name, value in fields.items())
        ]

    async def wait(self, kind: type[R], timeout: float = 20.0, **fields: Any) -> R:
        """The first record of this kind."""
        found = await poll(lambda: self.all(kind, **fields), timeout)
        assert found, f"no {kind.__name__} {fields}: {self.records[-20:]}"
        return found[0]

    async def until(self, check: Callable[[State], Any], timeout: float = 20.0) -> None:
        """Wait until the state is so."""

        def look() -> Any:
            self.take()
            return check(self.state)

        assert await poll(look, timeout), f"never: {list(self.state.rosters.items())}"

    async def send(self, command: Command) -> CommandResult:
        return await asyncio.wrap_future(self.link.send(command))


@contextlib.asynccontextmanager
async def attached(*targets: Target) -> AsyncIterator[Attached]:
    """Attach to servers; all must be reached at once."""
    link = AttachedLink(targets)
    link.start()
    try:
        why = await asyncio.wrap_future(link.first)
        assert not any(why), why
        yield Attached(link)
    finally:
        await asyncio.to_thread(link.stop)


@contextlib.asynccontextmanager
async def chat(**options: Any) -> AsyncIterator[tuple[Server, str]]:
    """A server of ours on this loop, instrumented, in whose lobby everybody is; and its URL."""
    io = Server(**options)

    @io.on("connection")
    async def connection(socket: Any) -> None:
        socket.user = socket.handshake.auth.get("name")
        await socket.join("lobby")

    instrument(io, LOGIN)
    async with serve(io.app) as url:
        yield io, url


def sockets_of(console: Attached) -> dict[str, str]:
    """The server that has each socket."""
    return {id: server for server, roster in console.state.rosters.items() for id in roster.sockets}
