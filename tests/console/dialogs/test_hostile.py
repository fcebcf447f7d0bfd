"""Whatever a peer sends is inert in every dialog that acts on it, and comes back out of it as it was."""

from __future__ import annotations

import msgspec

from server_core.records import Ack, CommandResult, Emit, Join, Leave, Record, RoomJoined, SetAttribute, Simulate
from tests.console.screens.conftest import Open
from tests.console.screens.test_hostile import CLEAN, check, hostile_records
from tests.support.make import Maker

NSP = "/" + CLEAN


ROOM = f"room {CLEAN}"


def records() -> list[Record]:
    """Those of a socket that stays, in a room of such a name."""
    made = [record for record in hostile_records() if record.kind != "disconnecting"]
    return [*made, Maker()(RoomJoined, socket=CLEAN, nsp=NSP, room=ROOM)]


async def test_dialogs_about_a_hostile_socket(open_console: Open) -> None:
    async with open_console(records(), size=(160, 45)) as screen:
        text = msgspec.json.encode([CLEAN]).decode()
        acks = tuple(Ack(socket=each, data=text, elapsed=0.1) for each in (CLEAN, CLEAN + "2"))
        screen.link.answer = CommandResult(ok=True, sockets=2, acks=acks)
        for key in ("m", "e", "i"):
            await screen.press(key)
            check(screen)
            await screen.press("ctrl+s")
            check(screen)
            await screen.press("ctrl+t")
            await screen.paste(CLEAN)
            await screen.press("ctrl+s")
            check(screen)
            await screen.press("escape", "ctrl+t", "escape")
            check(screen)
            await screen.press("escape")
        screen.link.answer = CommandResult(ok=False, error=CLEAN)
        for key, *more in (("l", "ctrl+s"), ("M", "ctrl+s"), ("d", "y"), ("X", "t"), ("a",), ("j",)):
            await screen.press(key)
            check(screen)
            if key in "jM":
                await screen.fill("room", '"\\u001b", b')
                check(screen)
            if key == "a":
                await screen.fill("name", "x")
                await screen.fill("value", CLEAN)
                check(screen)
                await screen.press("escape")
            await screen.press(*more, *(["ctrl+s"] if key == "j" else []))
            check(screen)
        await screen.wait("failed:")
        check(screen)
    kinds = {type(command) for command in screen.link.commands}
    assert {Emit, Simulate, Leave, Join} <= kinds
    for command in screen.link.commands:
        assert command.nsp == NSP
        match command:
            case Emit():
                assert command.rooms == (CLEAN,)
            case Leave():
                assert command.rooms == (ROOM,)
            case Join():
                assert command.rooms == ("\x1b", "b")


async def test_a_hostile_event_and_attribute_are_edited_and_come_out_as_they_were(open_console: Open) -> None:
    made = records()
    async with open_console(made, size=(160, 45)) as screen:
        await screen.press("3")
        for _ in range(len(made)):
            for key in ("E", "x"):
                await screen.press(key)
                check(screen)
                await screen.press("ctrl+s")
                check(screen)
                await screen.press("escape")
            await screen.press("up")
        simulated = [each for each in screen.link.commands if isinstance(each, Simulate)]
        assert all(each.event == CLEAN for each in simulated)
        assert [{CLEAN: [CLEAN]}] in [msgspec.json.decode(each.args) for each in simulated]
        (emitted,) = [each for each in screen.link.commands if isinstance(each, Emit) and each.rooms]
        assert (emitted.event, emitted.rooms) == (CLEAN, (CLEAN,))
        assert msgspec.json.decode(emitted.args) == [CLEAN]
        await screen.press("1", "a")
        await screen.fill("name", "user")
        await screen.wait("u001b")
        check(screen)
        await screen.press("ctrl+s")
    (changed,) = [each for each in screen.link.commands if isinstance(each, SetAttribute)]
    assert msgspec.json.decode(changed.value) == CLEAN


async def test_what_is_pasted_is_inert(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("m")
        for field in ("to", "except", "as", "event", "args", "seconds"):
            await screen.fill(field, CLEAN)
            check(screen)
