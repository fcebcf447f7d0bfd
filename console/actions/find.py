"""Finding: the filter, and the order of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.actions.registry import action
from console.screens.columns import ColumnsDialog
from console.screens.filters import FiltersDialog
from console.screens.pick import Choice, PickDialog
from console.screens.rooms import RoomsView
from console.screens.save_filter import SaveFilterDialog
from console.text import safe

if TYPE_CHECKING:
    from console.screens.main import MainScreen


@action(
    "filter",
    "slash",
    "filter",
    "Show only what matches, as you type (below: how to ask); escape clears it. In a detail: look for a text",
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


@action("sort-by", "o", "order", "Choose the column by which the list is sorted", group="Find", visible=_sorts)
def sort_by(screen: MainScreen) -> None:
    table = screen.view.table
    if table is None:
        return
    titles = {column.id: column.title for column in table.columns}
    choices = [Choice(key, titles.get(key, key), now=key == table.listing.sort) for key in table.listing.KEYS]

    def chosen(key: str | None) -> None:
        if key and key != table.listing.sort:
            table.sort_by(key)

    screen.app.push_screen(PickDialog("Sort by", choices), chosen)


def _searched(screen: MainScreen) -> bool:
    return screen.view.in_detail and screen.view.detail.pattern is not None


@action(
    "next-match", "n", "next", "In a detail: the next place with what was looked for", group="Find", visible=_searched
)
def next_match(screen: MainScreen) -> None:
    screen.view.detail.search_on(forward=True)


@action("previous-match", "N", "previous", "In a detail: the place before", group="Find", visible=_searched)
def previous_match(screen: MainScreen) -> None:
    screen.view.detail.search_on(forward=False)


def _has_detail(screen: MainScreen) -> bool:
    return screen.view.detail.display


@action(
    "reveal",
    "v",
    "reveal",
    "Show the detail's secrets as they are, or mask them again",
    group="Find",
    visible=_has_detail,
)
def reveal(screen: MainScreen) -> None:
    screen.view.detail.reveal()


def _in_rooms(screen: MainScreen) -> bool:
    return isinstance(screen.view, RoomsView)


@action("own-rooms", "O", "own rooms", "List the sockets' own rooms too, or no more", group="Find", visible=_in_rooms)
def own_rooms(screen: MainScreen) -> None:
    if isinstance(view := screen.view, RoomsView):
        view.toggle_own()


@action("columns", "c", "columns", "Choose the list's columns and their order", group="Find", visible=_sorts)
def columns(screen: MainScreen) -> None:
    if table := screen.view.table:
        screen.app.push_screen(ColumnsDialog(table))


def _none_saved(screen: MainScreen) -> str:
    return "" if screen.person.filters else "no filter is saved yet"


@action(
    "filters",
    "f",
    "saved filters",
    "Use a filter that was saved, or delete it; @name in the filter does too",
    group="Find",
    refusal=_none_saved,
)
def filters(screen: MainScreen) -> None:
    def chosen(name: str | None) -> None:
        if name:
            screen.set_filter(f"@{name}")

    screen.app.push_screen(FiltersDialog(screen.person.filters), chosen)


def _no_filter(screen: MainScreen) -> str:
    return "" if screen.bar.text.strip() else "there is no filter"


@action("save-filter", "F", "save filter", "Save the filter under a name", group="Find", refusal=_no_filter)
def save_filter(screen: MainScreen) -> None:
    def saved(name: str | None) -> None:
        if name:
            screen.notify(safe(f"saved as @{name}"), markup=False)

    screen.app.push_screen(SaveFilterDialog(screen.person.filters, screen.bar.text), saved)
