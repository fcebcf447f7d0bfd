"""Numbers over time, drawn in braille: two by four dots a cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from console.detail.blocks import Block, Piece
from console.text import cut

_DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
_BARS = "▁▂▃▄▅▆▇█"


class Plot(Block):
    """A title with the highest and the newest value, and below it the values, the newest at the right."""

    def __init__(
        self, title: str, values: Callable[[], Sequence[float]], write: Callable[[float], str], *, height: int = 3
    ) -> None:
        self._title = title
        self._values = values
        self._write = write
        self._height = height
        self._drawn: list[str] = []
        self._head = ""

    def lay_out(self, width: int) -> int:
        values = list(self._values())
        self._head = f"{self._title}  {self._write(values[-1])}  highest {self._write(max(values))}"
        self._drawn = braille(values, max(1, width - 1), self._height)
        return 1 + self._height

    def pieces(self, row: int, width: int) -> list[Piece]:
        return [(cut(self._head, width), "name")] if row == 0 else [(self._drawn[row - 1], "in")]


def braille(values: Sequence[float], width: int, height: int) -> list[str]:
    """Filled columns of dots, as lines of `width` cells; each column holds the highest of its values."""
    columns = width * 2
    count = len(values)
    highest = max(values, default=0.0)
    per = max(1.0, count / columns)
    shown = min(columns, count)
    tops = [0] * (columns - shown)
    for column in range(shown):
        start = int(column * per)
        top = max(values[start : max(start + 1, int((column + 1) * per))], default=0.0)
        tops.append(max(1, round(top / highest * height * 4)) if top > 0 and highest > 0 else 0)
    lines = []
    for line in range(height):
        base = (height - 1 - line) * 4
        cells = []
        for cell in range(width):
            code = 0
            for side in (0, 1):
                for dot in range(min(4, max(0, tops[cell * 2 + side] - base))):
                    code |= _DOTS[side][dot]
            cells.append(chr(0x2800 + code))
        lines.append("".join(cells))
    return lines


def sparkline(values: Sequence[float]) -> str:
    """Bars of numbers, the highest full."""
    highest = max(values, default=0)
    if not highest:
        return _BARS[0] * len(values)
    return "".join(_BARS[min(7, int(value * 8 / (highest * 1.001)))] for value in values)
