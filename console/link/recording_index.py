"""Where each record of a recording stands, and what can be asked of it without decoding it again."""

from __future__ import annotations

import itertools
import threading
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from console.link.recording_segment import Segment
from console.link.recording_texts import BlockTexts
from console.state.columns import KINDS, Names, event_name, measures, place, sizes
from console.state.history import UNSEEN
from console.state.texts import join, own_lines
from server_core.blocks import Block, Blocks, Found, open_blocks
from server_core.recording import Header, RecordingError, parse_header, parse_line, parse_lines
from server_core.records import CONSOLE, AnyRecord, Gap

#: Bytes of unpacked blocks, and records, that are kept for whoever asks again.
MAX_CACHED = 16 * 1024 * 1024
MAX_DECODED = 4_096
#: Visible records of a segment.
SEGMENT = 4_096
#: Of a block's records, a share past which all of its lines are taken apart at once.
DENSE = 3


class Index:
    """The records of a file by number, read step by step; what was read can be asked for again at any time.

    It keeps 45 bytes a record, and its own line of text compressed. Numbers count all records; positions count those
    that the timeline shows.
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
        self.names = Names()
        #: Columns of the records that the timeline shows.
        self.kinds = bytearray()
        self.sockets = array("I")
        self.events = array("I")
        self.places = array("I")
        self.sizes = array("Q")
        self.measures = array("d")
        self._texts = BlockTexts()
        self._blocks: list[Block] = []
        #: Number of the first record of each block, its first position, and where each record stands in its block.
        self._starts: list[int] = []
        self._positions: list[int] = []
        self._offsets = array("I")
        self._cache: OrderedDict[int, bytes] = OrderedDict()
        self._cached = 0
        self._decoded: dict[int, AnyRecord] = {}
        #: An export reads on a thread of its own, and a search ahead on another.
        self._lock = threading.Lock()
        self._ahead: ThreadPoolExecutor | None = None
        try:
            self.header, self._reading = self._begin()
        except (RecordingError, OSError):
            self.close()
            raise

    def __len__(self) -> int:
        return len(self._offsets)

    def close(self) -> None:
        if self._ahead:
            self._ahead.shutdown(cancel_futures=True)
        self._texts.close()
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
        number = len(self)
        self._blocks.append(block)
        self._starts.append(number)
        self._positions.append(len(self.seen))
        *lines, last = (data[at:] if at else data).split(b"\n")
        records = parse_lines(lines)
        starts: Iterable[int]
        if records is None:
            records, starts = self._some(lines, at)
        else:
            starts = itertools.islice(itertools.accumulate((len(line) + 1 for line in lines), initial=at), len(lines))
        self._offsets.extend(starts)
        self.times.extend([record.time for record in records])
        shown = [(number, record) for number, record in enumerate(records, number) if type(record) not in UNSEEN]
        self.seen.extend([number for number, _ in shown])
        self._tell([record for _, record in shown])
        return records, last

    def _tell(self, shown: Sequence[AnyRecord]) -> None:
        """Columns of some more records."""
        names = self.names
        self.kinds += bytes([KINDS[type(record)] for record in shown])
        self.sockets += names.socket_ids.numbers([getattr(record, "socket", "") for record in shown])
        self.events += names.event_names.numbers(map(event_name, shown))
        self.places += names.place_names.numbers(map(place, shown))
        self.sizes += sizes(shown)
        self.measures += measures(shown)
        self._texts.add(own_lines(shown))

    def _some(self, lines: Iterable[bytes], at: int) -> tuple[list[AnyRecord], list[int]]:
        """The records of lines some of which hold none, and where each starts; the others are counted."""
        records: list[AnyRecord] = []
        starts: list[int] = []
        for line in lines:
            if line and (record := parse_line(line)) is not None:
                records.append(record)
                starts.append(at)
            elif line:
                self.damaged += 1
            at += len(line) + 1
        return records, starts

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

    def lines(self, block: int, data: bytes, first: int, last: int) -> list[bytes]:
        """The lines of the visible records of a block at these positions, out of what is in it, in any case."""
        start, end = self._starts[block], self._end(block)
        if first >= last:
            return []
        offsets, seen = self._offsets, self.seen
        *lines, _ = data[offsets[start] :].split(b"\n")
        if len(lines) != end - start:  # some are damaged
            return [data[at : data.find(b"\n", at)] for at in map(offsets.__getitem__, seen[first:last])]
        if last - first == end - start:
            return lines
        return [lines[number - start] for number in seen[first:last]]

    def texts(self, block: int) -> bytes:
        """The own lines, joined, of the visible records of a block."""
        texts = self._texts.of(block)
        if texts is None:
            records = self.decode_some(block, range(self.first(block), self.last(block)))
            texts = join(own_lines(records))
        return texts

    def decode_some(self, block: int, positions: Sequence[int]) -> list[AnyRecord]:
        """The visible records of a block at some positions."""
        data, seen = self.data(block), self.seen
        first, last = self.first(block), self.last(block)
        if len(positions) * DENSE > last - first:
            lines = self.lines(block, data, first, last)
            picked = [lines[position - first] for position in positions]
        else:
            starts = [self._offsets[seen[position]] for position in positions]
            picked = [data[start : data.find(b"\n", start)] for start in starts]
        records = parse_lines(picked)
        if records is None:
            return [self.decode(data, seen[position]) for position in positions]
        return records

    def data(self, block: int) -> bytes:
        """What is in a block; from any thread."""
        with self._lock:
            data = self._cache.get(block)
            if data is not None:
                self._cache.move_to_end(block)
                return data
        data = self._file.read(self._blocks[block])
        with self._lock:
            if block not in self._cache:
                self._cache[block] = data
                self._cached += len(data)
                while self._cached > MAX_CACHED and len(self._cache) > 1:
                    self._cached -= len(self._cache.popitem(last=False)[1])
        return data

    def prepare(self, blocks: Sequence[int]) -> None:
        """Read and unpack blocks on another thread, for whoever asks for them next."""
        if self._ahead is None:
            self._ahead = ThreadPoolExecutor(1, "recording")
        self._ahead.submit(lambda: [self.data(block) for block in blocks])

    def decode(self, data: bytes, number: int) -> AnyRecord:
        start = self._offsets[number]
        record = parse_line(data[start : data.find(b"\n", start)])
        return record or Gap(
            server=CONSOLE, epoch=0, seq=0, time=self.times[number], lost=1, why="the file changed while it was open"
        )
