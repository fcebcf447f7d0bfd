"""Finding: the filter, and the order of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.actions.registry import action

if TYPE_CHECKING:
    from console.screens.main import MainScreen


@action(
    "filter",
    "slash",
    "filter",
    "Show only what matches, as you type (below: how to ask); escape clears it",
    group="Find",
    footer=True,
    key_display="/",
)
def filter(screen: MainScreen) -> None:
    screen.type_filter()


def _sorts(screen: MainScreen) -> bool:
    return screen.view.table is not None


@action(
    "sort", "s", "sort", "Sort the list by its next column; a click on a header does too", group="Find", visible=_sorts
)
def sort(screen: MainScreen) -> None:
    if table := screen.view.table:
        table.sort_next()


@action("reverse", "S", "reverse", "Reverse the list's order", group="Find", visible=_sorts)
def reverse(screen: MainScreen) -> None:
    if table := screen.view.table:
        table.reverse()
