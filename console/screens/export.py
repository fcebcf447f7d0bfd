"""The dialog that writes what a list has to a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, Static
from textual.worker import get_current_worker

from console import places
from console.export import FORMATS, ExportError, Format, default_path, save
from console.export.sheets import masked
from console.screens.contents import Contents
from console.screens.dialog import Dialog
from console.text import safe
from console.widgets.fields import KeyLine
from console.widgets.text_field import TextField
from server_core.records import Record

_ABOUT: dict[Format, str] = {
    "ndjson": "one JSON object a line",
    "json": "one JSON array",
    "csv": "a table, for spreadsheets",
    "html": "a page to search, for anybody",
}


#: Things that are read at once while the screen waits.
SLICE = 250


class ExportDialog(Dialog[None]):
    """Write things to a file; another file is never replaced without being asked for twice."""

    AUTO_FOCUS = "#path"
    BINDINGS = [
        Binding("ctrl+s", "write", "Write", priority=True),
        Binding("ctrl+f,f2", "format", "Format", priority=True),
    ]
    #: What was chosen last, for the next time.
    last_format: ClassVar[Format] = "ndjson"

    def __init__(self, contents: Contents, *, show_secrets: bool) -> None:
        super().__init__()
        self._contents = contents
        self._show_secrets = show_secrets
        self._format: Format = self.last_format
        #: The path that is there already, and may be replaced the next time.
        self._asked: Path | None = None
        self._writing = False

    def compose(self) -> ComposeResult:
        contents = self._contents
        number = f"{contents.number:,}".replace(",", " ")
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Write to a file"
            with Horizontal(classes="field"):
                yield Label("what")
                what = f"{number} {contents.sheet.name} {contents.which}".strip()
                hidden = "" if self._show_secrets else ", secrets masked"
                yield Static(Content(safe(what + hidden)), id="to")
            with Horizontal(classes="field"):
                yield Label("format")
                yield Static(id="format")
            with Horizontal(classes="field"):
                yield Label("file")
                yield TextField(str(default_path(contents.sheet.name, self._format)), id="path", compact=True)
            yield Static(id="note", classes="note")
            yield KeyLine(("write", "⏎", "write"), ("format", "^f", "format"), ("close", "esc", "close"))

    def on_mount(self) -> None:
        self._show_format()
        field = self.query_one("#path", Input)
        field.cursor_position = len(field.value)

    def _show_format(self) -> None:
        names = "  ".join(f"[{name}]" if name == self._format else f" {name} " for name in FORMATS)
        self.say("#format", f"{names}   {_ABOUT[self._format]}")

    def action_format(self) -> None:
        """The next format; the file's name follows."""
        field = self.query_one("#path", Input)
        before = f".{self._format}"
        self._format = FORMATS[(FORMATS.index(self._format) + 1) % len(FORMATS)]
        type(self).last_format = self._format
        if field.value.endswith(before):
            field.value = field.value.removesuffix(before) + f".{self._format}"
        self._show_format()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._asked = None
        self.say("#note", "")

    @on(Input.Submitted)
    def action_write(self) -> None:
        text = self.query_one("#path", Input).value.strip()
        if self._writing:
            return
        if not text:
            self.say("#note", "✗ a file needs a name", "$text-error")
            return
        path = Path(text).expanduser()
        if path.exists() and not path.is_dir() and self._asked != path:
            self._asked = path
            self.say("#note", "it is there already: once more replaces it", "$text-warning")
            return
        self._writing = True
        self.say("#note", "writing…")
        self._write(path, overwrite=self._asked == path)

    @work(thread=True, exclusive=True)
    def _write(self, path: Path, *, overwrite: bool) -> None:
        """Write off the screen's thread; closing the dialog ends it, and leaves nothing."""
        worker = get_current_worker()

        def progress(number: int) -> None:
            if worker.is_cancelled:
                raise ExportError("stopped")
            self.app.call_from_thread(self.say, "#note", f"writing… {number}")

        try:
            number = save(
                self._things(), path, self._format, self._contents.sheet, overwrite=overwrite, progress=progress
            )
        except ExportError as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self._failed, str(error))
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self._written, number, path)

    def _things(self) -> Iterator[Any]:
        """What is written: read on the screen's thread, a slice at a time, and masked on this one."""
        contents = self._contents
        for start in range(0, contents.number, SLICE):
            things = self.app.call_from_thread(contents.read, start, start + SLICE)
            if things and isinstance(things[0], Record):
                yield from masked(things, show_secrets=self._show_secrets)
            else:
                yield from things

    def _failed(self, why: str) -> None:
        self._writing = False
        self.say("#note", f"✗ {why}", "$text-error")

    def _written(self, number: int, path: Path) -> None:
        said = f"{number:,}".replace(",", " ")
        self.notify(safe(f"{said} {self._contents.sheet.name} written to {places.shown(path)}"), markup=False)
        self.dismiss(None)
