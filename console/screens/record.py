"""One record, whole: its payload, its traceback, everything."""

from __future__ import annotations

from textual.app import ComposeResult

from console.lines import Reader
from console.screens.dialog import Dialog
from console.text import safe
from console.widgets.detail import lay_out
from console.widgets.line_list import LineList, Piece
from server_core.records import AnyRecord, encode_lines


class RecordLines(LineList):
    """The record's content, wrapped to the width that there is."""

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


class RecordDialog(Dialog[None]):
    """A record's whole content; escape goes back."""

    BINDINGS = [("enter", "close", "Close"), ("y", "copy", "Copy as JSON"), ("q", "close", "Close")]

    def __init__(self, record: AnyRecord, reader: Reader) -> None:
        super().__init__()
        self._record = record
        self._reader = reader

    def compose(self) -> ComposeResult:
        lines = RecordLines(self._reader.detail(self._record))
        lines.border_title = safe(self._record.kind)
        lines.border_subtitle = "copy y   close esc"
        yield lines

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(encode_lines([self._reader.masked(self._record)]).decode().strip())
        self.notify("copied the record as JSON", markup=False)
