"""One recipient's answer, whole."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content

from console.acting.payload import dump
from console.dialogs.operator import Operator
from console.screens.dialog import Dialog
from console.screens.record import RecordLines
from console.text import safe, seconds
from server_core.packets import decode
from server_core.records import Ack


class AnswerDialog(Dialog[None]):
    """What a recipient answered; escape goes back."""

    BINDINGS = [("enter", "close", "Close"), ("q", "close", "Close"), ("y", "copy", "Copy")]

    def __init__(self, operator: Operator, ack: Ack) -> None:
        super().__init__()
        self._operator = operator
        self._ack = ack

    def compose(self) -> ComposeResult:
        ack = self._ack
        answer = "timed out" if ack.data is None else dump(decode(self._operator.reader.mask(ack.data)), indent=2)
        pairs = [("socket", ack.socket), ("elapsed", seconds(ack.elapsed)), ("answer", answer)]
        lines = RecordLines(pairs)
        lines.border_title = Content(safe(f"ack of {self._operator.state.label(ack.socket)}"))
        lines.border_subtitle = "copy y   close esc"
        yield lines

    def action_copy(self) -> None:
        if self._ack.data is not None:
            self.app.copy_to_clipboard(dump(decode(self._operator.reader.mask(self._ack.data))))
            self.app.notify("copied the answer as JSON", markup=False)
