"""The dialog that asks before it disconnects a socket, and says whom."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from console.screens.dialog import Dialog
from console.state.state import State
from console.text import safe
from server_core.records import Disconnect, SocketInfo


class DisconnectDialog(Dialog[Disconnect]):
    """Whether to disconnect a socket from its namespace, or close its whole connection."""

    BINDINGS = [
        ("n", "choose(False)", "Namespace"),
        ("c", "choose(True)", "Whole connection"),
        ("left", "app.focus_previous", "Previous"),
        ("right", "app.focus_next", "Next"),
    ]

    def __init__(self, state: State, socket: SocketInfo) -> None:
        super().__init__()
        self._state = state
        self._socket = socket

    def compose(self) -> ComposeResult:
        socket = self._socket
        roster = self._state.roster_of(socket.id)
        others = [each.nsp for each in roster.sockets.values() if each.engine == socket.engine] if roster else []
        label = self._state.label(socket.id)
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Disconnect 1 socket?"
            yield Static(Content(safe(f"{label} · {socket.id}")), id="whom")
            yield Static(Content(safe(f"namespace {socket.nsp}, from {socket.handshake.address}")), classes="about")
            whole = f"the connection has {len(others)} namespaces: {', '.join(sorted(others))}"
            yield Static(Content(safe(whole) if len(others) > 1 else ""), classes="about")
            with Horizontal(id="buttons"):
                yield Button(Content("Namespace (n)"), id="namespace", variant="warning")
                yield Button(Content("Whole connection (c)"), id="connection", variant="error")
                yield Button(Content("Cancel (esc)"), id="cancel")

    def on_mount(self) -> None:
        self.query_one("#namespace").focus()

    def action_choose(self, close: bool) -> None:
        self.dismiss(Disconnect(nsp=self._socket.nsp, sockets=(self._socket.id,), close=close))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "cancel":
            self.dismiss(None)
        else:
            self.action_choose(event.button.id == "connection")
