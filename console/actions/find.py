"""Finding: the filter, and the order of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.actions.registry import action
from console.screens.columns import ColumnsDialog
from console.screens.events import EventsView
from console.screens.filters import FiltersDialog
from console.screens.most import most
from console.screens.pick import Choice, PickDialog
from console.screens.rooms import RoomsView
from console.screens.save_filter import SaveFilterDialog
from console.text import safe

if TYPE_CHECKING:
    from console.screens.main import MainScreen


def _finds(screen: MainScreen) -> str:
    return "find" if screen.view.in_detail else ""


@action(
    "filter",
    "slash",
    "filter",
    "Show only what matches, as you type; in a detail, find a text",
    group="Find",
    footer=2,
    key_display="/",
    words="search find query where grep",
    label_here=_finds,
)
def filter(screen: MainScreen) -> None:
    screen.type_filter()


def _unsorted(screen: MainScreen) -> str:
    if screen.view.table is not None:
        return ""
    if isinstance(screen.view, EventsView):
        return "events stand in the order of time; o lists the slowest acks, the largest payloads"
    return "the log stands in the order in which it was written"


def _unsorted_for_good(screen: MainScreen) -> str:
    return "" if isinstance(screen.view, EventsView) else _unsorted(screen)


def _no_columns(screen: MainScreen) -> str:
    return "" if screen.view.table is not None else "this list has no columns"


@action(
    "sort",
    "s",
    "sort",
    "Sort the list by its next column; a click on a header does too",
    group="Find",
    refusal=_unsorted,
    words="order column",
)
def sort(screen: MainScreen) -> None:
    if table := screen.view.table:
        table.sort_next()


@action(
    "reverse",
    "S",
    "reverse",
    "Reverse the list's order",
    group="Find",
    refusal=_unsorted,
    words="sort order descending ascending",
)
def reverse(screen: MainScreen) -> None:
    if table := screen.view.table:
        table.reverse()


@action(
    "sort-by",
    "o",
    "order",
    "Sort by a column; in Events, list the slowest acks, the largest",
    group="Find",
    footer=8,
    refusal=_unsorted_for_good,
    words="sort slowest largest biggest slow latency top",
)
def sort_by(screen: MainScreen) -> None:
    table = screen.view.table
    if table is None:
        most(screen)
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
    "next-match",
    "n",
    "next",
    "In a detail, the next place with what was looked for",
    group="Find",
    visible=_searched,
    elsewhere="nothing was looked for in a detail",
)
def next_match(screen: MainScreen) -> None:
    screen.view.detail.search_on(forward=True)


@action(
    "previous-match",
    "N",
    "previous",
    "In a detail, the place before",
    group="Find",
    visible=_searched,
    elsewhere="nothing was looked for in a detail",
)
def previous_match(screen: MainScreen) -> None:
    screen.view.detail.search_on(forward=False)


def _has_detail(screen: MainScreen) -> bool:
    return screen.view.detail.display


@action(
    "reveal",
    "v",
    "reveal",
    "Show a detail's secrets as they are, or mask them again",
    group="Find",
    visible=_has_detail,
    elsewhere="no detail is shown: ⏎ opens one",
    words="unmask password token cookie show secrets",
)
def reveal(screen: MainScreen) -> None:
    screen.view.detail.reveal()


def _in_rooms(screen: MainScreen) -> bool:
    return isinstance(screen.view, RoomsView)


@action(
    "own-rooms",
    "O",
    "own rooms",
    "List the sockets' own rooms too, or no more",
    group="Find",
    visible=_in_rooms,
    elsewhere="that is for the list of rooms",
    words="private rooms id",
)
def own_rooms(screen: MainScreen) -> None:
    if isinstance(view := screen.view, RoomsView):
        view.toggle_own()


@action(
    "columns",
    "c",
    "columns",
    "Choose the list's columns, their order and width",
    group="Find",
    footer=12,
    refusal=_no_columns,
    words="fields width resize",
)
def columns(screen: MainScreen) -> None:
    if table := screen.view.table:
        screen.app.push_screen(ColumnsDialog(table))


def _none_saved(screen: MainScreen) -> str:
    return "" if screen.person.filters else "no filter is saved yet"


@action(
    "filters",
    "f",
    "saved filters",
    "Use a saved filter, or delete it; @name in a filter uses it too",
    group="Find",
    refusal=_none_saved,
    words="bookmark recall",
)
def filters(screen: MainScreen) -> None:
    def chosen(name: str | None) -> None:
        if name:
            screen.set_filter(f"@{name}")

    screen.app.push_screen(FiltersDialog(screen.person.filters), chosen)


def _no_filter(screen: MainScreen) -> str:
    return "" if screen.bar.text.strip() else "there is no filter"


@action(
    "save-filter",
    "F",
    "save filter",
    "Save the filter under a name",
    group="Find",
    refusal=_no_filter,
    words="bookmark keep",
)
def save_filter(screen: MainScreen) -> None:
    def saved(name: str | None) -> None:
        if name:
            screen.notify(safe(f"saved as @{name}"), markup=False)

    screen.app.push_screen(SaveFilterDialog(screen.person.filters, screen.bar.text), saved)
