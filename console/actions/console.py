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


@action(
    "restart",
    "R",
    "restart",
    "Start the server again",
    group="Act",
    footer=1,
    visible=_stopped,
    elsewhere="it is for a hosted server that has ended",
    words="start reload run",
)
def restart(screen: MainScreen) -> None:
    screen.link.restart()


@action(
    "theme",
    "T",
    "theme",
    "Choose how the console looks until it ends; the config keeps it",
    group="Console",
    words="colour color dark light appearance",
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
    "Find and run any of these, a saved filter, a theme",
    group="Console",
    footer=7,
    key_display="^p",
    typing=True,
    words="search actions run",
)
def palette(screen: MainScreen) -> None:
    from console.screens.palette import Commands  # it reads the registry, which is not whole yet

    screen.app.push_screen(CommandPalette([Commands], placeholder="what to do…"))


def _asks(screen: MainScreen) -> str:
    return "fields" if screen.bar.typing else ""


@action(
    "help",
    "question_mark,f1",
    "help",
    "The keys that work here and all others; how to ask in the filter",
    group="Console",
    footer=1,
    typing=True,
    words="keys shortcuts fields query manual",
    label_here=_asks,
)
def help(screen: MainScreen) -> None:
    screen.app.push_screen(HelpScreen(screen, first="Filter" if screen.bar.typing else "Keys"))


@action(
    "quit",
    "q",
    "quit",
    "End the console, and the server that it hosts",
    group="Console",
    footer=1,
    words="exit close end stop",
)
def quit(screen: MainScreen) -> None:
    screen.app.exit()
