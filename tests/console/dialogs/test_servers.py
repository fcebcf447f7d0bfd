"""Acting where servers of several kinds are attached: the dialogs speak of the one that has the sockets."""

from __future__ import annotations

from typing import Any

from textual.widgets import Button, Checkbox

from server_core import records
from server_core.records import Disconnect, Emit
from tests.console.screens.conftest import BOB, Open, Screen, chat
from tests.support.make import Maker

#: The stock server, its socket, and what its admin takes.
STOCK, DAN = "127.0.0.1:8202", "dAnnnnnnnnnnnnnnAAAA"
LIBRARY, TAKES = "python-socketio with sio.instrument()", ("EMIT", "JOIN", "LEAVE", "DISCONNECT")


def stock(library: str = LIBRARY, features: tuple[str, ...] = TAKES) -> list[Any]:
    """A server with one socket that is instrumented with python-socketio's own means."""
    make = Maker(STOCK)
    info = records.ServerInfo(url=f"http://{STOCK}", library=library, features=features)
    return [make(records.ServerStarted, info=info), *make.socket(DAN, rooms=("lobby",), user={"name": "dan"})]


async def go_to(screen: Screen, name: str) -> None:
    """Put the cursor on the socket of this name."""
    await screen.press("1", "home")
    for _ in range(5):
        current = screen.app.screen.view.table_of_sockets.selected  # type: ignore[attr-defined]
        if current and screen.app.session.live.label(current) == name:
            return
        await screen.press("down")
    raise AssertionError(screen.text())


def disabled(screen: Screen, id: str) -> bool:
    return screen.app.screen.query_one(f"#{id}", Button).disabled


async def test_a_server_that_closes_no_connection_is_not_asked_to(open_console: Open) -> None:
    async with open_console(stock()) as screen:
        await screen.press("d")
        await screen.wait("Disconnect 1 socket?", f"{LIBRARY} can't close connections", "can't cut connections off")
        assert [disabled(screen, each) for each in ("namespace", "connection", "drop")] == [False, True, True]
        await screen.press("c")
        await screen.wait(f"✗ {LIBRARY} can't close connections")
        await screen.press("y")
        await screen.wait("dan is disconnected from /")
    assert screen.link.commands == [Disconnect(sockets=(DAN,))]


async def test_what_can_be_done_is_what_the_server_of_the_socket_can(open_console: Open) -> None:
    async with open_console([*chat(), *stock()]) as screen:
        await go_to(screen, "bob")
        await screen.press("d")
        await screen.wait("Disconnect 1 socket?")
        assert not disabled(screen, "drop")
        await screen.press("n")
        await go_to(screen, "dan")
        await screen.press("d")
        await screen.wait("Disconnect 1 socket?", f"{STOCK}: {LIBRARY} can't cut connections off")
        assert disabled(screen, "drop")
        await screen.press("n", "i")
        await screen.wait(f"simulate: {STOCK}: ", "simulate incoming events")
        await screen.press("A", "X")  # all of them, dan too
        await screen.wait(f"cut off: {STOCK}: ", "cut connections off")
    assert screen.link.commands == []


async def test_acks_and_words_are_those_of_the_recipients_server(open_console: Open) -> None:
    async with open_console([*chat(), *stock()]) as screen:
        await go_to(screen, "bob")
        await screen.press("i")
        await screen.wait("Simulate an incoming event", "emitWithAck")
        await screen.press("escape", "m", "tab", "tab", "space")
        await screen.wait(f'io.to("{BOB}").timeout(2).emit_with_ack("private message", "hello")')
        await screen.fill("to", "@dan")
        await screen.wait(f'await sio.emit("private message", "hello", to="{DAN}")', "can't ask for acks")
        assert screen.app.screen.query_one("#ack", Checkbox).disabled
        await screen.press("ctrl+s")
        await screen.wait("✓ sent")
        await screen.fill("to", "@bob")  # the tick is still there
        await screen.wait("emit_with_ack")
        await screen.press("escape")
        await go_to(screen, "dan")
        await screen.press("j")
        await screen.paste("vip")
        await screen.wait(f'await sio.enter_room("{DAN}", "vip")')
    assert screen.link.commands == [Emit(rooms=(DAN,), event="private message", args='["hello"]')]


async def test_any_text_is_a_key_of_a_session(open_console: Open) -> None:
    async with open_console(stock("socketio.AsyncServer (python-socketio 5.18.1)", records.FEATURES)) as screen:
        await screen.press("a")
        await screen.fill("name", "no-name")
        await screen.fill("value", "1")
        await screen.wait('["no-name"] = 1')


async def test_one_server_that_is_read_only_refuses_nothing_for_the_others(open_console: Open) -> None:
    async with open_console([*chat(), *stock(features=("READ_ONLY",))]) as screen:
        await go_to(screen, "bob")
        await screen.press("e")
        await screen.wait("Emit", f"socket bob ({BOB})")
        await screen.press("ctrl+s")
        await screen.wait("✓ sent")
        await screen.fill("to", "@dan")
        await screen.press("ctrl+s")
        await screen.wait(f"✗ not sent: {STOCK}: the server is read-only")
        await screen.fill("to", "lobby")  # bob, bea and dan: it goes to those who can get it
        await screen.press("ctrl+s")
        await screen.wait("✓ sent")
        await screen.press("escape")
        await go_to(screen, "dan")
        await screen.press("m")
        await screen.wait(f"message: {STOCK}: the server is read-only")
    assert [each.rooms for each in screen.link.commands if isinstance(each, Emit)] == [(BOB,), ("lobby",)]
