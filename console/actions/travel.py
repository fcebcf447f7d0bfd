"""Time travel: back along the timeline, forward, and to now."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from console.actions.registry import action
from console.screens.difference import DifferenceScreen
from console.screens.moment import MomentDialog
from console.state.difference import difference

if TYPE_CHECKING:
    from console.screens.main import MainScreen

#: Records of a long step.
LONG = 100


def _past(screen: MainScreen) -> bool:
    return screen.session.past


def _nothing_before(screen: MainScreen) -> str:
    return "" if screen.session.moment > screen.session.first else "there is nothing before this moment"


def _is_present(screen: MainScreen) -> str:
    return "" if screen.session.past else "this is the present"


def _nothing_happened(screen: MainScreen) -> str:
    return "" if screen.session.end else "nothing has happened yet"


def _step(screen: MainScreen, by: int) -> None:
    screen.player.pause()
    screen.session.step(by)
    screen.refresh_all()


@action(
    "back-in-time",
    "left_square_bracket",
    "past",
    "Go back in time by a record: every view shows how things were",
    group="Time",
    footer=6,
    key_display="[",
    refusal=_nothing_before,
    words="time travel rewind undo history before",
)
def back_in_time(screen: MainScreen) -> None:
    _step(screen, -1)


@action(
    "forward-in-time",
    "right_square_bracket",
    "forward",
    "Go forward in time by a record",
    group="Time",
    footer=3,
    key_display="]",
    visible=_past,
    elsewhere="this is the present",
    words="time travel",
)
def forward_in_time(screen: MainScreen) -> None:
    _step(screen, 1)


@action(
    "now",
    "backslash",
    "now",
    "Back to now: the live state, or the end of the recording",
    group="Time",
    footer=2,
    key_display="\\",
    visible=_past,
    elsewhere="this is the present",
    words="live present end",
)
def now(screen: MainScreen) -> None:
    screen.player.pause()
    screen.session.present()
    screen.refresh_all()


@action(
    "far-back",
    "left_curly_bracket",
    "far back",
    f"Go back in time by {LONG} records",
    group="Time",
    key_display="{",
    refusal=_nothing_before,
)
def far_back(screen: MainScreen) -> None:
    _step(screen, -LONG)


@action(
    "far-forward",
    "right_curly_bracket",
    "far forward",
    f"Go forward in time by {LONG} records",
    group="Time",
    key_display="}",
    refusal=_is_present,
)
def far_forward(screen: MainScreen) -> None:
    _step(screen, LONG)


@action(
    "go-to-time",
    "t",
    "go to time",
    "Go to a time, or to a share of all that is kept",
    group="Time",
    footer=13,
    words="time travel jump seek",
)
def go_to_time(screen: MainScreen) -> None:
    def answered(moment: int | None) -> None:
        if moment is not None:
            screen.player.pause()
            screen.session.go(moment)
            screen.refresh_all()

    screen.app.push_screen(MomentDialog(screen.session), answered)


@action("go-to-record", "ctrl+t", "time of this", "Go to when the selected record happened", group="Time", about="row")
def go_to_record(screen: MainScreen) -> None:
    at = getattr(screen.subject(), "time", 0)
    if not at:
        screen.notify("no record is selected", severity="warning", markup=False)
        return
    screen.player.pause()
    screen.session.travel(at)
    screen.refresh_all()


@action(
    "play",
    "full_stop",
    "play",
    "Play on from this moment, or pause; else from the beginning",
    group="Time",
    footer=13,
    key_display=".",
    refusal=_nothing_happened,
    words="playback movie",
)
def play(screen: MainScreen) -> None:
    player, session = screen.player, screen.session
    if player.playing:
        player.pause()
    else:
        if not session.past:
            session.go(session.first)
            session.step(1)
        player.play(time.monotonic())
    screen.refresh_all()


@action("slower", "less_than_sign", "slower", "Play slower", group="Time", key_display="<")
def slower(screen: MainScreen) -> None:
    screen.player.faster(-1, time.monotonic())
    screen.notify(f"plays at ×{screen.player.speed:g}", markup=False, timeout=2)


@action("faster", "greater_than_sign", "faster", "Play faster", group="Time", key_display=">")
def faster(screen: MainScreen) -> None:
    screen.player.faster(1, time.monotonic())
    screen.notify(f"plays at ×{screen.player.speed:g}", markup=False, timeout=2)


@action("pin", "asterisk", "pin", "Keep this moment, to compare others with it", group="Time", key_display="*")
def pin(screen: MainScreen) -> None:
    screen.pinned = screen.session.moment
    screen.notify("this moment is kept: the differences are now to it", markup=False)


@action(
    "differences",
    "D",
    "differences",
    "Who came, left and what changed since the moment kept, or to now",
    group="Time",
    words="diff compare changes",
)
def differences(screen: MainScreen) -> None:
    session = screen.session
    other = screen.pinned if screen.pinned is not None else (session.end if session.past else session.first)
    start, end = sorted((session.moment, other))
    before, after = session.at(start), session.at(end)
    screen.app.push_screen(DifferenceScreen(before, after, difference(before, after), screen.reader))
