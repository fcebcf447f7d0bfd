"""The history: the last records, bounded by count and by bytes; what is dropped is counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple, Protocol

from console.state.filter import Filter
from server_core.records import AnyRecord, EngineHeartbeat, Log, PayloadRecord, ServerStats, Sync

#: Kinds that are state, but nothing that happened: the history leaves them out.
UNSEEN = (Sync, EngineHeartbeat, ServerStats, Log)

#: Bytes that a record takes beside its payload, roughly.
OVERHEAD = 400
#: Records of one piece of a search.
PIECE = 2_000


class Records(Protocol):
    """What the timeline shows, by number: those kept of a live session, or those of a file."""

    #: How many are kept, 0 where all are.
    max_records: int

    @property
    def first(self) -> int:
        """Number of the oldest record."""
        ...

    @property
    def end(self) -> int:
        """Number that the next record will have."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, number: int) -> AnyRecord: ...

    def since(self, number: int) -> Iterable[AnyRecord]:
        """The records from this number on."""
        ...

    def append(self, record: AnyRecord) -> None:
        """Take the next record in."""
        ...

    def search(self, filter: Filter, start: int, end: int) -> Iterator[Matches]:
        """The records from start to end that a filter takes, in pieces of a few milliseconds each."""
        ...

    def backward(self, socket: str, end: int) -> Iterator[tuple[int, AnyRecord]]:
        """The records before `end` that can concern a socket, by their numbers, the newest first."""
        ...


class Matches(NamedTuple):
    """What was found in one piece of a search."""

    #: Number up to which all is found now.
    end: int
    numbers: list[int]


class History:
    """Records by number: the first ever kept is 0, and a record keeps its number when older ones go."""

    def __init__(self, max_records: int, max_bytes: int) -> None:
        self.max_records = max_records
        self._max_bytes = max_bytes
        self._records: list[AnyRecord] = []
        self._bytes = 0
        #: Number of the oldest record kept.
        self.first = 0

    @property
    def end(self) -> int:
        """Number that the next record will have."""
        return self.first + len(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, number: int) -> AnyRecord:
        return self._records[number - self.first]

    def since(self, number: int) -> list[AnyRecord]:
        """The records from this number on."""
        return self._records[max(0, number - self.first) :]

    def search(self, filter: Filter, start: int, end: int) -> Iterator[Matches]:
        """The records from start to end that a filter takes, in pieces of a few milliseconds each."""
        takes = filter.takes_record
        while start < end:
            start = max(start, self.first)  # older ones may go while it is searched
            stop = min(start + PIECE, end)
            piece = self._records[start - self.first : stop - self.first]
            yield Matches(stop, [number for number, record in enumerate(piece, start) if takes(record)])
            start = stop

    def backward(self, socket: str, end: int) -> Iterator[tuple[int, AnyRecord]]:
        """The records before `end`, by their numbers, the newest first."""
        first, last = self.first, min(end, self.end)
        kept = islice(reversed(self._records), len(self._records) - (last - first), None)
        return zip(range(last - 1, first - 1, -1), kept, strict=False)

    def append(self, record: AnyRecord) -> None:
        self._records.append(record)
        self._bytes += size(record)
        if len(self._records) > self.max_records * 1.05 or self._bytes > self._max_bytes * 1.05:
            self._trim()

    def _trim(self) -> None:
        """Drop the oldest in one go: one by one would move the list each time."""
        drop = max(0, len(self._records) - self.max_records)
        freed = sum(map(size, self._records[:drop]))
        while self._bytes - freed > self._max_bytes and drop < len(self._records) - 1:
            freed += size(self._records[drop])
            drop += 1
        del self._records[:drop]
        self._bytes -= freed
        self.first += drop


def size(record: AnyRecord) -> int:
    """Bytes that a record takes, roughly."""
    return OVERHEAD + (len(record.data) + sum(map(len, record.attachments)) if isinstance(record, PayloadRecord) else 0)


class Upto:
    """The records of a history up to a moment, for a state that is folded anew: it follows that fold."""

    def __init__(self, records: Records, end: int) -> None:
        self._all = records
        self.end = end
        self.max_records = records.max_records

    @property
    def first(self) -> int:
        return min(self._all.first, self.end)

    def __len__(self) -> int:
        return self.end - self.first

    def __getitem__(self, number: int) -> AnyRecord:
        return self._all[number]

    def since(self, number: int) -> Iterable[AnyRecord]:
        return islice(self._all.since(number), max(0, self.end - max(number, self.first)))

    def append(self, record: AnyRecord) -> None:
        self.end += 1  # it is there already

    def search(self, filter: Filter, start: int, end: int) -> Iterator[Matches]:
        return self._all.search(filter, start, end)

    def backward(self, socket: str, end: int) -> Iterator[tuple[int, AnyRecord]]:
        return self._all.backward(socket, end)

    def upto(self, end: int) -> Upto:
        return Upto(self._all, end)
