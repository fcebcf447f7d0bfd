"""How the screens look: each picture was looked at when it was accepted (`pytest --snapshot-update`)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from console.app import ConsoleApp
from console.screens.message import MessageDialog
from tests.console.fake_link import FakeLink
from tests.console.screens.conftest import chat
from tests.support.make import NOON

SIZES = [(80, 24), (120, 40), (200, 50)]
Compare = Callable[..., bool]

#: Name → keys that lead there.
PLACES: dict[str, tuple[str, ...]] = {
    "sockets": (),
    "detail": ("enter", "right"),
    "events": ("2",),
    "record": ("2", "up", "up", "up", "up", "up", "enter"),
    "logs": ("3",),
    "message": ("m",),
    "disconnect": ("d",),
    "help": ("question_mark",),
}


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(time, "time", lambda: NOON / 1e9 + 60)
    monkeypatch.setattr(time, "time_ns", lambda: NOON + 60_000_000_000)
    monkeypatch.setattr(MessageDialog, "last_event", "private message")
    monkeypatch.setattr(MessageDialog, "last_args", '["hello"]')


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
@pytest.mark.parametrize("place", PLACES)
def test_looks(place: str, size: tuple[int, int], snap_compare: Compare) -> None:
    async def go(pilot: Pilot[Any]) -> None:
        await pilot.pause(0.7)
        await pilot.press(*PLACES[place])
        await pilot.pause(0.3)
        for cursor in pilot.app.screen.query("Input"):
            cursor.cursor_blink = False  # type: ignore[attr-defined]
        await pilot.pause()

    assert snap_compare(ConsoleApp(FakeLink(chat())), terminal_size=size, run_before=go)
