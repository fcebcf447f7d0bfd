"""Keys that come faster than the screen answers, as over a slow line: none is lost or goes to the wrong place."""

from __future__ import annotations

import asyncio

import pytest
from textual import events

from server_core.records import Disconnect, Emit, Leave
from tests.console.screens.conftest import Open, Screen

BOB, BEA = "ojIckSD2jqNzOqIrAGzL", "N8xVt0aQ91aaaaaaAAAB"


async def at_once(screen: Screen, between: int, *keys: str) -> None:
    """Press keys, and paste what begins with "=", without waiting for what they do, but for some turns of the loop."""
    for key in keys:
        pasted = key.startswith("=")
        typed = events.Paste(key[1:]) if pasted else events.Key(key, key if len(key) == 1 else None)
        screen.app.post_message(typed)
        for _ in range(between):
            await asyncio.sleep(0)


@pytest.mark.parametrize("between", [0, 1, 7, 40])
async def test_what_a_key_opens_gets_the_keys_after_it(open_console: Open, between: int) -> None:
    async with open_console() as screen:
        await screen.press("2")
        await at_once(screen, between, "K", "y")
        await screen.wait("bob and bea are out of lobby now")
        await at_once(screen, between, "1", "slash", *"bea", "enter", "m", *"hi", "tab", *"[1]", "ctrl+s")
        await screen.wait("✓ sent to 1 socket")
        await at_once(screen, between, "escape", "escape", "slash", *"bob", "enter", "d", "y")
        await screen.wait("bob is disconnected")
    assert screen.link.commands == [
        Leave(sockets=(BOB, BEA), rooms=("lobby",)),
        Emit(rooms=(BEA,), event="hi", args="[1]"),
        Disconnect(sockets=(BOB,)),
    ]


@pytest.mark.parametrize("between", [0, 1, 7, 40])
async def test_what_a_key_opens_gets_what_is_pasted_after_it(open_console: Open, between: int) -> None:
    async with open_console() as screen:
        await at_once(screen, between, "m", "=hi", "tab", '=["pasted"]', "ctrl+s")
        await screen.wait("✓ sent to 1 socket")
    assert screen.link.commands == [Emit(rooms=(BOB,), event="hi", args='["pasted"]')]


async def test_a_key_that_nothing_answers_holds_up_no_other(open_console: Open) -> None:
    async with open_console() as screen:
        await at_once(screen, 0, *["f9"] * 20, "3")
        await screen.wait("[3 Events]")
