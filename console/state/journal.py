"""The journal: every record that a session folded, also those that the timeline leaves out, to fold them again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Protocol

from console.state.history import size
from server_core.records import AnyRecord


class Journal(Protocol):
    """Records by number, in the order in which they were folded."""

    def append(self, records: Sequence[AnyRecord]) -> int:
        """Take in what is folded now; how many bytes are kept for it."""
        ...

    def drop(self, number: int) -> None:
        """Nobody will ask for the records before this one again."""
        ...

    def records(self, start: int, end: int) -> Iterable[AnyRecord]:
        """The records with these numbers, in order."""
        ...

    def at(self, time: int, end: int) -> int:
        """The number after the last record, of those before `end`, that had happened by a wall time in nanoseconds."""
        ...


class LiveJournal:
    """The journal of a live session."""

    def __init__(self) -> None:
        self._records: list[AnyRecord] = []
        self._first = 0

    def append(self, records: Sequence[AnyRecord]) -> int:
        self._records += records
        return sum(map(size, records))

    def drop(self, number: int) -> None:
        if number > self._first:
            del self._records[: number - self._first]
            self._first = number

    def records(self, start: int, end: int) -> Iterable[AnyRecord]:
        return islice(self._records, max(0, start - self._first), max(0, end - self._first))

    def at(self, time: int, end: int) -> int:
        found = bisect_right(self._records, time, 0, end - self._first, key=lambda record: record.time)
        return self._first + found
