"""The dialog that asks for a moment to go to."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from console.lines import clock
from console.screens.dialog import Dialog
from console.state.moments import HELP, MomentError, find
from console.state.session import Session
from console.widgets.fields import KeyLine
from console.widgets.text_field import TextField


class MomentDialog(Dialog[int]):
    """Gives a moment of the session, or none."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def compose(self) -> ComposeResult:
        session = self._session
        first, last = clock(session.at(session.first + 1).time, full=True), clock(session.live.time, full=True)
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Go to"
            yield TextField(placeholder="12:04:31", id="moment", compact=True)
            yield Static(Content(f"from {first} to {last}"), classes="about")
            yield Static(Content(HELP), classes="about", id="said")
            yield KeyLine(("go", "⏎", "go"), ("close", "esc", "close"))

    @on(Input.Submitted)
    def action_go(self) -> None:
        try:
            self.dismiss(find(self.query_one("#moment", Input).value, self._session))
        except MomentError as error:
            self.say("#said", str(error))
