"""Some records of a recording in a row, in columns: what a filter looks at before anything is decoded."""

from __future__ import annotations

import itertools
import operator
import re
from array import array
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from console.state.columns import BETWEEN, KINDS, both, either
from console.state.filter import MAYBE, NO, YES
from console.state.folding import folds
from server_core.records import (
    AnyRecord,
    AttributeDeleted,
    AttributeSet,
    Connected,
    Connecting,
    Disconnected,
    Disconnecting,
    EngineClosed,
    EngineOpened,
    EngineUpgraded,
    PayloadRecord,
    RoomJoined,
    RoomLeft,
)

if TYPE_CHECKING:
    from console.link.recording_index import Index

#: Hits of a block that are followed one by one: with more, all of its lines are looked at.
FEW = 16
#: Kinds whose text is in their line, but for these words; those of other kinds are made when they are shown.
_WORDS: dict[type, str] = {
    **dict.fromkeys((kind for kind in KINDS if issubclass(kind, PayloadRecord)), ""),
    Connecting: "connecting recovering",
    Connected: "connected",
    Disconnecting: "disconnecting",
    Disconnected: "disconnected",
    RoomJoined: "joined",
    RoomLeft: "left",
    AttributeSet: "set ",
    AttributeDeleted: "deleted ",
    EngineOpened: "connection",
    EngineUpgraded: "upgraded",
    EngineClosed: "connection closed",
}
_WRITTEN = {KINDS[kind]: words.encode() for kind, words in _WORDS.items()}
#: What finding a text in a line says most: in a payload it stands as it is.
_MOST = bytes(YES if issubclass(kind, PayloadRecord) else MAYBE for kind in KINDS).ljust(256, b"\0")
#: Texts that a line may leave out, being the default of their field.
_DEFAULTS = frozenset({b"/", b"[", b"]", b"[]"})
#: Text that is the same in a payload and in the line that has it.
_SPOKEN = re.compile(r"[\x20!\x23-\x5b\x5d-\x7e]+")

_PAYLOAD, _ENDED = b'"data":"', b']"'
_SOCKET, _ROOMS, _LAST = b'"socket":"', b'"rooms":["', b'"]'


class Segment:
    """Some visible records in a row."""

    def __init__(self, index: Index, start: int, end: int, blocks: range) -> None:
        self._index = index
        self.blocks = blocks
        #: Positions of the first record, and after the last.
        self.start = start
        self.end = end
        #: Blocks that are looked at next, where it is these that are read.
        self.following: range | None = None
        #: What is in the blocks that were looked at, in lower case, and their visible records' lines of that.
        self._low: dict[int, bytes] = {}
        self._lines: dict[int, list[bytes]] = {}

    def __len__(self) -> int:
        return self.end - self.start

    @property
    def kinds(self) -> bytes:
        """Each record's kind, by its number in `KIND_NAMES`."""
        return bytes(self._index.kinds[self.start : self.end])

    @property
    def sockets(self) -> array[int]:
        """Each record's socket, by its number in `socket_ids`."""
        return self._index.sockets[self.start : self.end]

    @property
    def events(self) -> array[int]:
        """Each record's event, by its number in `event_names`."""
        return self._index.events[self.start : self.end]

    def having(self, text: str, *, perhaps: bool = False) -> bytes:
        """Whether a text stands in each record: in its line, or in the words that are made for it."""
        pieces = _pieces(text)
        if not pieces or "\n" in text or BETWEEN in text:
            return bytes([MAYBE]) * len(self)
        words = bytes(
            NO if number in _WRITTEN and not _may_be_made(_WRITTEN[number], pieces) else MAYBE for number in range(256)
        )
        found = b"".join(self._having(block, pieces, b"" if perhaps else _whole(text)) for block in self.blocks)
        return either(both(found, self.kinds.translate(_MOST)), self.kinds.translate(words))

    def _having(self, block: int, needles: Sequence[bytes], within: bytes) -> bytes:
        low = self._lowered(block)
        doubtful = self._index.folds[block]
        if all(needle in low for needle in needles):
            flags = self._all(block, low, needles, within)
        else:
            first, last = self._range(block)
            flags = bytearray(last - first)
        if doubtful:
            return bytes(map(operator.or_, flags, map(folds, self._lines_of(block))))
        return bytes(flags)

    def _all(self, block: int, low: bytes, needles: Sequence[bytes], within: bytes) -> bytearray:
        """What is said of a block's visible records for the needles and what they stand within."""
        first, last = self._range(block)
        needle, *others = needles
        hits = _few(low, needle)
        if hits is None:
            lines = self._lines_of(block)
            flags = bytearray(map(operator.contains, lines, itertools.repeat(needle)))
            places = list(itertools.compress(range(len(lines)), flags))
            found = list(itertools.compress(lines, flags))
        else:
            located = dict(self._index.located(block, hits, first, last))
            places = [position - first for position in located]
            found = [low[start : low.find(b"\n", start)] for start in located.values()]
            flags = bytearray(last - first)
            for at in places:
                flags[at] = MAYBE
        if others:
            for at, line in zip(places, found, strict=True):
                flags[at] = all(other in line for other in others)
        if within:
            self._be_sure(flags, places, found, within)
        return flags

    def _be_sure(self, flags: bytearray, places: Sequence[int], lines: Sequence[bytes], within: bytes) -> None:
        """Say YES of those of some lines that it is sure of."""
        sure = _within(lines, within)
        for at in itertools.compress(places, sure):
            flags[at] = YES
        if not all(sure):
            for at, line, is_sure in zip(places, lines, sure, strict=True):
                if not is_sure and within in line and _is_sent_to(line, within):
                    flags[at] = YES

    def records(self, wanted: bytes) -> Iterator[tuple[int, AnyRecord]]:
        """The records that are not 0 in `wanted`, with their positions."""
        index = self._index
        for block in self.blocks:
            first, last = self._range(block)
            flags = wanted[first - self.start : last - self.start]
            positions = list(itertools.compress(range(first, last), flags))
            if positions:
                self._read_ahead()
                yield from zip(positions, index.decode_some(block, positions), strict=True)

    def forget(self) -> None:
        """Let go of what was kept to be looked at again."""
        self._low.clear()
        self._lines.clear()

    def _read_ahead(self) -> None:
        if self.following:
            self._index.prepare(self.following)
            self.following = None

    def _range(self, block: int) -> tuple[int, int]:
        """Positions of the first visible record of a block that belongs to this, and after the last."""
        return max(self.start, self._index.first(block)), min(self.end, self._index.last(block))

    def _lowered(self, block: int) -> bytes:
        low = self._low.get(block)
        if low is None:
            self._read_ahead()
            low = self._low[block] = self._index.data(block).lower()
        return low

    def _lines_of(self, block: int) -> list[bytes]:
        """The lines of the visible records, in lower case."""
        lines = self._lines.get(block)
        if lines is None:
            lines = self._lines[block] = self._index.lines(block, self._lowered(block), *self._range(block))
        return lines


def _pieces(text: str) -> list[bytes]:
    """What of a text stands in a record's line as it is, in lower case, but for what any line may have.

    What is not ASCII has no one lower case.
    """
    written = msgspec.json.encode(text.encode("utf-8", "replace").decode()).decode()[1:-1]
    pieces = [piece.lower().encode() for piece in re.split(r"[^\x20-\x7f]+", written) if piece]
    return sorted({*pieces} - _DEFAULTS, key=len, reverse=True)


def _whole(text: str) -> bytes:
    """What is sure to be in a record's text where it is in its payload; empty where that is hard to say."""
    return text.lower().encode() if _SPOKEN.fullmatch(text) else b""


def _may_be_made(words: bytes, pieces: Sequence[bytes]) -> bool:
    """Whether a text may stand in the words for a record, together with what follows them."""
    return all(piece in words or (words.endswith(b" ") and b" " in piece) for piece in pieces)


def _few(low: bytes, needle: bytes) -> list[int] | None:
    """Where a needle stands, None where that is at many places."""
    hits: list[int] = []
    at = low.find(needle)
    while at >= 0:
        hits.append(at)
        if len(hits) > FEW:
            return None
        at = low.find(needle, at + len(needle))
    return hits


def _within(lines: Sequence[bytes], needle: bytes) -> list[bool]:
    """Of each line, whether the needle stands in the text of its payload; False where that is hard to say."""
    payloads = [line.partition(_PAYLOAD)[2].partition(_ENDED)[0] for line in lines]
    if _is_plain(b"\n".join(payloads)):
        return list(map(operator.contains, payloads, itertools.repeat(needle)))
    return [needle in payload and _is_plain(payload) for payload in payloads]


def _is_sent_to(line: bytes, needle: bytes) -> bool:
    """Whether a needle stands in the name of a room that an emit to several sockets was for."""
    head, _, rest = line.partition(_ROOMS)
    rooms = rest.partition(_LAST)[0]
    return needle in rooms and b"\\" not in rooms and _SOCKET not in head


def _is_plain(payload: bytes) -> bool:
    """Whether JSON's escapes in it stand for quotes and backslashes alone, and it is not more than one text."""
    rest = payload.replace(b'\\"', b"")
    if b"\\" in rest:
        rest = payload.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"\\" not in rest and b'"' not in rest
