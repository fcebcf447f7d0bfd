"""Lines to be read: nothing in them is chosen, and the keys that move scroll them."""

from __future__ import annotations

from console.widgets.line_list import LineList, Piece


class ReadLines(LineList):
    """Draws the rows that a subclass lays out."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._rows: list[list[Piece]] = []

    @property
    def has_cursor(self) -> bool:
        return False

    def row_count(self) -> int:
        return len(self._rows)

    def pieces(self, row: int, width: int) -> list[Piece]:
        return self._rows[row]

    def move(self, row: int) -> None:
        self.top = max(0, min(self.top + row - self.cursor, self.row_count() - self.page))
        self.cursor = self.top
        self.redraw()
