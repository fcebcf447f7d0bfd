"""Keys that come faster than the screen answers, as over a slow line: none is lost or goes to the wrong place."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from textual import events

from console import typeahead
from console.screens import pulse
from console.screens.main import MainScreen
from console.state.listing import Listing
from console.state.timeline import Timeline
from server_core.records import Disconnect, Emit, Leave
from tests.console.screens.conftest import Open, Screen, crowd
from tests.support.make import Maker
from tests.support.waiting import poll

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


class Gate:
    """Holds up whatever looks for what a filter takes, as many thousands of things do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open = True
        go_on, look = Listing.go_on, Timeline._go_on

        def list_on(listing: Listing[Any, Any], seconds: float) -> bool:
            return (self.open or not listing.stale) and go_on(listing, seconds)

        def look_on(timeline: Timeline, seconds: float) -> None:
            if self.open or timeline.filter is None:
                look(timeline, seconds)

        monkeypatch.setattr(Listing, "go_on", list_on)
        monkeypatch.setattr(Timeline, "_go_on", look_on)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(monkeypatch)


async def held(screen: Screen, gate: Gate, *keys: str) -> str:
    """The screen on which the last of these keys waits, all pressed in one go."""
    gate.open = False
    await at_once(screen, 0, *keys)
    app = screen.app
    assert await poll(lambda: app._holding and isinstance(key := app._keys[-1], events.Key) and key.key == keys[-1], 5)
    return await screen.wait("filtering 0%")


async def focused(screen: Screen, id: str) -> None:
    assert await poll(lambda: screen.app.focused and screen.app.focused.id == id, 5), screen.app.focused


async def test_what_acts_waits_until_the_filter_has_found_on_whom(open_console: Open, gate: Gate) -> None:
    async with open_console() as screen:
        text = await held(screen, gate, "slash", *"who:be", "enter", "d")
        assert "Disconnect" not in text
        assert "Sockets 3" in text  # not filtered yet
        gate.open = True
        await screen.wait("Disconnect 1 socket?", "bea · ")
        await screen.press("y")
        await screen.wait("bea is disconnected")
    assert screen.link.commands == [Disconnect(sockets=(BEA,))]


async def test_escape_takes_back_what_is_seen_to_wait(open_console: Open, gate: Gate) -> None:
    async with open_console() as screen:
        await held(screen, gate, "slash", *"who:be", "enter", "d", "y")
        assert await poll(lambda: screen.app._held_for >= typeahead.SEEN, 5)
        await screen.press("escape")
        gate.open = True
        await screen.wait("who:be", "Sockets 2 of 3", "bea · ")
        await screen.press("enter")
        await focused(screen, "sockets-detail")
    assert screen.link.commands == []


async def test_so_does_what_opens_moves_and_marks(open_console: Open, gate: Gate) -> None:
    async with open_console() as screen:
        await held(screen, gate, "slash", *"who:be", "enter", "enter")
        gate.open = True
        await screen.wait("Sockets 2 of 3", "bea · N8xVt0aQ91aaaaaaAAAB")
        await focused(screen, "sockets-detail")
        await screen.press("escape", "escape")
        await screen.wait("Sockets 3")
        await screen.press("home")
        await held(screen, gate, "slash", *"who:be", "enter", "down", "space")
        gate.open = True
        await screen.wait("Sockets 2 of 3", "● 1 marked", "● kzQ19aZp")
        await screen.press("u", "escape", "home")
        await held(screen, gate, "slash", *"who:be", "enter", "A")
        gate.open = True
        await screen.wait("Sockets 2 of 3", "● 2 marked")


async def test_the_next_row_is_the_next_that_the_filter_takes(open_console: Open, gate: Gate) -> None:
    async with open_console() as screen:
        await held(screen, gate, "slash", *"!bea", "enter", "down", "d")
        gate.open = True
        await screen.wait("Disconnect 1 socket?", "ben · ")


async def test_what_is_not_about_the_list_does_not_wait(open_console: Open, gate: Gate) -> None:
    async with open_console() as screen:
        gate.open = False
        await at_once(screen, 0, "slash", *"who:be", "enter", "question_mark")
        await screen.wait("Here, in Sockets")
        await screen.press("escape", "3")
        await screen.wait("[3 Events]", "searching 0%")
        await screen.press("slash", *"dir:in")
        await screen.wait("dir:in", "searching 0%")


async def test_the_row_that_stays_is_acted_on_at_once(open_console: Open, gate: Gate) -> None:
    async with open_console() as screen:
        gate.open = False
        await at_once(screen, 0, "slash", *"who:bob", "enter", "d")
        await screen.wait("Disconnect 1 socket?", "bob · ")


async def test_a_filter_that_takes_too_long_lets_nothing_be_done_and_says_why(
    open_console: Open, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typeahead, "HOLD", 3)
    async with open_console(size=(140, 40)) as screen:
        gate.open = False
        await at_once(screen, 0, "slash", *"who:be", "enter", "d")
        text = await screen.wait("filtering 0%", "disconnect: the search still goes on")
        # nor by the mouse, on a row that the filter hides
        bob = next(row for row, line in enumerate(text.splitlines()) if "│" in line and "ojIckSD2" in line)
        await screen.pilot.click(offset=(10, bob), times=2)
        await screen.wait("open: the search still goes on")
        await screen.press("A")
        await screen.wait("mark all: the search still goes on")
        await screen.press("w")
        await screen.wait("export: the search still goes on")
        gate.open = True
        await screen.wait("Sockets 2 of 3")
        assert "marked" not in screen.text()
        await screen.press("d")
        await screen.wait("Disconnect 1 socket?", "bea · ")


async def test_the_first_event_that_a_filter_finds_is_waited_for(open_console: Open, gate: Gate) -> None:
    async with open_console() as screen:
        await screen.press("3")
        gate.open = False
        await at_once(screen, 0, "slash", *"event:news", "enter", "enter")
        await screen.wait("event:news", "searching…", "searching 0%", "0 found")
        await focused(screen, "event-list")
        gate.open = True
        await screen.wait("event:news", "×2")
        await focused(screen, "events-detail")


async def test_what_only_the_timeline_has_is_opened_there(open_console: Open, gate: Gate) -> None:
    async with open_console() as screen:
        await held(screen, gate, "slash", *"divide", "enter", "enter")
        gate.open = True
        await screen.wait("[3 Events] divide", "Traceback")
        await focused(screen, "events-detail")


async def test_a_filter_that_hides_the_cursors_row_puts_it_on_the_first_that_it_takes(open_console: Open) -> None:
    async with open_console([*crowd(30)]) as screen:
        await screen.press("end", "slash", *"user1", "enter", "d")
        await screen.wait("Sockets 11 of 30", "Disconnect 1 socket?", "user1 · ")


async def test_a_key_comes_before_what_the_link_has_but_puts_it_off_for_a_moment_only(
    open_console: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_console() as screen:
        looks = screen.app.screen
        assert isinstance(looks, MainScreen)
        monkeypatch.setattr(typeahead.TypeAhead, "answering", True)
        monkeypatch.setattr(pulse, "LATEST", 3_600.0)
        screen.link.waiting.append(Maker().received(BOB, "meanwhile"))
        looks._pulse.flush()
        assert screen.link.waiting
        monkeypatch.setattr(pulse, "LATEST", 0.1)
        await screen.wait("meanwhile")


async def test_what_a_key_did_is_not_waited_for_where_its_screen_is_gone(
    open_console: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_console() as screen:
        monkeypatch.setattr(typeahead.TypeAhead, "_painted", lambda self: None)  # as if it never were
        await screen.press("question_mark")
        assert screen.app.answering
        assert await poll(lambda: not screen.app.answering, 10)
