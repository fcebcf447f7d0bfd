"""Names and texts in a dialog of their own."""

from __future__ import annotations

from console.detail.blocks import lay_out
from console.widgets.read_lines import ReadLines


class RecordLines(ReadLines):
    """Pairs, wrapped to the width that there is."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__(id="dialog")
        self._pairs = pairs

    def on_resize(self) -> None:
        self._rows = lay_out(self._pairs, max(10, self.size.width - 2))
        super().on_resize()
