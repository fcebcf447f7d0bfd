"""The dialog that sends a private message."""

from __future__ import annotations

import pytest

from console.screens.message import parse_args
from server_core.records import Ack, CommandResult, Emit
from tests.console.screens.conftest import Open

BOB, BEA = "ojIckSD2jqNzOqIrAGzL", "N8xVt0aQ91aaaaaaAAAB"


async def test_it_shows_the_call_and_sends_it(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("m")
        await screen.wait("Private message", f"socket {BOB} (bob)", "✓ 1 argument, 9 bytes")
        await screen.wait(f'io.to("{BOB}").emit("private message", "hello")')
        await screen.press("ctrl+s")
        await screen.wait("✓ sent to 1 socket")
        await screen.press("escape")
        await screen.wait_gone("Private message")
    assert screen.link.commands == [Emit(rooms=(BOB,), event="private message", args='["hello"]')]


async def test_as_another_socket_its_id_is_the_first_argument(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("m", "shift+tab")
        await screen.type("bea")
        await screen.wait("does not get the message itself", "the first is bea's id")
        await screen.wait(f'socket.to("{BOB}").emit("private message"')
        await screen.press("ctrl+s")
        await screen.wait("✓ sent")
    (command,) = screen.link.commands
    assert command == Emit(rooms=(BOB,), event="private message", args=f'["{BEA}","hello"]', sender=BEA)


async def test_nobody_by_that_name_is_said_and_not_sent(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("m", "shift+tab")
        await screen.type("ben")  # he is in another namespace
        await screen.wait("no one socket of / has this name")
        await screen.press("ctrl+s")
    assert screen.link.commands == []


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
        await screen.wait("✗ no socket of / is in x")
    assert [command.ack for command in screen.link.commands if isinstance(command, Emit)] == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("event", ["connect", "disconnect", "disconnecting", "newListener"])
async def test_a_reserved_event_is_never_sent(open_console: Open, event: str) -> None:
    async with open_console() as screen:
        await screen.press("m", "ctrl+u")
        await screen.type(event)
        await screen.wait(f'"{event}" is a reserved event name')
        await screen.press("ctrl+s")
    assert screen.link.commands == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", ""),
        ("[1, 2]", ""),
        ("[1, 2", "✗ not JSON"),
        ("{}", "✗ write a JSON list"),
        ('["a" "b"]', "byte 5"),
        ("[" * 5000, "✗"),
    ],
)
def test_arguments_are_checked_as_they_are_typed(typed: str, said: str) -> None:
    args, problem = parse_args(typed)
    assert (args is None) == bool(said)
    assert said in problem
