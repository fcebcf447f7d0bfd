"""The console itself: commands, help, looks, the hosted server, the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.command import CommandPalette

from console import themes
from console.actions.registry import action
from console.link.base import LinkState
from console.screens.help import HelpScreen
from console.screens.pick import Choice, PickDialog

if TYPE_CHECKING:
    from console.screens.main import MainScreen


def _stopped(screen: MainScreen) -> bool:
    return screen.link.status.state is LinkState.STOPPED and screen.link.can_restart


@action("restart", "R", "restart", "Start the server again", group="Act", footer=True, visible=_stopped)
def restart(screen: MainScreen) -> None:
    screen.link.restart()


@action(
    "theme", "T", "theme", "Choose how the console looks until it ends; the config file has what stays", group="Console"
)
def theme(screen: MainScreen) -> None:
    before = themes.word_of(screen.app.theme)
    choices = [Choice(name, name, now=name == before) for name in themes.NAMES]

    def chosen(name: str | None) -> None:
        if name:
            themes.use(screen.app, name)

    screen.app.push_screen(PickDialog("Theme", choices), chosen)


@action(
    "palette",
    "ctrl+p",
    "commands",
    "Find and run any of these by a few letters, a saved filter, a theme",
    group="Console",
    footer=("wide",),
    key_display="^p",
    typing=True,
)
def palette(screen: MainScreen) -> None:
    from console.screens.palette import Commands  # it reads the registry, which is not whole yet

    screen.app.push_screen(CommandPalette([Commands], placeholder="what to do…"))


@action(
    "help",
    "question_mark",
    "help",
    "The keys that work here, and all others",
    group="Console",
    footer=True,
    key_display="?",
)
def help(screen: MainScreen) -> None:
    screen.app.push_screen(HelpScreen(screen))


@action("quit", "q", "quit", "End the console, and the server that it hosts", group="Console", footer=True)
def quit(screen: MainScreen) -> None:
    screen.app.exit()
