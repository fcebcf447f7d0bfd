"""Each view and the ways between them, by keys and by what can be read."""

from __future__ import annotations

from typing import Any, cast

import pytest
from textual import events

from console.state.state import State
from console.widgets.detail import Detail
from server_core import records
from server_core.records import AnyRecord, ServerInfo
from tests.console.screens.conftest import BEA, BOB, Open, Screen, chat
from tests.support.make import NOON, Maker

SIZES = [(80, 24), (120, 40), (200, 50)]
sizes = pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)


def detail(screen: Screen) -> str:
    """What the detail of the view that is shown reads."""
    region = screen.app.screen.query_one(f"#{screen.app.screen.view.id}-detail").region  # type: ignore[attr-defined]
    lines = screen.text().splitlines()[region.y : region.bottom]
    return "\n".join(line[region.x : region.right] for line in lines)


async def go_to(screen: Screen, text: str) -> None:
    """Put the detail's cursor on the row with a text, from above."""
    await screen.press("home")
    widget: Any = screen.app.screen.focused
    for row in range(widget.row_count()):
        if text in "".join(piece for piece, _ in widget.pieces(row, 200)):
            await screen.press(*["down"] * row)
            return
    raise AssertionError(f"no row with {text}:\n{detail(screen)}")


@sizes
async def test_rooms_are_listed_with_members_and_opened(open_console: Open, size: tuple[int, int]) -> None:
    async with open_console(size=size) as screen:
        await screen.press("2")
        text = await screen.wait("[2 Rooms]", "Rooms 1", "lobby", "public")
        assert "private" not in text.split("Rooms 1")[1]
        await screen.press("enter")
        await screen.wait("lobby · /", "2 sockets", "events to it  1", BOB, BEA)
        await go_to(screen, BEA)
        await screen.press("enter")
        await screen.wait("[1 Sockets]", f"bea · {BEA}", "Overview")
        await screen.press("escape")
        await screen.wait("[2 Rooms]", "lobby · /")
        await screen.press("enter")  # the cursor is where it was
        await screen.wait("[1 Sockets]", f"bea · {BEA}")
        await screen.press("escape", "escape")
        await screen.wait("Rooms 1")
        assert screen.app.screen.focused is screen.app.screen.query_one("#room-table")


async def test_own_rooms_are_listed_when_asked(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("2", "O")
        await screen.wait("Rooms 4", "private", "bob · ojIckSD2")
        await screen.press("O")
        await screen.wait("Rooms 1")


async def test_what_is_sent_to_a_room_is_among_its_events(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("2", "right")
        await screen.wait("news", "joined", "Events")
        assert "private message" not in detail(screen)
        make = Maker(epoch=2)
        await screen.feed(make.sent("more news", rooms=("lobby",), sockets=2))
        await screen.wait("more news")
        await screen.press("enter")
        await screen.press("end", "enter")
        await screen.wait("[3 Events]", "→ #lobby more news", "recipients: 2", BOB, BEA)


@sizes
async def test_an_event_opens_with_its_ack_and_its_sender(open_console: Open, size: tuple[int, int]) -> None:
    async with open_console(size=size) as screen:
        await screen.press("3", "slash")
        await screen.type("dir:in event:/private/")
        await screen.press("enter", "end", "enter")
        await screen.wait("← bob private message", "ack id", "after 44 ms", "arg[1]", '"hello"')
        await go_to(screen, "✓ at")
        await screen.press("enter")
        await screen.wait("✓ bob ack of private message", "ok: true")
        await go_to(screen, "← private message")
        await screen.press("enter")
        await screen.wait("← bob private message")
        await go_to(screen, "from")
        await screen.press("enter")
        await screen.wait("[1 Sockets]", f"bob · {BOB}")
        for title in ("← bob private message", "✓ bob ack of private message", "← bob private message"):
            await screen.press("escape")
            await screen.wait(title)
        await screen.press("escape")
        await screen.wait("event:/private/")


@sizes
async def test_what_is_looked_for_in_a_detail_is_seen_as_it_is_typed(open_console: Open, size: tuple[int, int]) -> None:
    async with open_console(size=size) as screen:
        await screen.press("enter", "slash", *"lobby")
        await screen.wait("⏎ read on there", f"bob · {BOB}", "namespace")
        await screen.press("enter")
        await screen.wait("/ find", f"bob · {BOB}")
        assert screen.app.focused is screen.app.screen.query_one("#sockets-detail")


async def test_an_event_shows_its_handlers_exception(open_console: Open) -> None:
    make = Maker(epoch=2)
    async with open_console(size=(200, 50)) as screen:
        await screen.feed(
            make.received(BEA, "divide", 1, 0),
            make(
                records.HandlerException,
                socket=BEA,
                where="on 'divide'",
                type="ZeroDivisionError",
                message="division by zero",
                traceback="Traceback (most recent call last):\n  here\n",
            ),
        )
        await screen.press("3", "up", "enter")
        await screen.wait("← bea divide", "raised", "! ZeroDivisionError: division by zero", "Traceback (most")
        await go_to(screen, "raised")
        await screen.press("enter")
        await screen.wait("! bea ZeroDivisionError", "← divide at")


async def test_recipients_are_those_of_that_moment(open_console: Open) -> None:
    make = Maker(epoch=2)
    async with open_console() as screen:
        await screen.feed(
            make.sent("then", rooms=("lobby",), sockets=2),
            make(records.RoomLeft, socket=BEA, room="lobby"),
            make(records.Disconnected, socket=BOB, reason="ping timeout", rooms=frozenset({"lobby", BOB})),
            *make.socket("late", rooms=("lobby",), user="late"),
        )
        await screen.press("slash")
        await screen.type("event:then")
        await screen.press("enter", "3", "end", "enter")
        await screen.wait("recipients: 2", BOB, BEA, "gone")
        assert "late" not in detail(screen)


@sizes
async def test_clients_have_transport_rtt_and_bytes(open_console: Open, size: tuple[int, int]) -> None:
    make = Maker(epoch=2)
    engine = f"engine-{BEA}"
    async with open_console(size=size) as screen:
        await screen.feed(*(make(records.EngineHeartbeat, engine=engine, rtt=0.01 * n) for n in range(1, 9)))
        await screen.press("4")
        await screen.wait("[4 Clients]", "Clients 3", "⇄ websocket", "engine-N", "80 ms")
        await screen.press("down", "enter")
        await screen.wait(f"bea · {engine}", "upgraded", ", after", "▆▇█", "of the last 8: 10 ms to 80 ms")
        await screen.wait("user agent", "1 socket")
        await go_to(screen, f"{BEA}  /")
        await screen.press("enter")
        await screen.wait("[1 Sockets]", f"bea · {BEA}")
        await go_to(screen, "engine")
        await screen.press("enter")
        await screen.wait("[4 Clients]", f"bea · {engine}")


@sizes
async def test_servers_have_their_figures_and_plots(open_console: Open, size: tuple[int, int]) -> None:
    make = Maker(epoch=2)
    started = ServerInfo(target="chat:io", url="http://127.0.0.1:5000", pid=42, library="server_core 1", started=NOON)
    async with open_console(size=size) as screen:
        at = NOON + 58_000_000_000
        await screen.feed(
            make(records.Sync, info=started),
            *make.socket("a", rooms=("x",), user="ann"),
            *(make.received("a", "tick", n, time=at) for n in range(7)),
            make(records.ServerStats, lag=0.001, cpu=1.0, memory=50_000_000, time=at),
            make(records.ServerStats, lag=0.025, cpu=1.5, memory=60_000_000, time=at + 1_000_000_000),
        )
        await screen.press("5")
        await screen.wait("[5 Servers]", "Servers 1", "chat:io", "42", "25 ms", "50%")
        await screen.press("enter")
        await screen.wait("up", "1m 00s", "server_core 1", "1 on 1 connection", "60.0 MB", "1 socket, 1 room")
        await screen.press("right")
        text = await screen.wait("connections/s", "events in/s  0  highest 7")
        assert any("⠀" < character <= "⣿" for character in text)
        await screen.press("end")
        await screen.wait("loop late by", "highest 25 ms")


async def test_logs_open_whole(open_console: Open) -> None:
    log = Maker(server=records.CONSOLE)
    async with open_console(size=(80, 24)) as screen:
        await screen.feed(
            log(records.Log, stream="stdout", text='{"level": "info", "text": "' + "long " * 40 + 'end"}')
        )
        await screen.press("6", "end", "enter")
        await screen.wait("as JSON", 'level: "info"')
        await screen.press("escape")
        await screen.wait("chat is up")


async def test_one_filter_for_all_views(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("slash")
        await screen.type("who:bob")
        await screen.press("enter", "2")
        await screen.wait("Rooms 1 of 1")
        await screen.press("4")
        await screen.wait("Clients 1 of 3")
        await screen.press("slash", "ctrl+u")
        await screen.type("members>5 or nsp:/chat")
        await screen.press("enter", "2")
        await screen.wait("Rooms 0 of 1", "no room matches the filter")
        await screen.press("4")
        await screen.wait("Clients 1 of 3", "ben")
        await screen.press("5")
        await screen.wait("Servers 1 of 1")


async def test_opening_what_the_filter_hides_brings_the_filter_back_with_escape(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("2", "slash")
        await screen.type("room:lobby who:bob")
        await screen.press("enter", "enter")
        await go_to(screen, BEA)
        await screen.press("enter")
        await screen.wait("[1 Sockets]", f"bea · {BEA}", "Sockets 3")
        await screen.press("escape")
        await screen.wait("[2 Rooms]", "room:lobby who:bob", "lobby · /")


async def test_every_column_sorts_and_says_so(open_console: Open) -> None:
    async with open_console(size=(200, 50)) as screen:
        for view in ("1", "2", "4", "5"):
            await screen.press(view)
            table: Any = screen.app.screen.view.table  # type: ignore[attr-defined]
            for key in table.listing.KEYS:
                ids = set(table.listing.ids)
                if key != table.listing.sort:
                    table.sort_by(key)
                assert table.listing.sort == key
                forward = list(table.listing.ids)
                table.sort_by(key)
                assert table.listing.reverse
                assert set(forward) == set(table.listing.ids) == ids
                table.reverse()


async def test_attributes_are_a_tree_with_former_values(open_console: Open) -> None:
    make = Maker(epoch=2)
    async with open_console() as screen:
        await screen.press("enter", "right", "right", "right")
        await screen.wait('mood: "good"', "▾ user: 1 key", 'name: "bob"')
        await screen.feed(
            make(records.AttributeSet, socket=BOB, name="mood", value='"sleepy"'),
            make(
                records.AttributeSet, socket=BOB, name="cart", value='{"items":[1,2,{"sku":"x"}],"token":"t0psecret"}'
            ),
        )
        await screen.wait('mood: "sleepy"', "before: 1 value", '"good"', "▾ items: 3 items", "token: ••••••")
        await go_to(screen, "items")
        await screen.press("left")
        await screen.wait("▸ items: [1,2,{")
        await screen.press("v")
        await screen.wait('token: "t0psecret"')
        await screen.feed(make(records.AttributeSet, socket=BOB, name="cart", value='{"items":[4],"token":"n3w"}'))
        await screen.wait("▸ items: [4]", 'token: "n3w"')  # what was closed stays closed
        await screen.press("v")
        await screen.wait_gone("n3w")


async def test_a_detail_is_searched(open_console: Open) -> None:
    make = Maker(epoch=2)
    payload = {"list": [{"name": f"item {n}", "password": f"needle {n}"} for n in range(5_000)]}
    async with open_console() as screen:
        await screen.feed(make.received(BOB, "big", payload))
        await screen.press("3", "end", "enter")
        await screen.wait("← bob big", "more: ")
        await screen.press("slash")
        await screen.type("ITEM 437")
        await screen.press("enter")
        await screen.wait('name: "item 437"')
        await screen.press("n")
        await screen.wait('name: "item 4370"')
        await screen.press("N")
        await screen.wait('name: "item 437"')
        await screen.press("slash")
        await screen.type("needle")
        await screen.wait("✗ not in this detail")  # secrets are not found either
        await screen.press("escape")
        await screen.wait("← bob big")
        assert "needle" not in screen.text()


async def test_a_search_that_takes_time_says_how_far_it_is_and_keys_wait_for_what_it_finds(
    open_console: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_on, goes_on = Detail._look_on, False

    def held(detail: Detail, seeking: Any, seconds: float) -> bool:
        return goes_on and look_on(detail, seeking, seconds)

    monkeypatch.setattr(Detail, "_look_on", held)
    make = Maker(epoch=2)
    payload = {"list": [*range(300_000)], "last": {"needle": [1, 2]}}
    async with open_console() as screen:
        await screen.feed(make.received(BOB, "big", payload))
        await screen.press("3", "end", "enter")
        await screen.wait("← bob big", "more: ")
        for key in ("slash", *"needle", "enter", "space"):
            screen.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await screen.wait("searching 0%", "/ find")
        assert "needle" not in screen.text()
        goes_on = True
        await screen.wait("▾ needle: 2 items")  # it was opened there
        assert "searching" not in screen.text()
        goes_on = False
        await screen.press("slash", *"nowhere")
        await screen.wait("searching 0%")
        await screen.press("escape")
        await screen.wait_gone("searching")
        goes_on = True
        await screen.press("slash", *"nowhere")
        await screen.wait("✗ not in this detail")
        await screen.press("enter")
        await screen.wait_gone("✗ not in this detail")
        await screen.press("n")
        await screen.wait("▌ not in this detail")


async def test_binary_is_a_hex_view_with_its_size(open_console: Open) -> None:
    make = Maker(epoch=2)
    data = '["upload",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'
    async with open_console(size=(200, 50)) as screen:
        big = bytes(range(256)) * 4_000
        await screen.feed(make(records.EventReceived, socket=BOB, data=data, attachments=(b"\x00hello\xff", big)))
        await screen.press("3", "end", "enter")
        await screen.wait("arg[0]: <7 B binary, below>", "▾ binary 0 · 7 B", "00 68 65 6c 6c 6f ff", "·hello·")
        await screen.wait("▸ binary 1 · 1.0 MB · 1024000 bytes")
        await go_to(screen, "binary 1")
        await screen.press("space", "end")
        await screen.wait("000f9ff0")


async def test_folding_with_keys(open_console: Open) -> None:
    make = Maker(epoch=2)
    async with open_console() as screen:
        await screen.feed(make.received(BOB, "e", {"a": {"b": [1, 2]}}))
        await screen.press("3", "end", "enter")
        await screen.wait("[1]: 2")
        await go_to(screen, "[1]: 2")
        await screen.press("left", "left")
        await screen.wait_gone("[1]: 2")
        await screen.wait("▸ b: [1,2]")
        await screen.press("enter")
        await screen.wait("[1]: 2")
        await screen.press("space")
        await screen.wait("▸ b: [1,2]")
        await screen.press("right")
        await screen.wait("[1]: 2")


async def test_another_state_is_drawn_at_once(open_console: Open) -> None:
    past = State()
    past.apply(cast("list[AnyRecord]", chat()[:7]))
    async with open_console() as screen:
        session = screen.app.session
        for view, live, then in (
            ("1", "Sockets 3", "Sockets 1"),
            ("2", "Rooms 1", "Rooms 2"),
            ("3", "set mood", "connected"),
            ("4", "Clients 3", "Clients 1"),
            ("6", "chat is up", "has written nothing"),
        ):
            await screen.press(view)
            await screen.wait(live)
            session.state = past
            screen.app.screen.refresh_all()  # type: ignore[attr-defined]
            text = await screen.wait(then)
            assert live not in text
            session.state = session.live
            screen.app.screen.refresh_all()  # type: ignore[attr-defined]
            await screen.wait(live)


async def test_marks_are_kept_by_id_and_shown(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("down", "space")
        await screen.wait("● N8xVt0aQ")
        await screen.press("S")
        await screen.wait("● N8xVt0aQ")
