"""The history: the last records, bounded by count and by bytes; what is dropped is counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import compress, islice
from typing import NamedTuple, Protocol

from console.state.columns import Chunk, Names
from console.state.filter import MAYBE, YES, Filter, Mask, Narrowing
from server_core.records import AnyRecord, EngineHeartbeat, Log, PayloadRecord, ServerStats, Sync

#: Kinds that are state, but nothing that happened: the history leaves them out.
UNSEEN = (Sync, EngineHeartbeat, ServerStats, Log)

#: Bytes that a record takes beside its payload, roughly.
OVERHEAD = 400
#: Records of one piece of a search that asks each of them, and of those that have columns together.
PIECE = 250
CHUNK = 2_048
#: Records from which on their columns are asked.
ENOUGH = 1_000
#: Names of sockets and events that nobody may have any more, past which they are numbered anew.
MAX_NAMES = 20_000


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

    def search(self, filter: Filter, start: int, end: int, *, newest_first: bool = False) -> Iterator[Matches]:
        """The records from start to end that a filter takes, in pieces of a few milliseconds each, one after the other
        from the oldest, or from the newest."""
        ...

    def backward(self, socket: str, end: int) -> Iterator[Piece]:
        """The records before `end` that can concern a socket, in pieces of a few milliseconds, the newest first."""
        ...


class Piece(NamedTuple):
    """Records with their numbers, the newest first, and from where to where all others are left out."""

    start: int
    end: int
    records: list[tuple[int, AnyRecord]]


class Matches(NamedTuple):
    """What was found among the records from start to end: their numbers, the oldest first."""

    start: int
    end: int
    numbers: list[int]


class History:
    """Records by number: the first ever kept is 0, and a record keeps its number when older ones go.

    Once there are `CHUNK` more of them they get columns, in which a filter finds what it takes.
    """

    def __init__(self, max_records: int, max_bytes: int) -> None:
        self.max_records = max_records
        self._max_bytes = max_bytes
        self._records: list[AnyRecord] = []
        self._bytes = 0
        #: Number of the oldest record kept.
        self.first = 0
        self._chunks: deque[Chunk] = deque()
        #: Number after the last record that has columns.
        self._columned = 0
        self._names = Names()
        #: How many names are somebody's, as far as is known.
        self._named = 0

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

    def search(self, filter: Filter, start: int, end: int, *, newest_first: bool = False) -> Iterator[Matches]:
        """The records from start to end that a filter takes, in pieces of a few milliseconds each, one after the other
        from the oldest, or from the newest. Older ones may go while it is searched."""
        names: Names | None = None
        mask: Mask | None = None
        while (start := max(start, self.first)) < end:
            chunk, low, high = self._piece(start, end, newest_first=newest_first)
            if chunk and names is not self._names:
                names = self._names
                mask = filter.narrow(names) if isinstance(filter, Narrowing) else None
            known = mask(chunk)[low - chunk.start : high - chunk.start] if chunk and mask else b""
            yield Matches(low, high, self._found(filter, low, high, known))
            if newest_first:
                end = low
            else:
                start = high

    def _piece(self, start: int, end: int, *, newest_first: bool) -> tuple[Chunk | None, int, int]:
        """Where the first of so many records are, or the last of them, and the columns that they are in."""
        if newest_first and end > self._columned:
            return None, max(start, self._columned, end - PIECE), end
        if not newest_first and start >= self._columned:
            return None, start, min(start + PIECE, end)
        oldest = self._chunks[0].start
        chunk = self._chunks[((end - 1 if newest_first else start) - oldest) // CHUNK]
        low, high = max(start, chunk.start), min(end, chunk.start + len(chunk))
        # those few that came since are sooner asked one by one
        return chunk if high - low >= ENOUGH else None, low, high

    def _found(self, filter: Filter, start: int, end: int, known: bytes) -> list[int]:
        """The records from start to end that a filter takes, where so much of each is known, or nothing."""
        takes, records = filter.takes_record, self._records[start - self.first : end - self.first]
        if not known:
            return [number for number, record in enumerate(records, start) if takes(record)]
        if MAYBE not in known:
            return list(compress(range(start, end), known))
        return [
            number
            for number, answer in enumerate(known, start)
            if answer == YES or (answer == MAYBE and takes(records[number - start]))
        ]

    def backward(self, socket: str, end: int) -> Iterator[Piece]:
        """The records before `end`, in pieces, the newest first. Older ones may go meanwhile."""
        end = min(end, self.end)
        while end > self.first:
            start = max(self.first, end - PIECE)
            kept = self._records[start - self.first : end - self.first]
            yield Piece(start, end, list(zip(range(end - 1, start - 1, -1), reversed(kept), strict=True)))
            end = start

    def append(self, record: AnyRecord) -> None:
        self._records.append(record)
        self._bytes += _kept(record)
        if self.end - self._columned >= CHUNK:
            start = self._columned
            self._chunks.append(Chunk(start, self._records[start - self.first :], self._names))
            self._columned = self.end
        if len(self._records) > self.max_records * 1.05 or self._bytes > self._max_bytes * 1.05:
            self._trim()

    def _trim(self) -> None:
        """Drop the oldest in one go: one by one would move the list each time."""
        drop = max(0, len(self._records) - self.max_records)
        freed = sum(map(_kept, self._records[:drop]))
        while self._bytes - freed > self._max_bytes and drop < len(self._records) - 1:
            freed += _kept(self._records[drop])
            drop += 1
        del self._records[:drop]
        self._bytes -= freed
        self.first += drop
        while self._chunks and self._chunks[0].start + CHUNK <= self.first:
            self._chunks.popleft()
        self._columned = max(self._columned, self.first)
        if len(self._names) > self._named + MAX_NAMES:
            self._number_anew()

    def _number_anew(self) -> None:
        """Forget the names that no record has any more."""
        self._names = Names()
        for chunk in self._chunks:
            chunk.number(self._names)
        self._named = len(self._names)


def size(record: AnyRecord) -> int:
    """Bytes that a record takes, roughly."""
    return OVERHEAD + (len(record.data) + sum(map(len, record.attachments)) if isinstance(record, PayloadRecord) else 0)


def _kept(record: AnyRecord) -> int:
    """Bytes that a record takes with its columns, roughly."""
    return size(record) + (len(record.data) if isinstance(record, PayloadRecord) else 0)


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

    def search(self, filter: Filter, start: int, end: int, *, newest_first: bool = False) -> Iterator[Matches]:
        return self._all.search(filter, start, end, newest_first=newest_first)

    def backward(self, socket: str, end: int) -> Iterator[Piece]:
        return self._all.backward(socket, end)

    def upto(self, end: int) -> Upto:
        """The same history up to another moment, later ones too."""
        return Upto(self._all, end)
