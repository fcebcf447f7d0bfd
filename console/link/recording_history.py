"""The history of a recording: every record of the file is there, and none is kept."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from console.link.recording_index import Index
from console.link.recording_segment import Segment
from console.state.columns import KIND_NAMES, both, either
from console.state.filter import MAYBE, YES, Filter, Narrowing
from console.state.history import Matches, Piece
from server_core.records import AnyRecord

#: Records that are decoded between two pieces of a search.
PIECE = 4_000
_ASKED = bytes(answer == MAYBE for answer in range(256))
_TAKEN = bytes(answer == YES for answer in range(256))
_SENT, _COMMAND, _CONNECTING, _DISCONNECTED = map(
    KIND_NAMES.index, ("event_sent", "command", "connecting", "disconnected")
)
_IS_SENT = bytes(kind == _SENT for kind in range(256))
_IS_COMMAND = bytes(kind == _COMMAND for kind in range(256))


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
        mask = filter.narrow(self._index.names) if isinstance(filter, Narrowing) else None
        segments = list(self._index.segments(start, end))
        if newest_first:
            segments.reverse()
        for segment, following in itertools.zip_longest(segments, segments[1:]):
            segment.following = following.blocks if following else None
            known = mask(segment) if mask else bytes([MAYBE]) * len(segment)
            step = PIECE if known.count(MAYBE) > PIECE else len(segment)
            pieces = range(segment.start, segment.end, step)
            for at in reversed(pieces) if newest_first else pieces:
                stop = min(at + step, segment.end)
                yield Matches(at, stop, _found(segment, known, at, stop, filter))
            segment.forget()

    def backward(self, socket: str, end: int) -> Iterator[Piece]:
        """The records before `end` that can concern a socket, a segment at a time, the newest first."""
        end = min(end, self.end)
        wanted = self._index.names.socket_ids.find(socket)
        first, last = self._life(wanted, end)
        for segment in reversed(list(self._index.segments(0, end))):
            kinds = segment.kinds
            asked = kinds.translate(_IS_COMMAND)
            if first < segment.end and segment.start <= last:
                there = max(first, segment.start) - segment.start, min(last + 1, segment.end) - segment.start
                numbers = segment.sockets
                to_all = bytes(map((0).__eq__, numbers[slice(*there)]))
                sent = both(kinds[slice(*there)].translate(_IS_SENT), to_all)
                asked = either(asked, bytes(there[0]) + sent + bytes(len(kinds) - there[1]))
                asked = either(asked, bytes(map(wanted.__eq__, numbers)))
            yield Piece(segment.start, segment.end, list(segment.records(asked))[::-1])

    def _life(self, socket: int, end: int) -> tuple[int, int]:
        """Numbers of the first and the last record between which a socket can have been there."""
        index = self._index
        own = bytes(map(socket.__eq__, index.sockets[:end]))
        first, last = own.find(1), own.rfind(1)
        came = first >= 0 and index.kinds[first] == _CONNECTING
        left = last >= 0 and index.kinds[last] == _DISCONNECTED
        return first if came else 0, last if left else end


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
