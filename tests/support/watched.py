"""A server that is served and tapped, and what its records say."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from server_core.records import Record
from server_core.tap import Tap
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
