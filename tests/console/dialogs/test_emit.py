"""The dialog that emits an event."""

from __future__ import annotations

from concurrent.futures import Future

import msgspec
import pytest

from console.link.base import LinkState, LinkStatus
from server_core.packets import RESERVED_EVENTS
from server_core.records import Ack, Command, CommandResult, Emit
from tests.console.fake_link import FakeLink
from tests.console.screens.conftest import BEA, BOB, Open, chat, crowd


async def test_what_came_of_a_message_goes_once_it_is_another(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("m", "ctrl+s")
        await screen.wait("✓ sent to 1 socket")
        await screen.fill("args", '"x')
        await screen.wait("✗ not JSON: Unterminated string at column 1")
        assert "✓ sent" not in screen.text()
        await screen.press("ctrl+s")
        assert len(screen.link.commands) == 1


async def test_a_private_message_shows_the_call_and_is_sent(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("m")
        await screen.wait("Private message", f"socket bob ({BOB})", "✓ 1 argument, 9 bytes")
        await screen.wait(f'io.to("{BOB}").emit("private message", "hello")')
        await screen.press("ctrl+s")
        await screen.wait("✓ sent to 1 socket")
        await screen.press("escape")
        await screen.wait_gone("Private message")
    assert screen.link.commands == [Emit(rooms=(BOB,), event="private message", args='["hello"]')]


async def test_as_another_socket_its_id_is_the_first_argument_unless_unticked(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("m", "shift+tab")
        await screen.paste("bea")
        await screen.wait("does not get the message itself", "X", "its id is the first argument")
        await screen.wait(f'socket.to("{BOB}").emit("private message", "{BEA}"')
        await screen.press("ctrl+s")
        await screen.wait("✓ sent")
        await screen.press("tab", "space", "ctrl+s")
        await screen.wait(f'socket.to("{BOB}").emit("private message", "hello")')
    first, second = screen.link.commands
    assert first == Emit(rooms=(BOB,), event="private message", args=f'["{BEA}","hello"]', sender=BEA)
    assert second == Emit(rooms=(BOB,), event="private message", args='["hello"]', sender=BEA)


async def test_nobody_by_that_name_is_said_and_not_sent(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("m", "shift+tab")
        await screen.paste("ben")  # he is in another namespace
        await screen.wait("no one socket of / has this name")
        await screen.press("ctrl+s")
    assert screen.link.commands == []


async def test_to_rooms_and_sockets_but_not_to_others(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("e")
        await screen.fill("to", "lobby, nowhere, @bea")
        await screen.wait("room lobby (2 sockets), room nowhere (nobody is in it now), socket bea", "→ 2 sockets")
        await screen.fill("except", "@bob")
        await screen.wait("→ 1 socket: bea")
        await screen.fill("event", "news")
        await screen.wait(f'io.to(["lobby", "nowhere", "{BEA}"]).except_("{BOB}").emit("news",')
        await screen.press("enter")
        await screen.wait("✓ sent to 1 socket")
    assert screen.link.commands == [
        Emit(rooms=("lobby", "nowhere", BEA), except_=(BOB,), event="news", args='["hello"]')
    ]


async def test_to_a_namespace_that_is_there(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("e")
        await screen.fill("to", "*")
        await screen.wait("all of /: 2 sockets")
        await screen.fill("in", "/new")
        await screen.wait("no socket is in this namespace")
        await screen.press("ctrl+s")
        assert screen.link.commands == []
        await screen.fill("in", "/chat")
        await screen.wait("all of /chat: 1 socket", 'io.of("/chat").emit("private message", "hello")')
        await screen.press("ctrl+s")
        await screen.wait("✓ sent")
    assert screen.link.commands == [Emit(nsp="/chat", event="private message", args='["hello"]')]


async def test_nobody_addressed_is_nothing_sent(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("e")
        await screen.fill("to", "")
        await screen.wait("say to whom")
        await screen.press("ctrl+s")
        await screen.wait("say to whom")
        assert screen.app.focused is not None
        assert screen.app.focused.id == "to"
    assert screen.link.commands == []


async def test_binary_and_several_lines_of_arguments(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("m")
        await screen.fill("args", '["a", {"$b64": "AAH/"}]')
        await screen.wait("✓ 2 arguments, 38 bytes, 3 B of them binary", "b'\\x00\\x01\\xff'")
        await screen.press("ctrl+o")
        await screen.wait('"$b64": "AAH/"')
        await screen.press("ctrl+s")
        await screen.wait("✓ sent")
    (command,) = screen.link.commands
    assert isinstance(command, Emit)
    assert command.args == '["a",{"_placeholder":true,"num":0}]'
    assert command.attachments == (b"\x00\x01\xff",)


async def test_an_ack_is_waited_for_and_shown_with_its_time(open_console: Open) -> None:
    async with open_console() as screen:
        screen.link.answer = CommandResult(ok=True, sockets=1, acks=(Ack(socket=BOB, data='["yes"]', elapsed=0.044),))
        await screen.press("m", "tab", "tab", "space")
        await screen.wait("timeout(2).emit_with_ack(")
        await screen.press("ctrl+s")
        await screen.wait('✓ ack after 44 ms: ["yes"]')
        screen.link.answer = CommandResult(ok=True, sockets=1, acks=(Ack(socket=BOB, elapsed=2.0),))
        await screen.press("ctrl+s")
        await screen.wait("✗ no ack within 2.0 s")
        screen.link.answer = CommandResult(ok=False, error="no socket of / is in x")
        await screen.press("ctrl+s")
        await screen.wait("✗ failed: no socket of / is in x")
        await screen.fill("seconds", "0")
        await screen.wait("more than 0 and at most 600")
        await screen.press("ctrl+s")
    assert [command.ack for command in screen.link.commands if isinstance(command, Emit)] == [2.0, 2.0, 2.0]


async def test_the_acks_of_many_are_counted_and_listed(open_console: Open) -> None:
    async with open_console(crowd(9, among=chat())) as screen:
        ids = [socket.id for socket in screen.app.session.live.sockets() if socket.id.startswith("crowd")]
        acks = tuple(
            Ack(socket=id, data=None if number == 3 else f"[{number}]", elapsed=number / 100)
            for number, id in enumerate(ids)
        )
        screen.link.answer = CommandResult(ok=True, sockets=9, acks=acks)
        await screen.press("e")
        await screen.fill("to", "crowd")
        await screen.focus("ack")
        await screen.press("space")
        await screen.press("ctrl+s")
        await screen.wait("sent to 9 sockets: ✓ 8 answered", "✗ 1 timed out", "slowest 80 ms")
        text = await screen.wait("user3", "timed out", "user8", "80 ms", "[8]")
        assert text.index("timed out", text.index("acks")) < text.index("user8")
        await screen.focus("acks")
        await screen.press("down", "enter")
        await screen.wait("ack of user8", "elapsed")
        await screen.press("escape", "escape")


async def test_thousands_of_acks_scroll(open_console: Open) -> None:
    async with open_console(size=(80, 24)) as screen:
        acks = tuple(Ack(socket=f"{number:08}", data=f"[{number}]", elapsed=number / 1e4) for number in range(5000))
        screen.link.answer = CommandResult(ok=True, sockets=5000, acks=acks)
        await screen.press("m", "tab", "tab", "space", "ctrl+s")
        await screen.wait("✓ sent to 5 000 sockets: ✓ 5000 answered", "00004999")
        await screen.focus("acks")
        await screen.press("end")
        await screen.wait("00000000")
        await screen.wait("send ^s", "close esc")


async def test_more_than_ten_have_to_be_confirmed_once(open_console: Open) -> None:
    async with open_console(crowd(12, among=chat())) as screen:
        await screen.press("e")
        await screen.fill("to", "crowd")
        await screen.press("ctrl+s")
        await screen.wait("Emit private message to 12 sockets?", "user0, user1", "and 6 others", "type 12 to confirm")
        await screen.press("y")
        await screen.wait("it is about 12 sockets")
        await screen.press("1", "2", "enter")
        await screen.wait("✓ sent")
        await screen.press("ctrl+s")
        await screen.wait_gone("to 12 sockets?")
    assert screen.link.commands == [Emit(rooms=("crowd",), event="private message", args='["hello"]')] * 2


async def test_a_reserved_event_is_never_sent(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("m")
        for event in sorted(RESERVED_EVENTS):
            await screen.fill("event", event)
            await screen.wait(f'"{event}" is a reserved event name')
            await screen.press("ctrl+s")
    assert screen.link.commands == []


async def test_what_was_sent_comes_back_with_the_arrow_keys(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("m", "ctrl+u")
        for name in ("first", "second"):
            await screen.paste(name)
            await screen.press("ctrl+s")
            await screen.wait("✓ sent")
            await screen.press("ctrl+u")
        await screen.paste("third")
        await screen.press("up")
        await screen.wait('emit("second"')
        await screen.press("up", "up")
        await screen.wait('emit("first"')
        await screen.press("down", "down")
        await screen.wait('emit("third"')
        await screen.press("escape", "m")  # typed, and not sent
        await screen.wait('emit("third"')
        await screen.press("ctrl+s", "escape", "m")
        await screen.wait('emit("third"')
        await screen.press("up", "up")
        await screen.wait('emit("second"')


async def test_messages_are_saved_by_name_and_found(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("m", "ctrl+t")
        await screen.wait("no message is like that")
        await screen.press("ctrl+s")
        await screen.wait("type a name")
        await screen.paste("greeting")
        await screen.press("ctrl+s")
        await screen.wait("✓ greeting is saved", "★ greeting")
        await screen.press("escape", "ctrl+u")
        await screen.paste("other")
        await screen.press("ctrl+t")
        await screen.paste("greet")
        await screen.press("enter")
        await screen.wait('emit("private message", "hello")')
        await screen.press("ctrl+t", "ctrl+x")
        await screen.wait("greeting is forgotten", "no message is like that")
        await screen.press("escape", "escape")


async def test_a_lost_link_is_said_and_the_message_stays(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("m")
        await screen.fill("args", '["a long message"]')
        screen.link.status = LinkStatus(LinkState.STOPPED, "the server was killed by SIGKILL")
        await screen.press("ctrl+s")
        await screen.wait("✗ not sent: not connected: the server was killed by SIGKILL", "a long message")
        screen.link.status = LinkStatus(LinkState.LIVE)
        screen.link.answer = CommandResult(ok=False, error="the server went away before it answered: gone")
        await screen.press("ctrl+s")
        await screen.wait("whether it was done is not known", "a long message")
        await screen.press("escape", "m")
        await screen.wait("a long message")


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Future[CommandResult]:
    """What every command is answered, as soon as the test says it."""
    answer: Future[CommandResult] = Future()

    def send(_link: FakeLink, _command: Command) -> Future[CommandResult]:
        return answer

    monkeypatch.setattr(FakeLink, "send", send)
    return answer


async def test_a_dialog_closed_meanwhile_leaves_the_answer_to_a_notification(
    open_console: Open, answer: Future[CommandResult]
) -> None:
    async with open_console() as screen:
        await screen.press("m", "tab", "tab", "space", "ctrl+s")
        await screen.wait("waiting for the ack, up to 2.0 s")
        await screen.press("escape", "2")  # nothing is blocked meanwhile
        answer.set_result(CommandResult(ok=True, sockets=1, acks=(Ack(socket=BOB, data="[1]", elapsed=0.1),)))
        await screen.wait("private message: ✓ ack after 100 ms: [1]")


async def test_an_answer_that_comes_while_the_dialog_is_taken_down(
    open_console: Open, answer: Future[CommandResult]
) -> None:
    async with open_console() as screen:
        await screen.press("m", "ctrl+s")
        await screen.wait("sending…")
        await screen.app.screen.query_one("#result").remove()  # a dialog goes from the inside out
        answer.set_result(CommandResult(ok=True, sockets=1))
        await screen.wait("private message: ✓ sent to 1 socket")


async def test_completion_of_rooms_sockets_and_events(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("e")
        await screen.fill("to", "dev, lo")
        await screen.wait("dev, lobby")
        await screen.press("right")
        await screen.wait("room lobby (2 sockets)")
        await screen.fill("event", "ne")
        await screen.wait("news")
        await screen.press("right")
        await screen.wait('.emit("news"')


async def test_a_stock_server_is_called_in_its_own_words(open_console: Open) -> None:
    made = chat()
    started = msgspec.to_builtins(made[0], builtin_types=(bytes,))
    started["info"]["library"] = "socketio.AsyncServer (python-socketio 5.18.1)"
    async with open_console([msgspec.convert(started, type(made[0])), *made[1:]]) as screen:
        await screen.press("m")
        await screen.wait(f'await sio.emit("private message", "hello", to="{BOB}")')
