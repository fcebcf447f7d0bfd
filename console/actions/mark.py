"""Marks: what actions are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.actions.registry import action

if TYPE_CHECKING:
    from console.screens.main import MainScreen


def _markable(screen: MainScreen) -> bool:
    return screen.view.table is not None


def _markable_or_foldable(screen: MainScreen) -> bool:
    return screen.view.table is not None or screen.view.in_detail


@action(
    "mark",
    "space",
    "mark",
    "Mark what the cursor is on, or no more: actions are then about all that is marked. In a detail: open or close",
    group="Mark",
    visible=_markable_or_foldable,
)
def mark(screen: MainScreen) -> None:
    screen.view.toggle()
    screen.refresh_bindings()


@action(
    "mark-all",
    "A",
    "mark all",
    "Mark all that the filter shows",
    group="Mark",
    visible=_markable,
)
def mark_all(screen: MainScreen) -> None:
    if table := screen.view.table:
        table.mark(set(table.listing.ids) | table.marks)
        screen.refresh_bindings()


@action(
    "invert-marks", "I", "invert", "Mark what is shown and not marked, unmark the rest", group="Mark", visible=_markable
)
def invert_marks(screen: MainScreen) -> None:
    if table := screen.view.table:
        table.mark(set(table.listing.ids) - table.marks)
        screen.refresh_bindings()


def _marked(screen: MainScreen) -> bool:
    table = screen.view.table
    return table is not None and bool(table.marks)


@action("unmark", "u", "unmark", "Unmark all", group="Mark", visible=_marked)
def unmark(screen: MainScreen) -> None:
    if table := screen.view.table:
        table.mark(set())
        screen.refresh_bindings()
