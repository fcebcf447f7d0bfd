"""Names and texts in a dialog of their own."""

from __future__ import annotations

from console.detail.blocks import lay_out
from console.widgets.line_list import LineList, Piece


class RecordLines(LineList):
    """Pairs, wrapped to the width that there is."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__(id="dialog")
        self._pairs = pairs
        self._rows: list[list[Piece]] = []

    @property
    def has_cursor(self) -> bool:
        return False

    def row_count(self) -> int:
        return len(self._rows)

    def pieces(self, row: int, width: int) -> list[Piece]:
        return self._rows[row]

    def on_resize(self) -> None:
        self._rows = lay_out(self._pairs, max(10, self.size.width - 2))
        super().on_resize()

    def move(self, row: int) -> None:
        self.top = max(0, min(self.top + row - self.cursor, self.row_count() - self.page))
        self.cursor = self.top
        self.refresh()
