"""Moving: views, panes, into what the cursor is on and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.actions.registry import Run, action
from console.screens.jump import JumpScreen, targets

if TYPE_CHECKING:
    from console.screens.main import MainScreen


@action(
    "open",
    "enter",
    "open",
    "Open what the cursor is on, or what its line names",
    group="Move",
    footer=2,
    words="details inspect show go",
    about="row",
)
def open(screen: MainScreen) -> None:
    screen.open_current()


def _leads_back(screen: MainScreen) -> bool:
    return screen.leads_back()


def _clears(screen: MainScreen) -> str:
    return "clear" if screen.bar.typing else ""


@action(
    "back",
    "escape",
    "back",
    "Go back to where you came from; then clear the filter",
    group="Move",
    footer=1,
    key_display="esc",
    visible=_leads_back,
    typing=True,
    words="close leave clear",
    label_here=_clears,
)
def back(screen: MainScreen) -> None:
    screen.back()


def _view(id: str) -> Run:
    def go(screen: MainScreen) -> None:
        screen.show(id)

    return go


for _id, _key, _help in (
    ("sockets", "1", "Who is live, and what just happened"),
    ("rooms", "2", "Rooms, their members, what is sent to them"),
    ("events", "3", "The whole timeline"),
    ("clients", "4", "Connections: transport, round trips, bytes"),
    ("servers", "5", "Servers: how busy they are, how their loop keeps up"),
    ("logs", "6", "What the app writes"),
):
    action(_id, _key, _id, _help, group="Move")(_view(_id))


@action("next-pane", "tab", "next pane", "Move to the next pane", group="Move", about="row")
def next_pane(screen: MainScreen) -> None:
    screen.app.action_focus_next()


@action("previous-pane", "shift+tab", "previous pane", "Move to the previous pane", group="Move", about="row")
def previous_pane(screen: MainScreen) -> None:
    screen.app.action_focus_previous()


def _opens(screen: MainScreen) -> str:
    return "" if screen.view.detail.has_tabs else "unfold"


def _has_tabs(screen: MainScreen) -> bool:
    return screen.view.detail.display and (screen.view.detail.has_tabs or screen.view.in_detail)


@action(
    "previous-tab",
    "left",
    "previous tab",
    "The detail's previous tab; in a tree, close a part",
    group="Move",
    key_display="←",
    visible=_has_tabs,
    elsewhere="no detail is shown: ⏎ opens one",
    about="row",
)
def previous_tab(screen: MainScreen) -> None:
    detail = screen.view.detail
    if not (screen.view.in_detail and detail.fold("close")):
        detail.turn(-1)


@action(
    "next-tab",
    "right",
    "tab",
    "The detail's next tab; in a tree, open a part",
    group="Move",
    footer=5,
    key_display="→",
    visible=_has_tabs,
    elsewhere="no detail is shown: ⏎ opens one",
    label_here=_opens,
    about="row",
)
def next_tab(screen: MainScreen) -> None:
    detail = screen.view.detail
    if not (screen.view.in_detail and detail.fold("open")):
        detail.turn(1)


def _follows(screen: MainScreen) -> bool:
    return not screen.view.in_detail and any(pane.follows for pane in screen.view.panes)


def _follows_again(screen: MainScreen) -> str:
    return "" if any(pane.following for pane in screen.view.panes if pane.follows) else "follow"


@action(
    "pause",
    "p",
    "pause",
    "Pause the timeline where it is, or follow the newest again",
    group="Move",
    footer=5,
    visible=_follows,
    elsewhere="nothing here follows what happens",
    words="freeze stop follow hold tail live",
    label_here=_follows_again,
)
def pause(screen: MainScreen) -> None:
    screen.view.pause()


@action(
    "jump",
    "ctrl+o",
    "jump",
    "Letters on panes and tabs: pressing one goes there",
    group="Move",
    footer=10,
    key_display="^o",
    words="focus pane goto",
    about="row",
)
def jump(screen: MainScreen) -> None:
    screen.app.push_screen(JumpScreen(targets(screen)))
