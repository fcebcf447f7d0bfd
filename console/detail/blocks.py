"""Blocks: rows that are laid out for a width, and drawn one by one as they are looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Literal, NamedTuple

from rich.cells import cell_len

from console.state.refs import Ref
from console.text import cut, fit, safe, safe_lines, wrap

#: A piece of a line: safe text and the name of its style.
Piece = tuple[str, str]
Fold = Literal["toggle", "open", "close"]
#: Looks for a row step by step: each says how far it is, from 0 to 1, and in the end there is the row, or None.
Seeking = Generator[float, None, int | None]

#: Cells of the names' column.
_NAME = 13
_WIDEST_NAME = 24
#: Characters that are searched at a time: backwards, where the last match counts, first only a few.
_SPAN, _FEW = 64_000, 2_000


class Block:
    """Some rows of a detail."""

    def lay_out(self, width: int) -> int:
        """Take a width in cells; how many rows there are."""
        raise NotImplementedError

    def pieces(self, row: int, width: int) -> list[Piece]:
        """A row as it is drawn."""
        raise NotImplementedError

    def ref(self, row: int) -> Ref | None:
        """What a row names."""
        return None

    def attribute(self, row: int) -> str:
        """The name of the attribute that a row is about, "" where it is about none."""
        return ""

    def fold(self, row: int, how: Fold) -> int | None:
        """Open or close what stands in a row; the row to go to, None where there is nothing to fold."""
        return None

    def reach(self, row: int) -> int | None:
        """The cursor is on a row: read more where it was left for later; where the cursor belongs then, None where the
        rows are still the same."""
        return None

    def seek(self, pattern: re.Pattern[str], row: int, *, forward: bool) -> Seeking:
        """Look for the next row after (or before) a row in which a text is found, in steps of a few milliseconds."""
        yield from ()
        return None


class Fact(NamedTuple):
    """A name and a text, which may have several lines; not yet safe for the screen. Perhaps it names something, or is
    about an attribute."""

    name: str
    text: str
    ref: Ref | None = None
    attribute: str = ""


class Facts(Block):
    """Names with their texts beside them, or below where they have several lines."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self._facts = facts
        self._width = -1
        self._rows: list[tuple[list[Piece], Fact]] = []

    def set(self, facts: Sequence[Fact]) -> None:
        """Show others."""
        if facts != self._facts:
            self._facts, self._width = facts, -1

    def lay_out(self, width: int) -> int:
        if width != self._width:
            self._width = width
            self._rows = list(_rows(self._facts, width))
        return len(self._rows)

    def pieces(self, row: int, width: int) -> list[Piece]:
        return self._rows[row][0]

    def ref(self, row: int) -> Ref | None:
        return self._rows[row][1].ref

    def attribute(self, row: int) -> str:
        return self._rows[row][1].attribute

    def seek(self, pattern: re.Pattern[str], row: int, *, forward: bool) -> Seeking:
        return seek_row(
            pattern, row, len(self._rows), lambda at: "".join(text for text, _ in self._rows[at][0]), forward=forward
        )


def _rows(facts: Sequence[Fact], width: int) -> list[tuple[list[Piece], Fact]]:
    rows: list[tuple[list[Piece], Fact]] = []
    beside = [cell_len(safe(fact.name)) for fact in facts if "\n" not in fact.text]
    size = min(max([_NAME, *beside]), _WIDEST_NAME, max(_NAME, width // 3))
    for fact in facts:
        lines = safe_lines(fact.text)
        label, style = safe(fact.name), "link" if fact.ref else "plain"
        if not label:
            rows += [([(piece, "link" if fact.ref else "name")], fact) for line in lines for piece in wrap(line, width)]
        elif len(lines) > 1:
            rows.append(([(cut(label, width), "quiet")], fact))
            rows += [([("  " + piece, style)], fact) for line in lines for piece in wrap(line, width - 2)]
        else:
            first, *others = wrap(lines[0], max(8, width - size - 1))
            rows.append(([(fit(label, size) + " ", "quiet"), (first, style)], fact))
            rows += [([(" " * (size + 1), "quiet"), (piece, style)], fact) for piece in others]
    return rows


def link(text: str, width: int) -> list[Piece]:
    """Safe text that leads somewhere, in a column of this width and a space: only the text is underlined."""
    shown = cut(text, width)
    return [(shown, "link"), (" " * (width + 1 - cell_len(shown)), "quiet")]


def lay_out(pairs: Sequence[tuple[str, str]], width: int) -> list[list[Piece]]:
    """(name, text) pairs as rows."""
    return [pieces for pieces, _ in _rows([Fact(*pair) for pair in pairs], width)]


class Rows(Block):
    """Rows of a sequence, however long: each is made as it is drawn."""

    def __init__(
        self,
        count: Callable[[], int],
        draw: Callable[[int, int], list[Piece]],
        ref: Callable[[int], Ref | None] = lambda _: None,
    ) -> None:
        self._count = count
        self._draw = draw
        self._ref = ref

    def lay_out(self, width: int) -> int:
        return self._count()

    def pieces(self, row: int, width: int) -> list[Piece]:
        return self._draw(row, width)

    def ref(self, row: int) -> Ref | None:
        return self._ref(row)

    def seek(self, pattern: re.Pattern[str], row: int, *, forward: bool) -> Seeking:
        def text(at: int) -> str:
            return "".join(text for text, _ in self._draw(at, 1_000))

        return seek_row(pattern, row, self._count(), text, forward=forward)


class Hex(Block):
    """Binary data: its size, and once it is opened each byte as a number and as a character."""

    def __init__(self, title: str, data: bytes, *, open: bool = False) -> None:
        self._title = title
        self._data = data
        self.open = open
        self._per = 8

    def lay_out(self, width: int) -> int:
        self._per = 16 if width >= 78 else 8 if width >= 43 else 4
        return 1 + (-(-len(self._data) // self._per) if self.open else 0)

    def pieces(self, row: int, width: int) -> list[Piece]:
        if row == 0:
            return [("▾ " if self.open else "▸ ", "quiet"), (cut(safe(self._title), width - 2), "name")]
        per = self._per
        at = (row - 1) * per
        part = self._data[at : at + per]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in part)
        return [(f"  {at:08x}  ", "quiet"), (f"{part.hex(' '):{per * 3 - 1}}  ", "plain"), (shown, "quiet")]

    def fold(self, row: int, how: Fold) -> int | None:
        wanted = not self.open if how == "toggle" else how == "open"
        if not self._data or wanted == self.open or (row and how != "close"):
            return None
        self.open = wanted
        return 0

    def seek(self, pattern: re.Pattern[str], row: int, *, forward: bool) -> Seeking:
        """By the characters that stand beside the numbers, as Latin-1."""
        text = self._data.decode("latin-1")
        at = max(0, row) * self._per
        start, end = (0 if row < 0 else at, len(text)) if forward else (0, max(0, at - self._per))
        for low, high in spans(pattern, start, end, forward=forward):
            found: int | None = None
            for match in pattern.finditer(text, low, high):
                found = match.start()
                if forward:
                    break
            if found is not None:
                self.open = True
                return 1 + found // self._per
            yield low / len(text)
        return None


def spans(pattern: re.Pattern[str], start: int, end: int, *, forward: bool) -> Iterator[tuple[int, int]]:
    """From where to where a text is searched, one after the other, so that none takes long: what begins in one of them
    is whole in it."""
    beyond = len(pattern.pattern)
    size = _SPAN if forward else _FEW
    low = start if forward else end
    while low < end if forward else low > start:
        if not forward:
            size = min(_SPAN, 2 * size)
            low = max(start, low - size)
        yield low, min(end, low + size + beyond)
        if forward:
            low += size


def seek_row(pattern: re.Pattern[str], row: int, count: int, text: Callable[[int], str], *, forward: bool) -> Seeking:
    """The next row whose text matches."""
    for at in range(row + 1, count) if forward else range(min(row, count) - 1, -1, -1):
        if pattern.search(text(at)):
            return at
        yield at / count
    return None
