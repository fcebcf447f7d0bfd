"""Where each record of a recording stands, and what can be asked of it without decoding it again."""

from __future__ import annotations

import itertools
import re
import threading
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from console.state.columns import KINDS, Numbers, either
from console.state.filter import MAYBE, NO
from console.state.history import UNSEEN
from server_core.blocks import Block, Blocks, Found, open_blocks
from server_core.recording import Header, RecordingError, parse_header, parse_line
from server_core.records import (
    CONSOLE,
    AnyRecord,
    AttributeDeleted,
    AttributeSet,
    Connected,
    Disconnected,
    Disconnecting,
    EventRecord,
    Gap,
    PayloadRecord,
    RoomJoined,
    RoomLeft,
)

#: Bytes of unpacked blocks, and records, that are kept for whoever asks again.
MAX_CACHED = 16 * 1024 * 1024
MAX_DECODED = 4_096
#: Visible records of a segment.
SEGMENT = 16_384

_UNSEEN = frozenset(KINDS[kind] for kind in UNSEEN)
#: Of the records of other kinds the words are made when they are shown: a line says nothing of them.
_WRITTEN = frozenset(number for kind, number in KINDS.items() if issubclass(kind, PayloadRecord)) | frozenset(
    KINDS[kind]
    for kind in (Connected, Disconnecting, Disconnected, RoomJoined, RoomLeft, AttributeSet, AttributeDeleted)
)
_MADE = bytes(NO if number in _WRITTEN else MAYBE for number in range(256))
#: Texts that a line may leave out, being the default of their field.
_DEFAULTS = frozenset({b"/", b"[", b"]", b"[]"})


class Index:
    """The records of a file by number, read step by step; what was read can be asked for again at any time.

    It keeps about 40 bytes a record. Numbers count all records; positions count those that the timeline shows.
    """

    def __init__(self, path: Path) -> None:
        """RecordingError when the file is no recording."""
        self._file: Blocks = open_blocks(path)
        self.path = path
        self.size = self._file.size
        #: Bytes of the file that were read so far.
        self.done = 0
        #: Lines that hold no record, or blocks that can't be read.
        self.damaged = 0
        self.truncated = False
        self.complete = False
        self.times = array("q")
        #: Numbers of the records that the timeline shows.
        self.seen = array("I")
        self.socket_ids = Numbers()
        self.event_names = Numbers()
        #: Columns of the records that the timeline shows.
        self.kinds = bytearray()
        self.sockets = array("I")
        self.events = array("I")
        self._blocks: list[Block] = []
        #: Number of the first record of each block, its first position, and where each record stands in its block.
        self._starts: list[int] = []
        self._positions: list[int] = []
        self._offsets = array("I")
        self._cache: OrderedDict[int, bytes] = OrderedDict()
        self._cached = 0
        self._decoded: dict[int, AnyRecord] = {}
        #: An export reads on a thread of its own.
        self._lock = threading.Lock()
        try:
            self.header, self._reading = self._begin()
        except (RecordingError, OSError):
            self.close()
            raise

    def __len__(self) -> int:
        return len(self._offsets)

    def close(self) -> None:
        self._file.close()

    # reading on

    def advance(self) -> list[AnyRecord] | None:
        """The records of the next block, None when all was read."""
        return next(self._reading, None)

    def _begin(self) -> tuple[Header, Iterator[list[AnyRecord]]]:
        """Read the header; the rest of its block is what `advance` gives first."""
        scan = self._file.scan()
        found = next(scan, None)
        line, mark, _ = found.data.partition(b"\n") if found else (b"", b"", b"")
        header = parse_header(line)
        return header, self._read(itertools.chain([found] if found else [], scan), len(line) + len(mark))

    def _read(self, scan: Iterable[Found], skipped: int) -> Iterator[list[AnyRecord]]:
        last = b""
        for found in scan:
            self.damaged += bool(last) + found.damaged
            records, last = self._take(found.block, found.data, skipped)
            skipped = 0
            self.done = found.block.offset + found.block.length
            yield records
        self.truncated = bool(last)
        self.done, self.complete = self.size, True

    def _take(self, block: Block, data: bytes, at: int) -> tuple[list[AnyRecord], bytes]:
        """The records of a block, and what follows its last line."""
        records: list[AnyRecord] = []
        number = len(self)
        self._blocks.append(block)
        self._starts.append(number)
        self._positions.append(len(self.seen))
        offsets, times, seen = self._offsets, self.times, self.seen
        kinds, sockets, events = self.kinds, self.sockets, self.events
        socket_ids, event_names = self.socket_ids, self.event_names
        *lines, last = (data[at:] if at else data).split(b"\n")
        for line in lines:
            record = parse_line(line) if line else None
            if record is not None:
                offsets.append(at)
                times.append(record.time)
                kind = KINDS[type(record)]
                if kind not in _UNSEEN:
                    seen.append(number)
                    kinds.append(kind)
                    sockets.append(socket_ids[socket] if (socket := getattr(record, "socket", "")) else 0)
                    events.append(event_names[record.event] if isinstance(record, EventRecord) else 0)
                records.append(record)
                number += 1
            elif line:
                self.damaged += 1
            at += len(line) + 1
        return records, last

    # asking again

    def record(self, number: int) -> AnyRecord:
        """A record by its number; IndexError when there is none."""
        record = self._decoded.get(number)
        if record is None:
            if not 0 <= number < len(self):
                raise IndexError(number)
            record = self.decode(self.data(bisect_right(self._starts, number) - 1), number)
            if len(self._decoded) >= MAX_DECODED:
                self._decoded.clear()
            self._decoded[number] = record
        return record

    def records(self, start: int, end: int) -> Iterator[AnyRecord]:
        """The records with these numbers, in order."""
        block = bisect_right(self._starts, start) - 1
        while start < end:
            stop = min(end, self._end(block))
            data = self.data(block) if start < stop else b""
            for number in range(start, stop):
                yield self.decode(data, number)
            start, block = max(start, stop), block + 1

    # the journal

    def append(self, records: Sequence[AnyRecord]) -> int:
        """They are in the file."""
        return 0

    def drop(self, number: int) -> None:
        """They stay in the file."""

    def at(self, time: int, end: int) -> int:
        """The number after the last record, of those before `end`, that had happened by a wall time in nanoseconds."""
        return bisect_right(self.times, time, 0, end)

    def segments(self, start: int, end: int) -> Iterator[Segment]:
        """The positions from start to end, in segments of whole blocks where it can be."""
        block = max(0, bisect_right(self._positions, start) - 1)
        while start < end and block < len(self._blocks):
            stop = block + 1
            while stop < len(self._blocks) and self.last(stop) - start < SEGMENT:
                stop += 1
            until = min(end, self.last(stop - 1))
            if until > start:
                yield Segment(self, start, until, range(block, stop))
                start = until
            block = stop

    def _end(self, block: int) -> int:
        """Number after the last record of a block."""
        return self._starts[block + 1] if block + 1 < len(self._starts) else len(self)

    def first(self, block: int) -> int:
        """Position of the first visible record of a block."""
        return self._positions[block]

    def last(self, block: int) -> int:
        """Position after the last visible record of a block."""
        return self._positions[block + 1] if block + 1 < len(self._positions) else len(self.seen)

    def locate(self, block: int, at: int, low: int, high: int) -> tuple[int, bool, int]:
        """The visible record, from position `low` on, whose line holds a place in a block, or the next one.

        Also whether it does hold it, and where the line after the place starts, 0 when there is none.
        """
        end = self._end(block)
        number = bisect_right(self._offsets, at, self._starts[block], end) - 1
        position = bisect_left(self.seen, number, low, high)
        exact = position < high and self.seen[position] == number
        return position, exact, self._offsets[number + 1] if number + 1 < end else 0

    def data(self, block: int) -> bytes:
        """What is in a block."""
        with self._lock:
            data = self._cache.get(block)
            if data is None:
                data = self._file.read(self._blocks[block])
                self._cache[block] = data
                self._cached += len(data)
                while self._cached > MAX_CACHED and len(self._cache) > 1:
                    self._cached -= len(self._cache.popitem(last=False)[1])
            else:
                self._cache.move_to_end(block)
            return data

    def decode(self, data: bytes, number: int) -> AnyRecord:
        start = self._offsets[number]
        record = parse_line(data[start : data.find(b"\n", start)])
        return record or Gap(
            server=CONSOLE, epoch=0, seq=0, time=self.times[number], lost=1, why="the file changed while it was open"
        )


class Segment:
    """Some visible records in a row, in columns: what a filter looks at before anything is decoded."""

    def __init__(self, index: Index, start: int, end: int, blocks: range) -> None:
        self._index = index
        self._blocks = blocks
        #: Positions of the first record, and after the last.
        self.start = start
        self.end = end

    def __len__(self) -> int:
        return self.end - self.start

    @property
    def kinds(self) -> bytes:
        """Each record's kind, by its number in `columns.KIND_NAMES`."""
        return bytes(self._index.kinds[self.start : self.end])

    @property
    def sockets(self) -> array[int]:
        """Each record's socket, by its number in `socket_ids`."""
        return self._index.sockets[self.start : self.end]

    @property
    def events(self) -> array[int]:
        """Each record's event, by its number in `event_names`."""
        return self._index.events[self.start : self.end]

    def having(self, text: str) -> bytes:
        """Whether a text may stand in each record: in its line, or in the words that are made for it."""
        needle = _needle(text)
        if needle is None or needle in _DEFAULTS:
            return bytes([MAYBE]) * len(self)
        return either(self._with(needle), self.kinds.translate(_MADE))

    def _with(self, needle: bytes) -> bytes:
        """The records in whose line these bytes stand, in any case; the needle is lower-case ASCII."""
        index, start, end = self._index, self.start, self.end
        mask = bytearray(end - start)
        for block in self._blocks:
            data = index.data(block).lower()
            at = data.find(needle)
            position = max(start, index.first(block))
            last = min(end, index.last(block))
            while at >= 0 and position < last:
                # the last visible record that starts before it, unless one between that is not visible has it
                position, exact, following = index.locate(block, at, position, last)
                if exact:
                    mask[position - start] = MAYBE
                at = data.find(needle, following) if following else -1
        return bytes(mask)

    def records(self, mask: bytes) -> Iterator[tuple[int, AnyRecord]]:
        """The records that a mask names, with their positions."""
        index = self._index
        for block in self._blocks:
            first, last = max(self.start, index.first(block)), min(self.end, index.last(block))
            wanted = list(itertools.compress(range(first, last), mask[first - self.start : last - self.start]))
            if wanted:
                data = index.data(block)
                for position in wanted:
                    yield position, index.decode(data, index.seen[position])


def _needle(text: str) -> bytes | None:
    """The longest piece of a text that stands in a record's line as it is, in lower case.

    Spaces may be where two fields meet; what is not ASCII has no one lower case.
    """
    written = msgspec.json.encode(text.encode("utf-8", "replace").decode()).decode()[1:-1]
    pieces = re.split(r"[^\x21-\x7f]+", written)
    longest = max(pieces, key=len)
    return longest.lower().encode() if longest else None
