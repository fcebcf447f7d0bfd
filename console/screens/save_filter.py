"""Save the filter under a name."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, Static

from console.memory.filters import FilterError, SavedFilters
from console.screens.dialog import Dialog
from console.widgets.fields import KeyLine
from console.widgets.text_field import TextField


class SaveFilterDialog(Dialog[str]):
    """Ends with the name under which the filter was saved, or None."""

    AUTO_FOCUS = "#name"

    def __init__(self, saved: SavedFilters, filter: str) -> None:
        super().__init__()
        self._saved = saved
        self._filter = filter

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Save the filter"
            with Horizontal(classes="field"):
                yield Label("filter")
                yield Static(id="to")
            with Horizontal(classes="field"):
                yield Label("name")
                yield TextField(placeholder="slow", id="name", compact=True, max_length=41)
            yield Static(id="note", classes="note")
            yield KeyLine(("save", "⏎", "save"), ("close", "esc", "close"))

    def on_mount(self) -> None:
        self.say("#to", self._filter)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        name = event.value.removeprefix("@")
        self.say("#note", f"in place of {self._saved[name]}" if name in self._saved else "")

    @on(Input.Submitted)
    def action_save(self) -> None:
        name = self.query_one("#name", Input).value
        try:
            self._saved.save(name, self._filter)
        except FilterError as error:
            self.say("#note", f"✗ {error}", "$text-error")
            return
        self.dismiss(name.removeprefix("@"))
