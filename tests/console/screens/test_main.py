"""The main screen, by keys and by what can be read."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from textual.widgets._footer import FooterKey

from console.link.base import LinkState, LinkStatus
from console.screens import pulse
from console.state.timeline import Timeline
from server_core import records
from server_core.records import CommandResult, Disconnect
from tests.console.screens.conftest import BEA, BOB, Open
from tests.support.make import Maker
from tests.support.waiting import poll

SIZES = [(80, 24), (120, 40), (200, 50)]


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
async def test_sockets_and_what_just_happened_are_seen_at_once(open_console: Open, size: tuple[int, int]) -> None:
    async with open_console(size=size) as screen:
        text = await screen.wait("● live", "chat:io", "3 sockets", "Sockets 3", "bob", "bea", "ben", "/chat")
        assert "set mood" in text
        assert "left" in text


async def test_each_kind_of_record_reads_as_people_say_it(open_console: Open) -> None:
    async with open_console(size=(200, 50)) as screen:
        await screen.press("3")
        text = await screen.wait("division by zero  (on 'divide')")
        for line in (
            f'← bob              private message          ["{BEA}","hello"]  #12',
            f'→ bea              private message          ["{BOB}",{{"text":"hello"}}]',
            '✓ bob              ack of private message   sent after 44 ms  [{"ok":true}]  #12',
            '→ #lobby           news                     ×2 [{"n":1}]',
            '⊘ bob              blocked admin            unauthorized event  ["admin","x"]',
            "! bea              ZeroDivisionError        division by zero  (on 'divide')",
            '⊘ mallory          refused                  unknown user  {"retry":false} by authenticate',
            "« bob              left                     dev",
            '= bob              set mood                 "good"',
            "+ ben              connected                /chat",
            "⇄                  upgraded                 to websocket",
        ):
            assert line in text, line


async def test_the_selected_sockets_detail_has_all_of_it(open_console: Open) -> None:
    async with open_console(size=(160, 40)) as screen:
        await screen.press("enter")
        text = await screen.wait(f"bob · {BOB}", "connected", "websocket", "10.0.0.7", "4.2 ms", "1 in · 1 out")
        assert '{"name":"bob"}' in text
        await screen.press("right")
        await screen.wait("user-agent", "query EIO", "••••••")
        assert "t0psecret" not in screen.text()
        assert "s3cret" not in screen.text()
        await screen.press("right")
        await screen.wait("(own)", "its own room", "2 members")
        await screen.press("right")
        await screen.wait('name: "bob"', "mood")
        await screen.press("right")
        text = await screen.wait("private message", "ack of private message", "news", "unauthorized event")
        detail = "\n".join(line[96:] for line in text.splitlines())
        assert "ZeroDivisionError" not in detail  # that is bea's
        await screen.press("escape")
        await screen.wait("Sockets 3")


async def test_secrets_are_shown_where_it_was_asked_for(open_console: Open) -> None:
    async with open_console(size=(160, 40), show_secrets=True) as screen:
        await screen.press("enter", "right")
        await screen.wait("t0psecret")


async def test_a_record_opens_whole(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("slash")
        await screen.type("zerodivision")
        await screen.press("enter", "3", "enter")
        await screen.wait("traceback", 'File "chat.py", line 7, in divide', "return a / b")
        await screen.press("escape")
        await screen.wait_gone("return a / b")


async def test_a_filter_narrows_sockets_and_events_as_it_is_typed(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("slash")
        await screen.type("bea")
        text = await screen.wait("Sockets 1 of 3")
        assert "ben" not in text.split("Sockets 1 of 3")[1]
        assert "set mood" not in text
        await screen.press("escape")
        await screen.wait("Sockets 3", "set mood")


async def test_a_filter_asks_for_fields_of_sockets_and_records(open_console: Open) -> None:
    async with open_console(size=(120, 40)) as screen:
        await screen.press("slash", *"who:bob")
        text = await screen.wait("Sockets 1 of 3", "private message")
        assert "ZeroDivisionError" not in text  # that is bea's
        await screen.press(*" ack>40ms")
        text = await screen.wait("Sockets 1 of 3", "ack of private")
        assert "set mood" not in text
        await screen.press(*["backspace"] * 4, *"1s")
        await screen.wait("nothing matches the filter")


async def test_what_is_wrong_with_a_filter_is_said_in_place_and_what_was_found_stays(open_console: Open) -> None:
    async with open_console(size=(120, 40)) as screen:
        await screen.press("slash", *"who:bob")
        await screen.wait("Sockets 1 of 3")
        await screen.press("right_parenthesis")
        await screen.wait("✗ ')' is not expected here", "Sockets 1 of 3")
        await screen.press("backspace", *" nobody:x")
        await screen.wait('✗ there is no field "nobody"')
        await screen.press(*["backspace"] * 9, *" ack>soon")
        await screen.wait("✗ soon is no duration")
        await screen.press(*["backspace"] * 4, *"1ms")
        await screen.wait("Sockets 1 of 3")
        assert "✗ soon" not in screen.text()
        await screen.press("escape")
        await screen.wait("Sockets 3")


async def test_a_filter_is_completed_by_what_there_is(open_console: Open) -> None:
    async with open_console(size=(120, 40)) as screen:
        await screen.press("slash", *"ev")
        await screen.wait("event:")
        await screen.press("right", *"ne", "right")
        text = await screen.wait("[1 Sockets] event:news", "×2")
        assert "ack #12" not in text


async def test_a_filter_that_matches_nothing_says_so(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("slash")
        await screen.type("nobody")
        await screen.wait("no socket matches the filter", "Sockets 0 of 3")


async def test_pause_keeps_the_timeline_still_and_counts_what_is_new(open_console: Open) -> None:
    make = Maker(epoch=2)
    async with open_console() as screen:
        await screen.press("p")
        await screen.wait("paused")
        await screen.feed(*(make.received(BOB, "later", number) for number in range(30)))
        text = await screen.wait("paused  +30 new")
        assert "later" not in text
        await screen.press("p")
        await screen.wait_gone("paused")
        await screen.wait("later", "[29]")


async def test_moving_up_stops_following_and_end_follows_again(open_console: Open) -> None:
    make = Maker(epoch=2)
    async with open_console() as screen:
        await screen.press("3", "up")
        await screen.feed(make.received(BOB, "later"))
        await screen.wait("+1 new")
        await screen.press("end")
        await screen.wait_gone("paused")


async def test_the_selected_socket_stays_selected_while_others_come_and_go(open_console: Open) -> None:
    make = Maker(epoch=2)
    async with open_console(size=(160, 40)) as screen:
        await screen.press("down")
        await screen.wait(f"bea · {BEA}")
        await screen.feed(make(records.Disconnected, socket=BOB, reason="transport close"))
        await screen.wait("Sockets 2", f"bea · {BEA}")
        await screen.press("S")
        await screen.wait(f"bea · {BEA}")
        await screen.press("s", "s")
        await screen.wait("sorted by nsp", f"bea · {BEA}")


async def test_a_socket_that_went_can_still_be_looked_at(open_console: Open) -> None:
    make = Maker(epoch=2)
    async with open_console(size=(160, 40)) as screen:
        await screen.press("enter")
        await screen.feed(make(records.Disconnected, socket=BOB, reason="ping timeout", rooms=frozenset({"lobby"})))
        await screen.wait("gone")
        await screen.press("left")
        await screen.wait("disconnected", "ping timeout")


async def test_the_log_has_a_pane_of_its_own(open_console: Open) -> None:
    async with open_console(size=(80, 24)) as screen:
        await screen.press("6")
        text = await screen.wait("chat is up", "warning: token=••••••")
        assert "t0psecret" not in text
        await screen.press("slash")
        await screen.type("warning")
        await screen.wait_gone("chat is up")


async def test_disconnecting_asks_first_and_says_whom(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("d")
        await screen.wait("Disconnect 1 socket?", f"bob · {BOB} · /", "10.0.0.7")
        await screen.press("escape")
        assert screen.link.commands == []
        await screen.press("d", "y")
        await screen.wait("bob is disconnected")
        await screen.press("d", "c")
        await screen.wait("bob is disconnected, with the whole connection")
    assert screen.link.commands == [Disconnect(sockets=(BOB,)), Disconnect(sockets=(BOB,), close=True)]


async def test_a_disconnect_that_failed_says_why(open_console: Open) -> None:
    async with open_console() as screen:
        screen.link.answer = CommandResult(ok=False, error="the app did not answer")
        await screen.press("d", "enter")
        await screen.wait("failed: the app did not answer")


async def test_help_names_every_key_and_escape_closes_it(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("question_mark")
        await screen.wait("─ Help ─", "Here, in Sockets", "Disconnect it, the marked")
        await screen.press("right")
        await screen.wait("field:text", "event:message")
        await screen.press("right")
        await screen.wait("In the timeline", "the app raised")
        await screen.press("escape")
        await screen.wait_gone("─ Help ─")


async def test_footers_that_were_are_let_go(open_console: Open) -> None:
    async with open_console() as screen:
        for _ in range(20):
            await screen.press("slash")  # each has other keys in the footer
            await screen.press("escape")
        gc.collect()
        kept = sum(isinstance(each, FooterKey) for each in gc.get_objects())
        assert 0 < kept <= 4 * len(screen.app.screen.query(FooterKey))


async def test_the_footer_shows_the_keys_that_work_now(open_console: Open) -> None:
    async with open_console(size=(80, 24)) as screen:
        footer = screen.text().splitlines()[-1]
        assert all(word in footer for word in ("filter", "open", "pause", "message", "disconnect", "help", "quit"))
        assert "restart" not in footer
        await screen.press("slash")
        await screen.pilot.pause()
        footer = screen.text().splitlines()[-1]
        assert "disconnect" not in footer


async def test_a_server_that_ended_says_so_and_can_be_started_again(open_console: Open) -> None:
    async with open_console(size=(80, 24)) as screen:
        await screen.press("R")
        assert screen.link.restarts == 0
        screen.link.status = LinkStatus(LinkState.STOPPED, "the server was killed by SIGKILL")
        await screen.wait("■ stopped", "killed by SIGKILL", "R starts it again")
        await screen.press("d")
        assert "Disconnect 1 socket?" not in screen.text()
        await screen.press("R")
        assert screen.link.restarts == 1


async def test_a_narrow_banner_says_what_there_is_room_for(open_console: Open) -> None:
    async with open_console(size=(80, 24)) as screen:
        why = "the target could not be loaded; the next save tries again"
        screen.link.status = LinkStatus(LinkState.STOPPED, why)
        text = await screen.wait(f"{why}.  6 shows its log", "R restart", "q quit")
        assert "R starts" not in text
        screen.link.status = LinkStatus(LinkState.STOPPED, "gone")
        await screen.wait("gone.  6 shows its log,  R starts it again,  q ends the console")


async def test_read_only_does_not_act(open_console: Open) -> None:
    make = Maker()
    info = records.ServerInfo(target="chat:io", features=("READ_ONLY",))
    async with open_console([make(records.ServerStarted, info=info), *make.socket("a", user="bob")]) as screen:
        await screen.press("d")
        await screen.wait("disconnect: the server is read-only")
        assert "Disconnect 1" not in screen.text()
        await screen.press("m")
        await screen.wait("message: the server is read-only")
        assert "Private message" not in screen.text()


async def test_nobody_is_connected_yet_says_where_to_connect(open_console: Open) -> None:
    async with open_console([]) as screen:
        await screen.wait("no sockets yet: clients connect to http://127.0.0.1:5000", "nothing has happened yet")


async def test_lost_records_are_counted_at_the_top(open_console: Open) -> None:
    make = Maker()
    async with open_console([make(records.Gap, lost=7, why="this console was too slow")]) as screen:
        await screen.wait("lost 7", "7 records lost: this co")


async def test_copying_puts_the_record_or_the_id_on_the_clipboard(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("y", "y")
        assert screen.app.clipboard == BOB
        await screen.press("3", "y", "y")
        assert '"kind": "attribute_set"' in screen.app.clipboard


async def test_a_search_in_the_timeline_goes_on_behind_a_dialog(
    open_console: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "REDRAW", 3_600.0)  # behind a dialog, nothing else is drawn any more
    look, looks = Timeline._go_on, False

    def look_on(shown: Timeline, seconds: float) -> None:
        if looks or shown.filter is None:
            look(shown, seconds)

    monkeypatch.setattr(Timeline, "_go_on", look_on)
    make = Maker()
    events = [make.received(BOB, "tick", number) for number in range(20_000)]
    async with open_console([*make.socket(BOB), *events]) as screen:
        await screen.press("3", "slash", *"tick", "enter")
        await screen.wait("searching 0%", "0 found")
        shown: Any = screen.app.screen.query_one("#event-list")
        await screen.press("question_mark")
        await screen.wait("Here, in Events")
        looks = True
        assert await poll(lambda: shown.timeline.progress == 1, 10)
        assert "Here, in Events" in screen.text()
        await screen.press("escape")
        await screen.wait("20 000 found")
