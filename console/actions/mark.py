"""Marks: what actions are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.actions.registry import action
from console.widgets.event_list import EventList

if TYPE_CHECKING:
    from console.screens.main import MainScreen


def _markable(screen: MainScreen) -> bool:
    return screen.view.marking is not None


def _markable_or_foldable(screen: MainScreen) -> bool:
    return _markable(screen) or screen.view.in_detail


def _searching(screen: MainScreen) -> str:
    searching = isinstance(screen.view.marking, EventList) and screen.view.searching
    return "the filter still searches" if searching else ""


@action(
    "mark",
    "space",
    "mark",
    "Mark what the cursor is on, or no more: actions are then about all that is marked; of events, copying, writing "
    "and making a script. In a detail: open or close",
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
    refusal=_searching,
)
def mark_all(screen: MainScreen) -> None:
    if marking := screen.view.marking:
        marking.mark(marking.listed() | marking.marks)
        screen.refresh_bindings()


@action(
    "invert-marks",
    "I",
    "invert",
    "Mark what is shown and not marked, unmark the rest",
    group="Mark",
    visible=_markable,
    refusal=_searching,
)
def invert_marks(screen: MainScreen) -> None:
    if marking := screen.view.marking:
        marking.mark(marking.listed() - marking.marks)
        screen.refresh_bindings()


def _marked(screen: MainScreen) -> bool:
    marking = screen.view.marking
    return marking is not None and bool(marking.marks)


@action("unmark", "u", "unmark", "Unmark all", group="Mark", visible=_marked)
def unmark(screen: MainScreen) -> None:
    if marking := screen.view.marking:
        marking.mark(set())
        screen.refresh_bindings()
