"""Some records of a recording in a row, in columns: what a filter looks at before anything is decoded."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from console.state.columns import UNKNOWN, told
from console.state.texts import BETWEEN, Texts, split
from server_core.records import AnyRecord

if TYPE_CHECKING:
    from console.link.recording_index import Index


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
        self._joined: bytes | None = None
        self._lines: list[str] | None = None
        self._texts: Texts | None = None

    def __len__(self) -> int:
        return self.end - self.start

    @property
    def kinds(self) -> bytes:
        return bytes(self._index.kinds[self.start : self.end])

    @property
    def sockets(self) -> array[int]:
        return self._index.sockets[self.start : self.end]

    @property
    def events(self) -> array[int]:
        return self._index.events[self.start : self.end]

    @property
    def places(self) -> array[int]:
        return self._index.places[self.start : self.end]

    @property
    def sizes(self) -> Sequence[int]:
        return self._index.sizes[self.start : self.end]

    @property
    def measures(self) -> Sequence[float]:
        return self._index.measures[self.start : self.end]

    @property
    def times(self) -> Sequence[int]:
        times = self._index.times
        return [times[number] for number in self._index.seen[self.start : self.end]]

    @property
    def lines(self) -> Sequence[str]:
        if self._lines is None:
            self._lines = split(self._own()) if len(self) else []
        return self._lines

    def having(self, text: str) -> bytes:
        if BETWEEN in text or "\n" in text:
            return self.kinds.translate(UNKNOWN)
        if self._texts is None:
            self._texts = Texts.written(self._own(), len(self))
        return told(self._texts.having(text), self.kinds, slash=text == "/")

    def records(self, wanted: bytes) -> Iterator[tuple[int, AnyRecord]]:
        """The records that are not 0 in `wanted`, with their positions."""
        index = self._index
        for block in self.blocks:
            first, last = self._range(block)
            flags = wanted[first - self.start : last - self.start]
            positions = list(itertools.compress(range(first, last), flags))
            if positions:
                if self.following:
                    index.prepare(self.following)
                    self.following = None
                yield from zip(positions, index.decode_some(block, positions), strict=True)

    def forget(self) -> None:
        """Let go of what was kept to be looked at again."""
        self._joined = self._lines = self._texts = None

    def _range(self, block: int) -> tuple[int, int]:
        """Positions of the first visible record of a block that belongs to this, and after the last."""
        return max(self.start, self._index.first(block)), min(self.end, self._index.last(block))

    def _own(self) -> bytes:
        """The own lines of these records, joined."""
        if self._joined is None:
            self._joined = b"\n".join([own for block in self.blocks if (own := self._own_of(block)) is not None])
        return self._joined

    def _own_of(self, block: int) -> bytes | None:
        """The lines of the records of a block that belong to this, None where there are none."""
        index = self._index
        first, last = self._range(block)
        if first >= last:
            return None
        joined = index.texts(block)
        if last - first == index.last(block) - index.first(block):
            return joined
        return b"\n".join(joined.split(b"\n")[first - index.first(block) : last - index.first(block)])
