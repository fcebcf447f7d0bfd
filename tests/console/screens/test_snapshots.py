"""How the screens look: each picture was looked at when it was accepted (`pytest --snapshot-update`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from console.app import ConsoleApp
from tests.console.fake_link import FakeLink
from tests.console.screens.conftest import chat
from tests.support.still import still

SIZES = [(80, 24), (120, 40), (200, 50)]
Compare = Callable[..., bool]

#: Name → keys that lead there.
PLACES: dict[str, tuple[str, ...]] = {
    "sockets": (),
    "detail": ("enter", "right"),
    "attributes": ("enter", "right", "right", "right"),
    "rooms": ("2", "enter"),
    "room-events": ("2", "enter", "right"),
    "events": ("3",),
    "marked-events": ("3", *["up"] * 10, "space", "space"),
    "clients": ("4",),
    "client": ("4", "enter"),
    "servers": ("5",),
    "server": ("5", "enter", "right"),
    "event": ("3", *["up"] * 7, "enter"),
    "record": ("3", "up", "up", "up", "up", "up", "enter"),
    "logs": ("6",),
    "message": ("m",),
    "disconnect": ("d",),
    "help": ("question_mark",),
}


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
@pytest.mark.parametrize("place", PLACES)
def test_looks(place: str, size: tuple[int, int], snap_compare: Compare) -> None:
    async def go(pilot: Pilot[Any]) -> None:
        await still(pilot)
        await pilot.press(*PLACES[place])
        await still(pilot)

    assert snap_compare(ConsoleApp(FakeLink(chat())), terminal_size=size, run_before=go)
