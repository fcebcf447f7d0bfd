"""Jump mode: letters on all that one can go to; pressing one goes there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.geometry import Offset
from textual.screen import ModalScreen
from textual.widgets import Static

from console.widgets.detail import Detail

if TYPE_CHECKING:
    from console.screens.main import MainScreen

#: Easy to reach first.
LETTERS = "asdfghjklqwertyuiopzxcvbnm"


class Target(NamedTuple):
    """Somewhere to go."""

    name: str
    #: Where on the screen its letter is shown.
    at: Offset
    go: Callable[[], object]


class JumpScreen(ModalScreen[None]):
    """The letters, over the screen that stays visible; anything else than a letter closes it."""

    def __init__(self, targets: Sequence[Target]) -> None:
        super().__init__()
        self._targets = dict(zip(LETTERS, targets, strict=False))

    def compose(self) -> ComposeResult:
        for letter, target in self._targets.items():
            label = Static(letter, classes="jump", markup=False)
            label.styles.offset = target.at
            yield label
        yield Static("a letter goes there · esc closes", id="jump-keys", markup=False)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        target = self._targets.get(event.character or "")
        self.dismiss(None)
        if target:
            self.app.call_later(target.go)

    def on_click(self) -> None:
        self.dismiss(None)


def targets(screen: MainScreen) -> list[Target]:
    """The panes that are seen, the detail's tabs, and the views."""
    view, detail = screen.view, screen.view.detail
    found = [Target("pane", pane.region.offset, pane.focus) for pane in view.panes if pane.display and pane.region]
    if detail.display and detail.region:
        at = detail.region.offset
        found.append(Target("detail", at, detail.focus))
        found += [Target("tab", at + Offset(1 + x, 1), partial(_turn, detail, tab)) for tab, x, _ in detail.tabs()]
    ids = {each.title: id for id, each in screen.views.items()}
    row = screen.bar.region.y
    found += [Target("view", Offset(x, row), partial(screen.show, ids[title])) for title, x, _ in screen.bar.names()]
    return found


def _turn(detail: Detail, tab: int) -> None:
    detail.focus()
    detail.turn(tab - detail.tab)
