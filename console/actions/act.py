"""Acting: on the sockets that are marked, or on the one that the cursor is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.actions.registry import action
from console.link.base import LinkState
from console.screens.disconnect import DisconnectDialog
from console.screens.message import MessageDialog
from server_core.records import Disconnect

if TYPE_CHECKING:
    from console.screens.main import MainScreen


def why_not(screen: MainScreen) -> str:
    """Why nothing can be done to a socket now."""
    if screen.session.past:
        return "this is the past: nothing in it can be changed"
    if screen.link.status.state in (LinkState.FILE, LinkState.LOADING):
        return "this is a recording: there is no server"
    if screen.link.status.state is not LinkState.LIVE:
        return "the server is not there"
    if any("READ_ONLY" in roster.info.features for roster in screen.session.live.rosters.values()):
        return "this console is read-only"
    return "" if screen.targets() else "no socket is selected"


@action("mark", "space", "mark", "Mark what the cursor is on: actions are then about all that is marked", group="Act")
def mark(screen: MainScreen) -> None:
    screen.view.toggle()


@action(
    "message",
    "m",
    "message",
    "Send the selected socket a private message, as the server or another socket",
    group="Act",
    footer=True,
    refusal=why_not,
)
def message(screen: MainScreen) -> None:
    screen.app.push_screen(MessageDialog(screen.link, screen.session.state, screen.targets()[0]))


@action(
    "disconnect",
    "d",
    "disconnect",
    "Disconnect the selected socket; asks first",
    group="Act",
    footer=True,
    refusal=why_not,
)
def disconnect(screen: MainScreen) -> None:
    socket = screen.targets()[0]
    label = screen.session.state.label(socket.id)

    def answered(command: Disconnect | None) -> None:
        if command is not None:
            done = f"{label} is disconnected" + (", its connection closed" if command.close else "")
            screen.carry_out(command, done)

    screen.app.push_screen(DisconnectDialog(screen.session.state, socket), answered)
