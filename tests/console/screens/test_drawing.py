"""What is drawn line by line is what drawing everything anew would show."""

from __future__ import annotations

import random

import pytest
from textual.strip import Strip
from textual.widget import Widget

from console.screens import pulse
from console.widgets.line_list import LineList
from server_core import records
from tests.console.screens.conftest import Open, Screen
from tests.support.make import Maker

KEYS = [
    *["down", "up", "pagedown", "home", "end", "space", "enter", "escape", "escape", "tab"],
    *["1", "2", "3", "4", "5", "6", "s", "o", "left", "right", "f", "z", "/", "a", "1", "backspace"],
]


def happens(make: Maker, dice: random.Random, ids: list[str]) -> list[records.Record]:
    """A few records of which some change the lists."""
    made: list[records.Record] = []
    for _ in range(dice.randrange(4)):
        id = dice.choice(ids)
        match dice.randrange(5):
            case 0:
                made.append(make.received(id, "moved", dice.randrange(1_000)))
            case 1:
                made.append(make(records.RoomJoined, socket=id, nsp="/", room=f"room-{dice.randrange(9)}"))
            case 2:
                made.append(make(records.AttributeSet, socket=id, nsp="/", name="mood", value='"fine"'))
            case 3:
                made.append(make(records.Log, stream="stderr", text="something was written"))
            case _:
                id = f"new-{dice.randrange(10**6)}"
                ids.append(id)
                made += make.socket(id)
    return made


def lines(screen: Screen) -> list[Strip]:
    """The lines of the lists that are shown, with their styles."""
    strips = screen.app.screen._compositor.render_strips()
    regions = [each.region for each in screen.app.screen.walk_children(LineList)]
    return [strips[y].crop(each.x, each.right) for each in regions for y in each.line_range]


async def settled(screen: Screen) -> list[Strip]:
    """Its lists once nothing is to be drawn any more."""
    await screen.pilot.pause()
    shown = lines(screen)
    while True:
        await screen.pilot.pause()
        if (now := lines(screen)) == shown:
            return now
        shown = now


@pytest.mark.parametrize("seed", range(4))
async def test_it_is_what_drawing_everything_would_show(
    open_console: Open, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(pulse, "RESORT", 0.0)
    monkeypatch.setattr(pulse, "RESORT_SHARE", 0)
    dice, make = random.Random(seed), Maker()
    ids = [f"crowd{number:02}" for number in range(60)]
    made: list[records.Record] = [make(records.ServerStarted, info=records.ServerInfo(features=records.FEATURES))]
    for id in ids:
        made += make.socket(id, rooms=("crowd",), user=f"user of {id}")
    async with open_console(made, size=dice.choice([(80, 24), (120, 40)])) as screen:
        for _ in range(60):
            if dice.random() < 0.5:
                await screen.feed(*happens(make, dice, ids))
            else:
                await screen.press(dice.choice(KEYS))
            screen.app.clear_notifications()
            before = await settled(screen)
            for widget in screen.app.screen.walk_children(Widget):
                widget.refresh()
            for y, (line, was) in enumerate(zip(await settled(screen), before, strict=True)):
                assert line == was, f"line {y}: {line.text!r} was {was.text!r}"
