"""The rest of the Socket's and the operators' methods, over real connections."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from console.wire.errors import Closed, Refused
from server_core import Server, Socket, SocketError, records
from server_core.roster import Roster
from server_core.tap import Tap
from server_core.watch import attach
from tests.support.serving import client, receive, serve
from tests.support.waiting import poll
from tests.support.watched import Watched


@pytest.fixture
async def watched() -> AsyncIterator[Watched[Server]]:
    io = Server(ping_interval=0.2, ping_timeout=5)
    tap = Tap("chat:io")
    attach(tap, io)
    async with serve(io.app) as url:
        yield Watched(io, url, tap)


async def test_catch_all_handlers_see_every_event_before_the_middlewares(watched: Watched[Server]) -> None:
    seen: list[Any] = []

    @watched.io.on("connection")
    def connection(socket: Socket) -> None:
        def second(event: str, *args: Any) -> None:
            seen.append(("second", event, *args))

        async def first(event: str, *args: Any) -> None:
            seen.append(("first", event, *args))

        def gone(*_: Any) -> None:
            seen.append("never")

        socket.on_any(second)
        socket.prepend_any(first)
        socket.on_any(gone)
        socket.off_any(gone)
        assert socket.listeners_any() == [first, second]

        @socket.use
        def refuse(packet: list[Any], next: Any) -> None:
            next(SocketError("no"))

        socket.on("x", lambda *_: seen.append("handler"))

    async with client(watched.url) as socket:
        await socket.emit("x", 1)
        await watched.wait(records.EventBlocked)
    assert seen == [("first", "x", 1), ("second", "x", 1)]


async def test_outgoing_catch_all_handlers_see_direct_events_and_broadcasts(watched: Watched[Server]) -> None:
    seen: list[Any] = []

    @watched.io.on("connection")
    async def connection(socket: Socket) -> None:
        @socket.on_any_outgoing
        def outgoing(*packet: Any) -> None:
            seen.append(packet)

        await socket.join("room")
        await socket.emit("direct", 1)
        await watched.io.to("room").emit("broadcast", 2)
        socket.off_any_outgoing(outgoing)
        assert socket.listeners_any_outgoing() == []
        await socket.emit("after")

    async with client(watched.url) as socket:
        assert [await receive(socket) for _ in range(3)] == [["direct", 1], ["broadcast", 2], ["after"]]
        assert await poll(lambda: len(seen) == 2, 20)
    assert seen == [("direct", 1), ("broadcast", 2)]


async def test_several_handlers_once_and_off(watched: Watched[Server]) -> None:
    seen: list[str] = []

    @watched.io.on("connection")
    def connection(socket: Socket) -> None:
        def dropped() -> None:
            seen.append("dropped")

        socket.on("x", lambda: seen.append("one"))
        socket.on("x", lambda: seen.append("two"))
        socket.once("x", lambda: seen.append("once"))
        socket.on("x", dropped)
        socket.off("x", dropped)
        socket.on("done", lambda: "ok")

    async with client(watched.url) as socket:
        await socket.emit("x")
        await socket.emit("x")
        assert await socket.emit_with_ack("done", timeout=20) == ["ok"]
    assert seen == ["one", "two", "once", "one", "two"]


async def test_utility_methods_move_and_disconnect_sockets(watched: Watched[Server]) -> None:
    io = watched.io
    async with client(watched.url) as a, client(watched.url) as b, client(watched.url) as c:
        await watched.wait(records.Connected, 3)
        assert {socket.id for socket in await io.fetch_sockets()} == {a.id, b.id, c.id}
        await io.to([a.id, b.id]).sockets_join(["x", "y"])
        assert {socket.id for socket in await io.to("x").fetch_sockets()} == {a.id, b.id}
        assert [socket.id for socket in await io.to("x").except_(a.id).fetch_sockets()] == [b.id]
        await io.to(b.id).sockets_leave("x")
        assert [socket.id for socket in await io.of("/").to("x").fetch_sockets()] == [a.id]
        assert await io.to([]).fetch_sockets() == []
        await io.except_(a.id).disconnect_sockets()
        for each in (b, c):
            with pytest.raises(Closed, match="io server disconnect"):
                await receive(each)
        await io.disconnect_sockets(close=True)
        with pytest.raises(Closed):
            await receive(a)
        assert await poll(lambda: a._client.engine.reason, 20)


async def test_operators_are_immutable(watched: Watched[Server]) -> None:
    async with client(watched.url) as a, client(watched.url) as b:
        await watched.wait(records.Connected, 2)
        base = watched.io.to(a.id)
        both = base.to(b.id)
        without = both.except_(a.id).local.compress(True).timeout(1)
        await base.emit("only a")
        await both.emit("both")
        await without.emit("only b")
        assert [await receive(a), await receive(a)] == [["only a"], ["both"]]
        assert [await receive(b), await receive(b)] == [["both"], ["only b"]]


async def test_a_broadcast_with_ack_gathers_one_answer_each_or_says_who_was_in_time(watched: Watched[Server]) -> None:
    async with client(watched.url) as a, client(watched.url) as b:
        await watched.wait(records.Connected, 2)
        asked = asyncio.ensure_future(watched.io.timeout(5).emit_with_ack("q"))
        for number, each in enumerate((a, b)):
            await each.ack(await each.receive(), number)
        assert sorted(await asked) == [0, 1]
        asked = asyncio.ensure_future(watched.io.timeout(0.3).emit_with_ack("q"))
        await a.ack(await a.receive(), "in time")
        with pytest.raises(TimeoutError, match="operation has timed out") as late:
            await asked
        assert late.value.responses == ["in time"]  # type: ignore[attr-defined]


async def test_pending_acks_fail_when_the_socket_goes(watched: Watched[Server]) -> None:
    asked: list[asyncio.Task[Any]] = []

    @watched.io.on("connection")
    def connection(socket: Socket) -> None:
        asked.append(asyncio.ensure_future(socket.emit_with_ack("never answered")))

    async with client(watched.url) as socket:
        assert (await receive(socket)) == ["never answered"]
    with pytest.raises(SocketError, match="disconnected"):
        await asyncio.wait_for(asked[0], 20)


async def test_volatile_events_are_not_queued_for_who_takes_nothing(watched: Watched[Server]) -> None:
    ours: list[Socket] = []
    watched.io.on("connection", ours.append)
    async with client(watched.url) as fast, client(watched.url) as slow:
        await watched.wait(records.Connected, 2)
        stuck = next(socket for socket in ours if socket.id == slow.id)
        stuck.conn.queue.put_nowait(None)  # its writer has something else to do
        assert not stuck.conn.writable
        await watched.io.volatile.emit("maybe")
        await stuck.volatile.emit("maybe")
        assert await receive(fast) == ["maybe"]
        assert [record.sockets for record in watched.of(records.EventSent)] == [1]


@pytest.mark.parametrize("match", [re.compile(r"/room-\d+"), lambda name, auth: name.startswith("/room-")])
async def test_dynamic_namespaces_share_middlewares_and_handlers(watched: Watched[Server], match: Any) -> None:
    dynamic = watched.io.of(match)
    seen: list[str] = []

    @dynamic.use
    async def only_known(socket: Socket, next: Any) -> None:
        await next(None if socket.handshake.auth.get("ok") else SocketError("not you"))

    @dynamic.on("connection")
    def connection(socket: Socket) -> None:
        seen.append(socket.nsp.name)

    async with (
        client(watched.url, {"ok": 1}, nsp="/room-1") as one,
        client(watched.url, {"ok": 1}, nsp="/room-2") as two,
    ):
        await dynamic.emit("to all of them")
        await watched.io.of("/room-2").emit("to two")
        assert await receive(one) == ["to all of them"]
        assert [await receive(two), await receive(two)] == [["to all of them"], ["to two"]]
    assert seen == ["/room-1", "/room-2"]
    with pytest.raises(Refused, match="not you"):
        async with client(watched.url, nsp="/room-3"):
            pass
    with pytest.raises(Refused, match="Invalid namespace"):
        async with client(watched.url, nsp="/other"):
            pass


async def test_the_connection_tells_of_its_own_events(watched: Watched[Server]) -> None:
    told: list[Any] = []

    @watched.io.on("connection")
    def connection(socket: Socket) -> None:
        for event in ("upgrade", "heartbeat", "drain", "close"):
            socket.conn.on(event, lambda *args, event=event: told.append((event, *args)))
        socket.conn.on("packet", lambda packet: told.append(("packet", packet.data)))
        socket.conn.on("packetCreate", lambda packet: told.append(("packetCreate", packet.data)))

    async with client(watched.url, transports=["polling"]) as socket:
        await socket.emit("x")
        await watched.wait(records.EngineHeartbeat)
        await watched.io.emit("y")
        assert await receive(socket) == ["y"]
    await watched.wait(records.EngineClosed)
    kinds = {event for event, *_ in told}
    assert {"heartbeat", "packet", "packetCreate", "close"} <= kinds
    assert ("packet", '2["x"]') in told
    assert ("packetCreate", '2["y"]') in told
    assert any(event == "heartbeat" and 0 < args[0] < 5 for event, *args in told)


@pytest.mark.parametrize(
    "packets",
    [
        ['51-["x",{"_placeholder":true,"num":0}]', '2["text in the middle"]'],
        [b"an attachment of no packet"],
        ['511-["x"' + ',{"_placeholder":true,"num":0}' * 11 + "]"],
        ['2["connect"]'],
        ['2["newListener"]'],
        ["2[]"],
        ['2{"0":"x"}'],
        ["2[7]"],
        ["0"],
        ['0"auth is no object"'],
        ['2/elsewhere,["x"]'],
        ["9"],
        ["4"],
    ],
    ids=str,
)
async def test_a_broken_packet_closes_the_connection(watched: Watched[Server], packets: list[Any]) -> None:
    async with client(watched.url) as socket:
        for packet in packets:
            await socket._client.engine.send(packet)
        (gone,) = await watched.wait(records.Disconnected)
        assert gone.reason == "forced close"


async def test_an_emit_to_no_room_is_counted_for_nobody(watched: Watched[Server]) -> None:
    async with client(watched.url) as socket:
        await watched.io.to([]).emit("to nobody")
        await watched.io.emit("to all")
        assert await receive(socket) == ["to all"]
    roster = Roster()
    for record in await watched.wait(records.Record):
        if isinstance(record, records.Disconnected):
            break
        roster.apply(record)
    assert roster.counters_of(socket.id).sent == 1
