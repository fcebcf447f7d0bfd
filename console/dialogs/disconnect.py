"""The dialog that asks before it disconnects sockets, and says whom."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from console.acting.recipients import by_namespace
from console.dialogs.confirm import Whom
from console.dialogs.operator import Operator
from console.screens.dialog import Dialog
from console.text import count, safe
from server_core.records import Command, Disconnect, Drop


class DisconnectDialog(Dialog[list[Command]]):
    """Whether to disconnect sockets from their namespace, close their connections, or cut these off."""

    BINDINGS = [
        # beside a field that takes digits alone
        Binding("y", "choose('namespace')", "Namespace", priority=True),
        Binding("n", "close", "Cancel", priority=True),
        Binding("c", "choose('connection')", "Whole connection", priority=True),
        Binding("t", "choose('drop')", "Cut off", priority=True),
        ("left", "app.focus_previous", "Previous"),
        ("right", "app.focus_next", "Next"),
    ]

    def __init__(self, operator: Operator, sockets: Sequence[str], *, of: str = "", first: str = "namespace") -> None:
        """`of` says where they are from (`of room lobby`), `first` is what enter does."""
        super().__init__()
        self._operator = operator
        self._sockets = sockets
        self._of = of
        self._first = first
        self._whom = Whom(operator, sockets)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            of = f" {self._of}" if self._of else ""
            dialog.border_title = Content(safe(f"Disconnect {count(len(self._sockets), 'socket')}{of}?"))
            yield self._whom
            yield Static(Content(safe(self._others())), classes="about")
            yield Static(id="result")
            with Horizontal(id="buttons"):
                yield Button(Content("Namespace (y)"), id="namespace", variant="warning")
                yield Button(Content("Whole connection (c)"), id="connection", variant="error")
                yield Button(Content("Cut off (t)"), id="drop", variant="error")
                yield Button(Content("Cancel (esc)"), id="cancel")
            yield Static(Content(_MEANING), classes="about")

    def on_mount(self) -> None:
        refused = {id: self._refusal(id) for id in _FEATURES}
        for id, why in refused.items():
            self.query_one(f"#{id}", Button).disabled = bool(why)
        self.say("#result", "\n".join(dict.fromkeys(filter(None, refused.values()))), "$text-muted")
        self.query_one("#sure" if self._whom.many else f"#{self._first}").focus()

    def _others(self) -> str:
        """Which namespaces end with a connection."""
        if len(self._sockets) != 1:
            return ""
        id = self._sockets[0]
        roster = self._operator.state.roster_of(id)
        if roster is None:
            return ""
        engine = roster.sockets[id].engine
        others = sorted(each.nsp for each in roster.sockets.values() if each.engine == engine)
        return f"the connection has {len(others)} namespaces: {', '.join(others)}" if len(others) > 1 else ""

    def _refusal(self, how: str) -> str:
        """Why they can't be disconnected in this way."""
        return self._operator.refusal(_FEATURES[how], self._sockets)

    def action_choose(self, how: str) -> None:
        self.after_typing(lambda: self._choose(how))

    def _choose(self, how: str) -> None:
        if why := self._refusal(how):
            self.say("#result", f"✗ {why}", "$text-error")
            return
        if not self._whom.confirmed:
            self.say("#result", self._whom.insist(), "$text-error")
            return
        commands: list[Command] = []
        for nsp, ids in by_namespace(self._sockets, self._operator.state).items():
            if how == "drop":
                commands.append(Drop(nsp=nsp, sockets=ids))
            else:
                commands.append(Disconnect(nsp=nsp, sockets=ids, close=how == "connection"))
        self.dismiss(commands)

    @on(Input.Submitted)
    def _chosen(self) -> None:
        self._choose(self._first)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "cancel":
            self.dismiss(None)
        else:
            self._choose(event.button.id or "")


#: The ways to disconnect → what a server has to be able to for each.
_FEATURES = {"namespace": "DISCONNECT", "connection": "CLOSE", "drop": "DROP"}
_MEANING = (
    "A client does not come back by itself from the first two. Cut off, it sees a lost network, and tries to come back."
)
