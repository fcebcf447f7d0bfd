"""The history of a recording: every record of the file is there, and none is kept."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from console.link.recording_index import Index
from console.link.recording_segment import Segment
from console.state.columns import KIND_NAMES
from console.state.filter import MAYBE, YES, Filter, Narrowing
from console.state.history import Matches
from server_core.records import AnyRecord

#: Records that are decoded between two pieces of a search.
PIECE = 4_000
_ASKED = bytes(answer == MAYBE for answer in range(256))
_TAKEN = bytes(answer == YES for answer in range(256))
_SENT, _COMMAND, _CONNECTING, _DISCONNECTED = map(
    KIND_NAMES.index, ("event_sent", "command", "connecting", "disconnected")
)


class RecordingHistory:
    """Records of a file by number; the file's index knows where they are."""

    #: All are kept.
    max_records = 0
    first = 0

    def __init__(self, index: Index) -> None:
        self._index = index
        #: What has been folded, which may be less than what has been read.
        self.end = 0

    def __len__(self) -> int:
        return self.end

    def __getitem__(self, number: int) -> AnyRecord:
        return self._index.record(self._index.seen[number])

    def since(self, number: int) -> Iterable[AnyRecord]:
        return (self[each] for each in range(max(0, number), self.end))

    def append(self, record: AnyRecord) -> None:
        self.end += 1  # the index has it

    def search(self, filter: Filter, start: int, end: int, *, newest_first: bool = False) -> Iterator[Matches]:
        """The records from start to end that a filter takes, in pieces of a few milliseconds each."""
        mask = filter.narrow(self) if isinstance(filter, Narrowing) else None
        segments = list(self._index.segments(start, end))
        if newest_first:
            segments.reverse()
        for segment, following in itertools.zip_longest(segments, segments[1:]):
            if following:
                self._index.prepare(following.blocks)
            known = mask(segment) if mask else bytes([MAYBE]) * len(segment)
            step = PIECE if known.count(MAYBE) > PIECE else len(segment)
            pieces = range(segment.start, segment.end, step)
            for at in reversed(pieces) if newest_first else pieces:
                stop = min(at + step, segment.end)
                yield Matches(at, stop, _found(segment, known, at, stop, filter))
            segment.forget()

    def backward(self, socket: str, end: int) -> Iterator[tuple[int, AnyRecord]]:
        """The records before `end` that can concern a socket, by their numbers, the newest first."""
        end = min(end, self.end)
        wanted = self._index.socket_ids.find(socket)
        first, last = self._life(wanted, end)
        for segment in reversed(list(self._index.segments(0, end))):
            kinds, there = segment.kinds, first < segment.end and segment.start <= last
            if not there and _COMMAND not in kinds:
                continue
            mask = bytes(
                number == wanted or kind == _COMMAND or (kind == _SENT and not number and first <= position <= last)
                for position, number, kind in zip(
                    range(segment.start, segment.end), segment.sockets, kinds, strict=True
                )
            )
            yield from reversed(list(segment.records(mask)))

    def _life(self, socket: int, end: int) -> tuple[int, int]:
        """Numbers of the first and the last record between which a socket can have been there."""
        index = self._index
        own = bytes(map(socket.__eq__, index.sockets[:end]))
        first, last = own.find(1), own.rfind(1)
        came = first >= 0 and index.kinds[first] == _CONNECTING
        left = last >= 0 and index.kinds[last] == _DISCONNECTED
        return first if came else 0, last if left else end

    # names

    def kinds(self) -> Sequence[str]:
        return KIND_NAMES

    def sockets(self) -> Sequence[str]:
        return self._index.socket_ids.texts

    def events(self) -> Sequence[str]:
        return self._index.event_names.texts


def _found(segment: Segment, known: bytes, start: int, end: int, filter: Filter) -> list[int]:
    """The records from start to end that a filter takes, where so much of a segment is known."""
    piece = known[start - segment.start : end - segment.start]
    if MAYBE not in piece:
        return list(itertools.compress(range(start, end), piece))
    taken = bytearray(piece.translate(_TAKEN))
    asked = bytes(start - segment.start) + piece.translate(_ASKED)
    for number, record in segment.records(asked.ljust(len(segment), b"\0")):
        taken[number - start] = filter.takes_record(record)
    return list(itertools.compress(range(start, end), taken))
