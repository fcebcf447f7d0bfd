"""Marks: what actions are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.actions.registry import action

if TYPE_CHECKING:
    from console.screens.main import MainScreen


def _markable(screen: MainScreen) -> bool:
    return screen.view.marking is not None


def _markable_or_foldable(screen: MainScreen) -> bool:
    return _markable(screen) or screen.view.in_detail


def _folds(screen: MainScreen) -> str:
    return "fold" if screen.view.in_detail else ""


@action(
    "mark",
    "space",
    "mark",
    "Mark, to act on, copy or write all marked; in a detail, fold",
    group="Mark",
    footer=7,
    visible=_markable_or_foldable,
    elsewhere="nothing here can be marked",
    words="select tick fold expand collapse",
    label_here=_folds,
    about="near",
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
    elsewhere="nothing here can be marked",
    about="list",
    words="select everything",
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
    elsewhere="nothing here can be marked",
    about="list",
    words="select",
)
def invert_marks(screen: MainScreen) -> None:
    if marking := screen.view.marking:
        marking.mark(marking.listed() - marking.marks)
        screen.refresh_bindings()


def _marked(screen: MainScreen) -> bool:
    marking = screen.view.marking
    return marking is not None and bool(marking.marks)


@action(
    "unmark",
    "u",
    "unmark",
    "Unmark all",
    group="Mark",
    visible=_marked,
    elsewhere="nothing is marked",
    words="deselect clear none",
)
def unmark(screen: MainScreen) -> None:
    if marking := screen.view.marking:
        marking.mark(set())
        screen.refresh_bindings()
