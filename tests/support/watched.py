"""A server that is served and tapped, and what its records say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Generic, TypeVar

from server_core import Server
from server_core.records import Record
from server_core.tap import Tap
from server_core.watch import attach
from tests.support.serving import serve
from tests.support.waiting import poll

S = TypeVar("S")


class Watched(Generic[S]):
    """The server, where it is, and the records of it so far."""

    def __init__(self, io: S, url: str, tap: Tap) -> None:
        self.io = io
        self.url = url
        self.tap = tap
        self.records: list[Record] = []

    def of(self, *kinds: type[Record]) -> list[Any]:
        """The records of these kinds so far."""
        self.records += self.tap.drain()
        return [record for record in self.records if isinstance(record, kinds)]

    async def wait(self, kind: type[Record], count: int = 1) -> list[Any]:
        """The records of a kind, as soon as there are so many."""
        found = await poll(lambda: self.of(kind) if len(self.of(kind)) >= count else None, 20)
        assert found, f"no {kind.__name__}: {self.records}"
        return found


async def watching(io: Server) -> AsyncIterator[Watched[Server]]:
    """A server of ours, served and tapped for as long as a fixture lasts."""
    tap = Tap("chat:io")
    attach(tap, io)
    async with serve(io.app) as url:
        yield Watched(io, url, tap)
