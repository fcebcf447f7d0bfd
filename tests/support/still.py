"""Waiting until a screen stands still, so that a picture of it is the same each time."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from console.typeahead import TypeAhead

#: Looks at the screen, and seconds between two: it stands still when the last three were alike.
LOOKS, BETWEEN = 100, 0.1


async def still(pilot: Pilot[Any]) -> str:
    """The picture of the screen once nothing on it changes any more, and its footer has the keys of now."""
    seen: list[str] = []
    for _ in range(LOOKS):
        await pilot.pause(BETWEEN)
        for cursor in pilot.app.screen.query("Input, TextArea"):
            cursor.cursor_blink = False  # type: ignore[attr-defined]
        seen.append(pilot.app.export_screenshot())
        busy = isinstance(pilot.app, TypeAhead) and pilot.app.has_keys
        if seen[-3:] == [seen[-1]] * 3 and not busy and _footer_is_true(pilot.app.screen):
            return seen[-1]
    raise AssertionError("the screen never stands still")


def _footer_is_true(screen: Screen[Any]) -> bool:
    """Footers are made anew some time after the keys changed."""
    if not screen.query(Footer):
        return True
    wanted = {(each.binding.action, each.enabled) for each in screen.active_bindings.values() if each.binding.show}
    return wanted == {(key.action, not key.has_class("-disabled")) for key in screen.query(FooterKey)}
