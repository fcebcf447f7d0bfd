"""The console itself: copying, the hosted server, help, the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.actions.registry import action
from console.link.base import LinkState
from console.screens.help import HelpScreen
from console.text import safe
from server_core.records import Record, SocketInfo, encode_lines

if TYPE_CHECKING:
    from console.screens.main import MainScreen


@action("copy", "y", "copy", "Copy the selected socket's id, or the record as JSON", group="Act")
def copy(screen: MainScreen) -> None:
    match screen.subject():
        case Record() as record:
            screen.app.copy_to_clipboard(encode_lines([screen.reader.masked(record)]).decode().strip())
            screen.notify("copied the record as JSON", markup=False)
        case SocketInfo() as socket:
            screen.app.copy_to_clipboard(safe(socket.id))
            screen.notify("copied the socket's id", markup=False)


def _stopped(screen: MainScreen) -> bool:
    return screen.link.status.state is LinkState.STOPPED and screen.link.can_restart


@action("restart", "R", "restart", "Start the server again", group="Act", footer=True, visible=_stopped)
def restart(screen: MainScreen) -> None:
    screen.link.restart()


@action("help", "question_mark", "help", "All keys", group="Console", footer=True, key_display="?")
def help(screen: MainScreen) -> None:
    screen.app.push_screen(HelpScreen())


@action("quit", "q", "quit", "End the console, and the server that it hosts", group="Console", footer=True)
def quit(screen: MainScreen) -> None:
    screen.app.exit()
