"""One socket: its events both ways, its handlers, and its end."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from console.wire.errors import Closed
from server_core import Server, Socket, SocketError
from server_core.packets import RESERVED_EVENTS
from tests.server_core.reference.support import engine, idle, namespaces, server_side
from tests.support.js_client import JsClient
from tests.support.serving import client, receive
from tests.support.waiting import poll

TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "polling"])
#: About as large as a packet may be that is not told to be larger.
LARGE = 800_000


# coming back


@pytest.mark.usefixtures("js")
async def test_a_client_that_reconnects_by_hand_is_a_new_socket_whose_handlers_run_once(io: Server, url: str) -> None:
    connected: list[Socket] = []
    handled: list[str] = []

    @io.on("connection")
    def connection(socket: Socket) -> None:
        connected.append(socket)
        socket.on("ev", lambda: handled.append(socket.id))

    async with JsClient(url) as js:
        first = (await js.connect()).id
        await js.drop()
        await js.wait_for("disconnect")
        socket = await js.connect()
        await socket.call("ev", timeout=20)
        assert handled == [socket.id]
        assert [each.id for each in connected] == [first, socket.id]
        assert first != socket.id


@pytest.mark.usefixtures("js")
async def test_clients_that_come_back_after_a_shutdown_are_served_again(io: Server, url: str) -> None:
    @io.on("connection")
    def connection(socket: Socket) -> None:
        socket.on("ev", lambda data: data)

    async with JsClient(url, reconnection=True, reconnectionDelay=20, reconnectionDelayMax=50) as js:
        socket = await js.connect()
        await io.shutdown()
        await js.wait_for("disconnect")
        again = await js.wait_for("connect")
        assert await socket.call("ev", "payload") == ["payload"]
        assert again["id"] != socket.id
        assert io.of("/").sockets.keys() == {again["id"]}


# events both ways


@TRANSPORTS
async def test_messages_come_as_events(io: Server, url: str, transport: str) -> None:
    async with client(url, transports=[transport]) as socket:
        server_side(io, socket).on("message", lambda value: [value])
        for value in (1337, None, "utf8 — string 🦊"):
            assert await socket.emit_with_ack("message", value, timeout=20) == [[value]]


async def test_a_socket_sends_messages(io: Server, url: str) -> None:
    async with client(url) as socket:
        await server_side(io, socket).send("a")
        assert await receive(socket) == ["message", "a"]


@TRANSPORTS
async def test_characters_of_several_bytes_arrive_one_event_after_another(io: Server, url: str, transport: str) -> None:
    async with client(url, transports=[transport]) as socket:
        ours = server_side(io, socket)
        for _ in range(3):
            await ours.emit("hoot", "utf8 — string")
        assert [await receive(socket) for _ in range(3)] == [["hoot", "utf8 — string"]] * 3


@TRANSPORTS
async def test_events_carry_several_types_of_data_with_binary_among_them(io: Server, url: str, transport: str) -> None:
    image, text = bytes(range(256)) * 20, b"asdfasdf"
    values = [1, image, "3", [4], text, [image, "swag", {"deep": text}], None]
    seen: list[list[Any]] = []
    async with client(url, transports=[transport]) as socket:
        ours = server_side(io, socket)
        ours.on("multiple", lambda *args: seen.append(list(args)))
        await ours.emit("multiple", *values)
        assert await receive(socket) == ["multiple", *values]
        await socket.emit("multiple", *values)
        assert await poll(lambda: seen, 20) == [values]


@TRANSPORTS
@pytest.mark.parametrize("value", ["x" * LARGE, bytes(LARGE)], ids=["text", "binary"])
async def test_very_large_values_go_back_and_forth(io: Server, url: str, transport: str, value: Any) -> None:
    async with client(url, transports=[transport]) as socket:
        ours = server_side(io, socket)

        @ours.on("big")
        async def big(data: Any) -> None:
            await ours.emit("big", data)

        sent = {"hello": "friend", "value": value[: LARGE if transport == "websocket" else LARGE * 7 // 10]}
        await ours.emit("big", sent)
        for _ in range(2):
            event, data = await receive(socket)
            assert data == sent
            await socket.emit(event, data)
        assert await receive(socket) == ["big", sent]


async def test_events_of_a_namespace_are_handled_in_the_order_in_which_they_were_sent(io: Server, url: str) -> None:
    seen: list[str] = []
    io.of("/chat").on("connection", lambda socket: socket.on("hi", seen.append))
    async with client(url, nsp="/chat") as chat:
        for letter in "abcdefgh":
            await chat.emit("hi", letter)
        assert await poll(lambda: len(seen) == 8, 20)
    assert seen == list("abcdefgh")


# acks


async def test_an_answer_has_as_many_values_as_the_client_gives(io: Server, url: str) -> None:
    answers: list[tuple[list[Any], Any]] = [
        ([], None),
        ([3], 3),
        ([1, 2], (1, 2)),
        ([b"\x01"], b"\x01"),
        ([[1, 2]], [1, 2]),
        ([None], None),
    ]
    async with client(url) as socket:
        for given, expected in answers:
            asked = asyncio.ensure_future(server_side(io, socket).emit_with_ack("hi", 1, b"\x00\x00"))
            event = await asyncio.wait_for(socket.receive(), 20)
            assert (event.name, event.args) == ("hi", [1, b"\x00\x00"])
            await socket.ack(event, *given)
            assert await asyncio.wait_for(asked, 20) == expected


async def test_a_handler_answers_with_as_many_values_as_it_returns(io: Server, url: str) -> None:
    async with client(url) as socket:
        ours = server_side(io, socket)
        ours.on("nothing", lambda: None)
        ours.on("two", lambda data: (1, 2))
        ours.on("binary", lambda: bytes(2))
        assert await socket.emit_with_ack("nothing", timeout=20) == []
        assert await socket.emit_with_ack("two", bytes(3), timeout=20) == [1, 2]
        assert await socket.emit_with_ack("binary", timeout=20) == [bytes(2)]


# volatile


@TRANSPORTS
@pytest.mark.parametrize("payload", ["data", bytes([1, 2, 3])], ids=["text", "binary"])
async def test_a_volatile_event_is_sent_only_when_nothing_waits(
    io: Server, url: str, transport: str, payload: Any
) -> None:
    cases = [
        (["regular", "volatile"], ["regular"]),
        (["volatile"], ["volatile"]),
        (["volatile", "volatile"], ["volatile"]),
        (["regular", "volatile", "regular"], ["regular", "regular"]),
    ]
    async with client(url, transports=[transport]) as socket:
        ours = server_side(io, socket)
        for sent, expected in cases:
            await idle(ours)
            for kind in sent:
                await (ours.volatile if kind == "volatile" else ours).emit(kind, payload)
            await ours.emit("marker")
            for kind in expected:
                assert await receive(socket) == [kind, payload], sent
            assert await receive(socket) == ["marker"], sent


async def test_of_two_volatile_broadcasts_at_once_one_is_sent(io: Server, url: str) -> None:
    async with client(url) as socket:
        await idle(server_side(io, socket))
        await io.volatile.emit("ev", bytes([1, 2, 3]))
        await io.volatile.emit("ev", bytes([4, 5, 6]))
        await io.emit("marker")
        assert [await receive(socket), await receive(socket)] == [["ev", bytes([1, 2, 3])], ["marker"]]


# what it knows of its client


async def test_each_namespace_has_its_own_auth_and_the_query_of_the_connection(io: Server, url: str) -> None:
    io.of("/connection2")
    auth = {"key1": "aa", "key2": "&=bb"}
    async with engine(url) as connection:
        first = server_side(io, await connection.connect("/"))
        second = server_side(io, await connection.connect("/connection2", auth))
        assert (first.handshake.auth, second.handshake.auth) == ({}, auth)
        assert second.handshake.query == first.handshake.query
        assert second.handshake.query["EIO"] == "4"
        assert "key1" not in second.handshake.query


async def test_an_event_of_a_socket_without_compression_arrives(io: Server, url: str) -> None:
    async with client(url) as socket:
        await server_side(io, socket).compress(False).emit("woot", "hi")
        assert await receive(socket) == ["woot", "hi"]


# what it does not take


@TRANSPORTS
@pytest.mark.parametrize("packet", ["5woooot", "5", '4["handle me please"]'])
async def test_a_malformed_packet_closes_one_connection_and_the_server_goes_on(
    io: Server, url: str, packet: str, transport: str
) -> None:
    told: list[str] = []
    async with client(url) as other, client(url, transports=[transport]) as socket:
        ours = server_side(io, socket)
        ours.on("disconnect", told.append)
        await socket._client.engine.send(packet)
        assert await poll(lambda: told, 1) == ["forced close"]
        await io.emit("still here")
        assert await receive(other) == ["still here"]
        with pytest.raises(Closed):
            await receive(socket)


async def test_a_socket_emits_no_event_whose_name_is_reserved(io: Server, url: str) -> None:
    async with client(url) as socket:
        ours = server_side(io, socket)
        emits = [ours.emit, ours.volatile.emit, ours.broadcast.emit, ours.emit_with_ack]
        for event, emit in itertools.product(sorted(RESERVED_EVENTS), emits):
            with pytest.raises(SocketError, match=f'"{event}" is a reserved event name'):
                await asyncio.wait_for(emit(event), 20)
        await ours.emit("marker")
        assert await receive(socket) == ["marker"]


@pytest.mark.parametrize("who", ["client", "server"])
async def test_an_event_that_comes_after_the_end_is_not_handled(io: Server, url: str, who: str) -> None:
    handled: list[bytes] = []
    async with client(url) as socket:
        ours = server_side(io, socket)
        ours.on("test", handled.append)
        engine = socket._client.engine
        if who == "client":
            await socket.disconnect()
        else:
            await ours.disconnect()
        await engine.send('51-["test",{"_placeholder":true,"num":0}]')
        await engine.send(bytes(10))
        assert await poll(lambda: engine.reason, 20)  # the server read it, and cut off who speaks out of turn
    assert handled == []


async def test_no_room_is_joined_after_the_end(io: Server, url: str) -> None:
    async with client(url) as socket:
        ours = server_side(io, socket)
        await ours.disconnect()
        await ours.join("room1")
        assert ours.rooms == set()
        assert io.manager.rooms == {}


async def test_a_refused_socket_leaves_no_room_behind(io: Server, url: str) -> None:
    @io.use
    async def refuse(socket: Socket, next: Any) -> None:
        await socket.join("room1")
        await next(SocketError("nope"))

    async with engine(url) as connection:
        with pytest.raises(Exception, match="nope"):
            await connection.connect("/")
        assert io.manager.rooms == {}


# catch-all handlers


async def test_prepended_catch_all_handlers_run_last_added_first(io: Server, url: str) -> None:
    seen: list[tuple[str, tuple[Any, ...]]] = []
    async with client(url) as socket:
        ours = server_side(io, socket)
        ours.on_any(lambda *packet: seen.append(("any", packet)))
        ours.prepend_any(lambda *packet: seen.append(("prepended first", packet)))
        ours.prepend_any(lambda *packet: seen.append(("prepended second", packet)))
        ours.on("my-event", lambda value: "handled")
        assert await socket.emit_with_ack("my-event", "123", timeout=20) == ["handled"]
    packet = ("my-event", "123")
    assert seen == [("prepended second", packet), ("prepended first", packet), ("any", packet)]


async def test_prepended_outgoing_catch_all_handlers_run_last_added_first(io: Server, url: str) -> None:
    seen: list[tuple[str, tuple[Any, ...]]] = []
    async with client(url) as socket:
        ours = server_side(io, socket)
        first = ours.prepend_any_outgoing(lambda *packet: seen.append(("prepended first", packet)))
        ours.on_any_outgoing(lambda *packet: seen.append(("any", packet)))
        second = ours.prepend_any_outgoing(lambda *packet: seen.append(("prepended second", packet)))
        assert ours.listeners_any_outgoing()[:2] == [second, first]
        await ours.emit("my-event", "123")
        assert await receive(socket) == ["my-event", "123"]
        assert await poll(lambda: len(seen) == 3, 20)
    packet = ("my-event", "123")
    assert seen == [("prepended second", packet), ("prepended first", packet), ("any", packet)]


async def test_outgoing_catch_all_handlers_see_binary_broadcasts_as_they_were_emitted(io: Server, url: str) -> None:
    seen: list[tuple[Any, ...]] = []
    async with client(url) as socket:
        server_side(io, socket).on_any_outgoing(lambda *packet: seen.append(packet))
        await io.emit("my-event", bytes([1, 2, 3]))
        assert await receive(socket) == ["my-event", bytes([1, 2, 3])]
        assert await poll(lambda: seen, 20) == [("my-event", bytes([1, 2, 3]))]


# its end


async def test_closing_the_connection_disconnects_every_namespace(io: Server, url: str) -> None:
    told: list[tuple[str, str]] = []
    names = ("/", "/foo", "/bar")
    for name in names:
        io.of(name)
    async with namespaces(url, *names) as sockets:
        for socket in sockets:
            server_side(io, socket).on("disconnect", lambda reason, *, nsp=socket.nsp: told.append((nsp, reason)))
        await server_side(io, sockets[2]).disconnect(close=True)
        for socket in sockets:
            with pytest.raises(Closed, match="io server disconnect"):
                await receive(socket)
        assert await poll(lambda: sockets[0]._client.engine.reason, 20)
    assert sorted(told) == [(name, "server namespace disconnect") for name in sorted(names)]
