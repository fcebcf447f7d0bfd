"""Asking before something is done to sockets: how many, and whom; for many, the number has to be typed."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Label, Static

from console.acting.recipients import whom
from console.dialogs.operator import Operator
from console.screens.dialog import Dialog
from console.text import count, cut, safe
from console.widgets.fields import NumberField

#: More sockets than this: their number has to be typed.
MANY = 10
#: Names that are said.
_NAMED = 6
#: Cells of an id, a namespace, an address.
_CUT = 40


class Whom(Vertical):
    """Says how many sockets something is about, and whom; for many, has the number typed."""

    def __init__(self, operator: Operator, sockets: Sequence[str]) -> None:
        super().__init__(id="whom-part")
        self._operator = operator
        self._sockets = sockets

    def compose(self) -> ComposeResult:
        yield Static(Content(safe(self._summary())), id="whom")
        if self.many:
            with Horizontal(classes="field"):
                yield Label("sure")
                yield NumberField(id="sure", placeholder=f"type {len(self._sockets)} to confirm")

    @property
    def many(self) -> bool:
        return len(self._sockets) > MANY

    @property
    def confirmed(self) -> bool:
        """Whether the number was typed, where it has to be."""
        return not self.many or self.query_one("#sure", Input).value.strip() == str(len(self._sockets))

    def insist(self) -> str:
        """Go to where the number is typed; what to say."""
        self.query_one("#sure", Input).focus()
        return f"✗ type {len(self._sockets)} to confirm: it is about {count(len(self._sockets), 'socket')}"

    def _summary(self) -> str:
        state = self._operator.state
        if len(self._sockets) == 1:
            id = self._sockets[0]
            socket = state.known(id)
            about = (state.label(id), id, socket.nsp if socket else "", socket.handshake.address if socket else "")
            return " · ".join(cut(safe(each), _CUT) for each in about if each)
        return f"{count(len(self._sockets), 'socket')}: {whom(self._sockets, state, _NAMED)}"


class ConfirmDialog(Dialog[bool]):
    """Whether to do it: true or nothing."""

    BINDINGS = [
        ("left", "app.focus_previous", "Previous"),
        ("right", "app.focus_next", "Next"),
        # beside a field that takes digits alone
        Binding("y", "yes", "Yes", priority=True),
        Binding("n", "close", "No", priority=True),
    ]

    def __init__(self, operator: Operator, title: str, yes: str, sockets: Sequence[str], call: str = "") -> None:
        """`title` asks, `yes` is what is done then, `call` how the app would write it."""
        super().__init__()
        self._title = title
        self._yes = yes
        self._call = call
        self._whom = Whom(operator, sockets)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = Content(safe(self._title))
            yield self._whom
            yield Static(Content("\n".join(map(safe, self._call.split("\n")))), id="call")
            yield Static(id="result")
            with Horizontal(id="buttons"):
                yield Button(Content(safe(f"{self._yes} (y)")), id="yes", variant="warning")
                yield Button(Content("Cancel (esc)"), id="cancel")

    def on_mount(self) -> None:
        self.say("#result", "")
        self.query_one("#call").display = bool(self._call)
        self.query_one("#sure" if self._whom.many else "#yes").focus()

    def action_yes(self) -> None:
        self.after_typing(self._agreed)

    @on(Input.Submitted)
    @on(Button.Pressed, "#yes")
    def _agreed(self) -> None:
        if self._whom.confirmed:
            self.dismiss(True)
        else:
            self.say("#result", self._whom.insist(), "$text-error")

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)
