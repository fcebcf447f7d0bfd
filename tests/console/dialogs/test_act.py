"""Acting from the main screen: on the marked sockets, or on what the cursor is on."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from console.actions import act
from console.link.base import LinkState, LinkStatus
from console.state.refs import RoomRef
from console.state.state import State
from server_core import records
from server_core.records import (
    Ack,
    CommandResult,
    DeleteAttribute,
    Disconnect,
    Drop,
    Emit,
    Join,
    Leave,
    SetAttribute,
    Simulate,
)
from tests.console.screens.conftest import BEA, BEN, BOB, Open, Screen, chat, crowd
from tests.support.make import Maker


async def go_to_event(screen: Screen, text: str) -> None:
    """Put the cursor on the only event with this text."""
    await screen.press("3", "slash")
    await screen.paste(text)
    await screen.press("enter")
    await screen.wait(text)


async def test_joining_leaving_and_moving(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("j")
        await screen.wait("Join rooms: 1 socket", "bob", "into which room?")
        await screen.press("enter")
        await screen.paste('new, "a, b"')
        await screen.wait(f'io.in_("{BOB}").sockets_join(["new", "a, b"])')
        await screen.press("enter")
        await screen.wait("bob is in new, a, b now")
        await screen.press("l")
        await screen.wait("Leave rooms: 1 socket", "[X] lobby", 'sockets_leave("lobby")')
        await screen.press("enter")
        await screen.wait("bob is out of lobby now")
        await screen.press("M")
        await screen.paste("dev")
        await screen.wait('sockets_join("dev")', 'sockets_leave("lobby")')
        await screen.press("enter")
        await screen.wait("bob is in dev now; bob is out of lobby now")
    assert screen.link.commands == [
        Join(sockets=(BOB,), rooms=("new", "a, b")),
        Leave(sockets=(BOB,), rooms=("lobby",)),
        Join(sockets=(BOB,), rooms=("dev",)),
        Leave(sockets=(BOB,), rooms=("lobby",)),
    ]


async def test_what_fails_halfway_stops_there_and_says_why(open_console: Open) -> None:
    async with open_console() as screen:
        screen.link.answer = CommandResult(ok=False, error=f"socket {BOB} is not connected to /")
        await screen.press("M")
        await screen.paste("dev")
        await screen.press("enter")
        await screen.wait("failed:", "may have left meanwhile")
    assert screen.link.commands == [Join(sockets=(BOB,), rooms=("dev",))]


async def test_marks_are_what_actions_are_about(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("space", "space")
        await screen.wait("● 2 marked")
        await screen.press("m")
        await screen.wait("2 marked sockets: bob and bea", "@marked")
        await screen.press("ctrl+s")
        await screen.wait("✓ sent")
        await screen.press("escape", "I")
        await screen.wait("● 1 marked")
        await screen.press("d", "y")
        await screen.wait("ben is disconnected from /chat")
        await screen.press("A", "d")
        await screen.wait("Disconnect 3 sockets?", "3 sockets: bob, bea and ben")
        await screen.press("c")
        await screen.wait("with the whole connection")
        await screen.press("u")
        await screen.wait_gone("marked")
        await screen.press("slash")
        await screen.paste("bea")
        await screen.press("enter", "A")
        await screen.wait("● 1 marked")
    assert screen.link.commands == [
        Emit(rooms=(BOB, BEA), event="private message", args='["hello"]'),
        Disconnect(nsp="/chat", sockets=(BEN,)),
        Disconnect(nsp="/", sockets=(BOB, BEA), close=True),
        Disconnect(nsp="/chat", sockets=(BEN,), close=True),
    ]


async def test_more_than_ten_are_disconnected_once_their_number_is_typed(open_console: Open) -> None:
    async with open_console(crowd(12)) as screen:
        await screen.press("A", "X")
        await screen.wait("Disconnect 12 sockets?", "user0, user1", "and 6 others", "type 12 to confirm")
        await screen.press("t")
        await screen.wait("✗ type 12 to confirm")
        assert screen.link.commands == []
        await screen.press("1", "t")
        assert screen.link.commands == []
        await screen.press("2", "t")
        await screen.wait("cut off")
    (command,) = screen.link.commands
    assert isinstance(command, Drop)
    assert len(command.sockets) == 12


async def test_everybody_is_kicked_from_a_room(open_console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(act, "rooms", lambda _screen: [RoomRef("/", "lobby"), RoomRef("/", "nowhere")])
    async with open_console() as screen:
        await screen.press("K")
        await screen.wait("Kick 2 sockets from lobby?", "bob and bea", '.sockets_leave("lobby")')
        await screen.press("y")
        await screen.wait("bob and bea are out of lobby now")
        await screen.press("e")
        await screen.wait("room lobby (2 sockets), room nowhere (nobody is in it now)")
        await screen.press("escape", "l")
        await screen.wait("[X] lobby")
        await screen.press("escape")
    assert screen.link.commands == [Leave(sockets=(BOB, BEA), rooms=("lobby",))]


async def test_simulating_shows_what_the_handler_answers_or_raises(open_console: Open) -> None:
    async with open_console() as screen:
        screen.link.answer = CommandResult(ok=True, sockets=1, acks=(Ack(socket=BOB, data='[{"ok":1}]', elapsed=0.01),))
        await screen.press("i")
        await screen.wait("Simulate an incoming event in /", f"socket bob ({BOB})")
        # begins with what the client itself sent last
        await screen.wait(
            'as its client would: socket.timeout(2000).emitWithAck("private message"', f'["{BEA}", "hello"]'
        )
        await screen.press("ctrl+s")
        await screen.wait('✓ the handler answered after 10 ms: [{"ok":1}]')
        screen.link.answer = CommandResult(ok=False, error="ValueError: bang")
        await screen.press("ctrl+s")
        await screen.wait("✗ failed: ValueError: bang")
        screen.link.answer = CommandResult(ok=True, sockets=1)
        await screen.press("ctrl+s")
        await screen.wait("✓ handled: it sent no ack")
    assert (
        screen.link.commands
        == [
            Simulate(socket=BOB, event="private message", args=f'["{BEA}","hello"]', ack=2.0),
        ]
        * 3
    )


async def test_what_is_simulated_and_what_is_emitted_have_histories_of_their_own(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("m")
        await screen.fill("event", "news")
        await screen.press("ctrl+s")
        await screen.wait("✓ sent")
        await screen.press("escape", "i")
        await screen.wait("Simulate", "private message")  # what bob's client sent last
        await screen.press("up")
        assert "news" not in screen.text().partition("╰")[0]
        await screen.fill("event", "search")
        await screen.press("ctrl+s")
        await screen.wait("✓ handled")
        await screen.press("ctrl+t")
        text = await screen.wait("Messages", "search")
        assert "news" not in text.partition("Messages")[2].partition("╰")[0]
        await screen.press("escape", "escape", "i")
        await screen.wait('emitWithAck("search"')
        await screen.press("escape", "m")
        await screen.wait('emit("news"')
        await screen.press("up")
        await screen.wait('emit("news"')


async def test_a_client_that_sent_nothing_yet(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("down", "i")
        await screen.wait("Simulate", "bea", 'emitWithAck("message", "hello")')


async def test_rooms_are_those_of_now_while_the_dialog_is_open(open_console: Open) -> None:
    make = Maker(epoch=2)
    async with open_console() as screen:
        await screen.press("l")
        await screen.wait("Leave rooms: 1 socket", "[X] lobby")
        await screen.feed(make(records.RoomJoined, socket=BOB, room="vip"))
        await screen.wait("[ ] vip", "[X] lobby")
        await screen.feed(make(records.RoomLeft, socket=BOB, room="lobby"))
        await screen.wait('sockets_leave("vip")')
        await screen.press("escape", "e")
        await screen.fill("to", "vip")
        await screen.wait("room vip (1 socket)")
        await screen.feed(make(records.RoomJoined, socket=BEA, room="vip"))
        await screen.wait("room vip (2 sockets)")


async def test_enter_says_what_is_missing_and_goes_there(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("M")
        await screen.wait("Move to other rooms", "into which room?")
        await screen.focus("rooms")
        await screen.press("enter")
        await screen.wait("✗ into which room?")
        assert getattr(screen.app.focused, "id", "") == "room"
        await screen.paste("dev")
        await screen.focus("rooms")
        await screen.press("enter")
        await screen.wait("bob is in dev now")


@pytest.mark.parametrize("keys", [("right", "right", "right"), ()], ids=["tab", "overview"])
async def test_the_attribute_under_the_cursor_is_the_one_that_is_changed(
    open_console: Open, keys: tuple[str, ...]
) -> None:
    async with open_console() as screen:
        await screen.press("enter", *keys)
        await screen.wait("mood")
        detail: Any = screen.app.focused
        await screen.press(*["home"], *["down"] * next(n for n in range(20) if _attribute_at(detail, n) == "mood"))
        await screen.press("a")
        await screen.wait("Attached attribute", "name   mood", 'socket.mood = "good"')
        assert getattr(screen.app.focused, "id", "") == "value"


def _attribute_at(detail: Any, row: int) -> str:
    block, inside = detail._at(row)
    return str(block.attribute(inside))


async def test_an_event_is_sent_again_as_it_was_or_changed(open_console: Open) -> None:
    make = Maker()
    binary = make(
        records.EventReceived,
        socket=BEA,
        data='["upload",{"token":"t0p","data":{"_placeholder":true,"num":0}}]',
        attachments=(b"\x00\xff",),
        id=3,
    )
    async with open_console([*chat(), binary]) as screen:
        await go_to_event(screen, "upload")
        await screen.press("r")
        await screen.wait("upload was handled as if bea had sent it")
        await screen.press("E")
        await screen.wait("Simulate an incoming event", '"token": "••••••1"', '{"$b64": "AP8="}')
        await screen.fill("event", "upload2")
        await screen.press("ctrl+s")
        await screen.wait("✓ handled")
        await screen.press("escape", "x")
        await screen.wait("Send again", "say to whom")
        await screen.fill("to", "lobby")
        await screen.press("ctrl+s")
        await screen.wait("✓ sent")
        await screen.press("escape", "escape")
        await go_to_event(screen, "news")
        await screen.press("r")
        await screen.wait("news is sent")
        await screen.press("E")
        await screen.wait("room lobby (2 sockets)", '{"n": 1}')
        await screen.press("escape")
    args = '[{"token":"t0p","data":{"_placeholder":true,"num":0}}]'
    assert screen.link.commands == [
        Simulate(socket=BEA, event="upload", args=args, attachments=(b"\x00\xff",), ack=2.0),
        Simulate(socket=BEA, event="upload2", args=args, attachments=(b"\x00\xff",), ack=2.0),
        Emit(rooms=("lobby",), event="upload", args=args, attachments=(b"\x00\xff",)),
        Emit(rooms=("lobby",), event="news", args='[{"n":1}]'),
    ]


async def test_attributes_are_set_and_deleted(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("a")
        await screen.paste("mood")
        await screen.wait('"good"', 'socket.mood = "good"')
        await screen.fill("value", '{"a": ')
        await screen.wait("✗ not JSON")
        await screen.press("ctrl+s")
        await screen.fill("value", '{"a": [true]}')
        await screen.press("ctrl+s")
        await screen.wait("mood of bob is set")
        await screen.press("a", "ctrl+x")
        await screen.wait("nothing is attached under this name")
        await screen.paste("mood")
        await screen.press("ctrl+x")
        await screen.wait("mood of bob is deleted")
    assert screen.link.commands == [
        SetAttribute(socket=BOB, name="mood", value='{"a":[true]}'),
        DeleteAttribute(socket=BOB, name="mood"),
    ]


async def test_an_attribute_has_a_name_that_python_takes(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("a")
        for name in ("no-name", "class", "a b"):
            await screen.fill("name", name)
            await screen.fill("value", "1")
            await screen.wait(f"✗ {name} can't be an attribute's name: socket.{name} is no Python")
            await screen.press("ctrl+s")
        await screen.fill("name", "naïve")
        await screen.wait("socket.naïve = 1")
    assert screen.link.commands == []


def started(features: tuple[str, ...]) -> list[Any]:
    made: list[Any] = chat()
    return [msgspec.structs.replace(made[0], info=msgspec.structs.replace(made[0].info, features=features)), *made[1:]]


async def test_what_can_not_be_done_says_why(open_console: Open) -> None:
    async with open_console(started(("EMIT",))) as screen:
        await screen.press("j")
        await screen.wait("join: this server can't let sockets join rooms")
        await screen.press("i")
        await screen.wait("simulate: this server can't simulate incoming events")
        screen.app.session.state = State()  # as while it is back in time
        await screen.press("e")
        await screen.wait("emit: this is the past")
        screen.app.session.state = screen.app.session.live
        screen.link.status = LinkStatus(LinkState.LOST, "the link broke")
        await screen.press("X")
        await screen.wait("cut off: not connected: the link broke")
    assert screen.link.commands == []
    async with open_console(started(("READ_ONLY",))) as screen:
        for key in "emijlMdXa":
            await screen.press(key)
            await screen.wait("the server is read-only")
            assert len(screen.app.screen_stack) == 2
    assert screen.link.commands == []


async def test_no_is_no(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("d")
        await screen.wait("Disconnect 1 socket?")
        await screen.press("n")
        await screen.wait_gone("Disconnect 1 socket?")
    assert not screen.link.commands


async def test_enter_on_the_ack_sends_and_leaves_it_ticked(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("m", "tab", "tab", "space")
        await screen.wait("emit_with_ack")
        await screen.press("enter")
        await screen.wait("sent to 1 socket")
    (sent,) = screen.link.commands
    assert isinstance(sent, Emit)
    assert sent.ack == 2


async def test_every_dialog_fits_the_smallest_terminal(open_console: Open) -> None:
    async with open_console(crowd(30), size=(80, 24), filters={f"filter{n}": "x" * 200 for n in range(30)}) as screen:
        await screen.press("A")
        for key in (*"emjlMdXcoywtTf", "question_mark"):
            await screen.press(key)
            await screen.wait("esc")
            dialog = screen.app.screen.query_one("#dialog")
            for part in (dialog, *screen.app.screen.query("#keys, #buttons")):
                assert screen.app.screen.region.contains_region(part.region), (key, part, screen.text())
            for keys in screen.app.screen.query("#keys"):
                line = screen.text().splitlines()[keys.region.bottom - 1]
                assert line.rstrip(" │").endswith("close esc"), (key, screen.text())
            await screen.press("escape")
            await screen.wait_gone("close esc")
