"""Events to many sockets: namespaces, rooms, exclusions, and the answers of all."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from console.wire.client import ClientSocket
from server_core import Server
from tests.server_core.reference.support import idle, server_side
from tests.support.serving import client, receive

PAYLOADS = pytest.mark.parametrize("payload", ["b", bytes(10)], ids=["text", "binary"])


def _pending(io: Server) -> int:
    """Answers that the server still waits for, or remembers to have waited for."""
    registered = sum(callable(each) for callbacks in io.manager.callbacks.values() for each in callbacks.values())
    return registered + sum(len(socket.pending_acks) for socket in io.of("/").sockets.values())


@PAYLOADS
async def test_an_event_reaches_one_namespace_and_no_other(io: Server, url: str, payload: Any) -> None:
    io.of("/test")
    async with client(url) as one, client(url) as two, client(url, nsp="/test") as other:
        await io.emit("a", payload)
        await io.of("/test").emit("marker")
        assert await receive(one) == await receive(two) == ["a", payload]
        assert await receive(other) == ["marker"]


async def test_a_member_of_several_addressed_rooms_gets_an_event_once(io: Server, url: str) -> None:
    async with client(url) as one, client(url) as two:
        await server_side(io, one).join("woot")
        await server_side(io, one).join("test")
        await server_side(io, two).join("third")
        await io.in_("woot").in_("test").emit("a")
        await io.in_("third").emit("b")
        await io.emit("marker")
        assert [await receive(one), await receive(one)] == [["a"], ["marker"]]
        assert [await receive(two), await receive(two)] == [["b"], ["marker"]]


@PAYLOADS
async def test_a_member_that_broadcasts_to_its_room_is_left_out(io: Server, url: str, payload: Any) -> None:
    async with client(url) as woot, client(url) as test, client(url) as sender:
        await server_side(io, woot).join("woot")
        await server_side(io, test).join("test")
        ours = server_side(io, sender)
        await ours.join("test")

        @ours.on("broadcast")
        async def broadcast() -> None:
            await ours.broadcast.to("test").emit("a", payload)
            await ours.emit("b", payload)
            await io.emit("marker")

        await sender.emit("broadcast")
        assert await receive(woot) == ["marker"]
        assert [await receive(test), await receive(test)] == [["a", payload], ["marker"]]
        assert [await receive(sender), await receive(sender)] == [["b", payload], ["marker"]]


async def test_a_socket_knows_its_rooms(io: Server, url: str) -> None:
    async with client(url) as socket:
        ours = server_side(io, socket)
        assert ours.rooms == {ours.id}
        await ours.join("a")
        await ours.join("b")
        await ours.join(["c", "a"])
        assert ours.rooms == {ours.id, "a", "b", "c"}
        await ours.leave("b")
        await ours.leave("unknown")
        assert ours.rooms == {ours.id, "a", "c"}


async def test_an_empty_room_is_no_more(io: Server, url: str) -> None:
    async with client(url) as socket:
        ours = server_side(io, socket)
        await ours.join("a")
        assert "a" in io.manager.rooms["/"]
        await ours.leave("a")
        assert "a" not in io.manager.rooms["/"]


@pytest.mark.parametrize("how", ["by its id", "by its room"])
async def test_a_broadcast_leaves_out_its_sender_and_whom_it_excludes(io: Server, url: str, how: str) -> None:
    async with client(url) as one, client(url) as excluded, client(url) as sender:
        await server_side(io, excluded).join("room1")
        ours = server_side(io, sender)
        await ours.broadcast.except_(excluded.id if how == "by its id" else "room1").emit("a")
        await io.emit("marker")
        assert [await receive(one), await receive(one)] == [["a"], ["marker"]]
        assert await receive(excluded) == ["marker"]
        assert await receive(sender) == ["marker"]


async def test_what_is_derived_from_an_operator_of_a_socket_leaves_it_as_it_was(io: Server, url: str) -> None:
    async with client(url) as sender, client(url) as one, client(url) as two:
        ours = server_side(io, sender)
        await server_side(io, one).join(["room1", "room3"])
        await server_side(io, two).join("room2")
        operator = ours.broadcast.compress(False).to(["room1", "room2"]).except_("room3")
        both = operator.to("room4").timeout(1)
        nobody = operator.except_("room2")
        await idle(server_side(io, two))
        await operator.volatile.emit("volatile")
        assert await receive(two) == ["volatile"]
        await both.emit("both")
        await nobody.emit("nobody")
        await ours.to("room6").emit("also nobody")
        await operator.emit("operator")
        await io.emit("marker")
        assert [await receive(two) for _ in range(3)] == [["both"], ["operator"], ["marker"]]
        assert await receive(one) == await receive(sender) == ["marker"]


async def test_a_local_broadcast_of_a_socket_reaches_the_others(io: Server, url: str) -> None:
    async with client(url) as sender, client(url) as one:
        await server_side(io, sender).local.emit("a")
        await io.emit("marker")
        assert [await receive(one), await receive(one)] == [["a"], ["marker"]]
        assert await receive(sender) == ["marker"]


async def _answer(socket: ClientSocket, value: Any) -> None:
    event = await asyncio.wait_for(socket.receive(), 20)
    assert event.name == "some event"
    await socket.ack(event, value)


async def test_nothing_of_a_broadcast_that_all_answered_is_kept(io: Server, url: str) -> None:
    async with client(url) as one, client(url) as two, client(url) as three:
        asked = asyncio.ensure_future(io.timeout(5).emit_with_ack("some event"))
        for number, socket in enumerate((one, two, three), 1):
            await _answer(socket, number)
        assert sorted(await asked) == [1, 2, 3]
        assert _pending(io) == 0


async def test_nothing_of_a_broadcast_that_timed_out_is_kept(io: Server, url: str) -> None:
    async with client(url) as one, client(url) as two, client(url):
        asked = asyncio.ensure_future(io.timeout(0.2).emit_with_ack("some event"))
        await _answer(one, 1)
        await _answer(two, 2)
        with pytest.raises(TimeoutError, match="operation has timed out") as late:
            await asked
        assert sorted(late.value.responses) == [1, 2]  # type: ignore[attr-defined]
        assert _pending(io) == 0


async def test_a_broadcast_that_reaches_nobody_is_answered_at_once(io: Server, url: str) -> None:
    async with client(url) as one, client(url) as two:
        asking = io.to("room123").timeout(60).emit_with_ack("some event")
        assert await asyncio.wait_for(asking, 20) == []
        await io.emit("marker")
        assert await receive(one) == await receive(two) == ["marker"]
