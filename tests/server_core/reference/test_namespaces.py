"""Namespaces, static and dynamic: who is in which, and whom an event to one reaches."""

from __future__ import annotations

import asyncio
import itertools
import re
from typing import Any

import pytest

from console.wire.errors import Closed, Refused
from server_core import Server, Socket, SocketError
from server_core.packets import RESERVED_EVENTS
from tests.server_core.reference.support import engine, idle, namespaces, server_side
from tests.support.serving import client, receive, serve
from tests.support.waiting import poll

DYNAMIC = re.compile(r"/dynamic-\d+")


# names and aliases


def test_the_default_namespace_is_known_as_sockets(io: Any) -> None:
    assert io.sockets is io.of("/")


def test_a_namespace_has_one_name_with_and_without_its_slash(io: Server) -> None:
    assert io.of("") is io.of("/")
    assert io.of("abc") is io.of("/abc")
    assert io.of("abc").name == "/abc"
    assert io.of("/abc") is not io.of("/")


async def test_a_client_may_write_the_default_namespace_out(io: Server, url: str) -> None:
    async with engine(url) as connection:
        await connection.send("0/,")
        assert await poll(lambda: io.of("/").sockets, 20)
        assert len(io.namespaces_in_use) == 1


async def test_messages_are_sent_to_the_default_namespace_by_the_server(io: Server, url: str) -> None:
    async with client(url) as socket:
        await io.send("hello")
        assert await receive(socket) == ["message", "hello"]


async def test_messages_are_sent_to_a_namespace(io: Server, url: str) -> None:
    chat: Any = io.of("/chat")
    async with client(url, nsp="/chat") as socket:
        await chat.send("hello")
        assert await receive(socket) == ["message", "hello"]


@pytest.mark.parametrize("name", ["server", "namespace"])
async def test_an_event_without_compression_arrives(io: Server, url: str, name: str) -> None:
    emitter: Any = io if name == "server" else io.of("/")
    async with client(url) as socket:
        await emitter.compress(False).emit("woot", "hi")
        assert await receive(socket) == ["woot", "hi"]


@pytest.mark.parametrize("name", ["server", "namespace"])
async def test_all_ways_of_addressing_a_namespace_reach_its_sockets(io: Server, url: str, name: str) -> None:
    emitter: Any = io if name == "server" else io.of("/")
    async with client(url) as socket:
        await idle(server_side(io, socket))
        await emitter.volatile.emit("volatile")
        assert await receive(socket) == ["volatile"]
        await emitter.to(socket.id).emit("to")
        await emitter.in_(socket.id).emit("in")
        await emitter.except_("nobody").emit("except")
        await emitter.local.emit("local")
        await emitter.emit("emit", "data")
        asked = asyncio.ensure_future(emitter.timeout(5).emit_with_ack("timeout"))
        assert [await receive(socket) for _ in range(5)] == [["to"], ["in"], ["except"], ["local"], ["emit", "data"]]
        await socket.ack(await socket.receive(), "answer")
        assert await asked == ["answer"]


async def test_a_namespace_emits_no_event_whose_name_is_reserved(io: Server) -> None:
    emitters: list[Any] = [io.of("/"), io.to("room"), io.volatile]
    for event, emitter in itertools.product(sorted(RESERVED_EVENTS), emitters):
        with pytest.raises(SocketError, match=f'"{event}" is a reserved event name'):
            await emitter.emit(event)


async def test_the_server_emits_no_event_whose_name_is_reserved(io: Server) -> None:
    for event in sorted(RESERVED_EVENTS):
        with pytest.raises(SocketError, match=f'"{event}" is a reserved event name'):
            await io.emit(event)


# connecting


async def test_connect_is_another_name_for_the_connection_event(io: Server, url: str) -> None:
    seen: list[Any] = []
    io.of("/").on("connect", seen.append)
    async with client(url) as socket:
        assert [each.id for each in seen] == [socket.id]
        assert isinstance(seen[0], Socket)


async def test_one_connection_carries_several_namespaces(io: Server, url: str) -> None:
    seen: dict[str, list[Socket]] = {"/chat": [], "/news": []}
    for name, sockets in seen.items():
        io.of(name).on("connection", sockets.append)
        io.of(name).on("connection", sockets.append)
    async with namespaces(url, "/chat", "/news") as (chat, news):
        assert [socket.id for socket in seen["/chat"]] == [chat.id] * 2
        assert [socket.id for socket in seen["/news"]] == [news.id] * 2
        assert seen["/chat"][0].conn is seen["/news"][0].conn
        assert io.of("/").sockets == {}
        await io.of("/news").emit("headline")
        await io.of("/chat").emit("hello")
        assert (await receive(chat), await receive(news)) == (["hello"], ["headline"])


async def test_all_namespaces_are_left_when_the_connection_is_lost(io: Server, url: str) -> None:
    told: list[tuple[str, str]] = []
    for name in ("/chat", "/news"):
        io.of(name)
    async with namespaces(url, "/chat", "/news") as (chat, news):
        for ours in (server_side(io, chat), server_side(io, news)):
            ours.on("disconnect", lambda reason, *, name=ours.nsp.name: told.append((name, reason)))
        await chat._client.engine.abort()
        assert await poll(lambda: len(told) == 2, 20)
    assert sorted(told) == [("/chat", "transport close"), ("/news", "transport close")]
    assert io.of("/chat").sockets == io.of("/news").sockets == {}


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_client_that_joins_no_namespace_is_closed(transport: str) -> None:
    io = Server(connect_timeout=0.1)
    async with serve(io.app) as url, engine(url, [transport]) as connection:
        with pytest.raises(Closed, match="server close"):
            await asyncio.wait_for(connection.engine.receive(), 20)
    assert io.connections == {}


# who is there


async def test_the_clients_of_a_namespace_and_of_its_rooms_are_found(io: Server, url: str) -> None:
    async def join(socket: Socket) -> None:
        await socket.join(socket.handshake.auth["room"])

    chat, other = io.of("/chat"), io.of("/other")
    chat.on("connection", join)
    other.on("connection", join)
    async with (
        client(url, {"room": "foo"}, nsp="/chat") as foo,
        client(url, {"room": "bar"}, nsp="/chat") as bar,
        client(url, {"room": "foo"}, nsp="/other") as elsewhere,
    ):
        assert {socket.id for socket in await chat.fetch_sockets()} == {foo.id, bar.id}
        assert {socket.id for socket in await chat.in_("foo").fetch_sockets()} == {foo.id}
        assert {socket.id for socket in await other.in_("foo").fetch_sockets()} == {elsewhere.id}
        assert {socket.id for socket in await chat.in_(["foo", "bar"]).fetch_sockets()} == {foo.id, bar.id}


# whom an event reaches


async def test_a_volatile_event_reaches_a_namespace_that_takes_it(io: Server, url: str) -> None:
    chat = io.of("/chat")
    async with client(url, nsp="/chat") as socket:
        await idle(server_side(io, socket))
        await chat.volatile.emit("ev", "data")
        await chat.emit("marker")
        assert [await receive(socket), await receive(socket)] == [["ev", "data"], ["marker"]]


async def test_a_volatile_event_is_dropped_right_after_a_regular_one(io: Server, url: str) -> None:
    chat = io.of("/chat")
    async with client(url, nsp="/chat") as socket:
        await idle(server_side(io, socket))
        await chat.emit("ev", "regular")
        await chat.volatile.emit("ev", "volatile")
        await chat.emit("marker")
        assert [await receive(socket), await receive(socket)] == [["ev", "regular"], ["marker"]]


@pytest.mark.parametrize("nsp", ["/", "/nsp"])
async def test_a_socket_is_left_out_of_an_event_by_its_id(io: Server, url: str, nsp: str) -> None:
    emitter: Any = io if nsp == "/" else io.of(nsp)
    async with client(url, nsp=nsp) as one, client(url, nsp=nsp) as two:
        await emitter.except_(two.id).emit("a")
        await emitter.emit("marker")
        assert [await receive(one), await receive(one)] == [["a"], ["marker"]]
        assert await receive(two) == ["marker"]


async def test_a_room_is_left_out_of_an_event(io: Server, url: str) -> None:
    nsp = io.of("/nsp")
    async with client(url, nsp="/nsp") as one, client(url, nsp="/nsp") as two:

        @server_side(io, two).on("broadcast")
        async def broadcast() -> None:
            await server_side(io, two).join("room1")
            await nsp.except_("room1").emit("a")
            await nsp.emit("marker")

        await two.emit("broadcast")
        assert [await receive(one), await receive(one)] == [["a"], ["marker"]]
        assert await receive(two) == ["marker"]


# namespaces that come and go


def test_a_new_namespace_is_told(io: Any) -> None:
    seen: list[Any] = []
    io.on("new_namespace", seen.append)
    nsp = io.of("/nsp")
    assert io.of("/nsp") is nsp
    assert seen == [nsp]


async def test_a_namespace_made_for_a_client_is_told(io: Any, url: str) -> None:
    seen: list[Any] = []
    io.on("new_namespace", seen.append)
    io.of(DYNAMIC)
    async with client(url, nsp="/dynamic-101"), client(url, nsp="/dynamic-101"):
        assert [nsp.name for nsp in seen] == ["/dynamic-101"]


async def test_a_room_of_all_dynamic_namespaces_is_reached(io: Server, url: str) -> None:
    dynamic = io.of(DYNAMIC)

    @dynamic.on("connect")
    async def connect(socket: Socket) -> None:
        if socket.handshake.auth:
            await socket.join("some-room")

    async with (
        client(url, {"join": True}, nsp="/dynamic-1") as one,
        client(url, {"join": True}, nsp="/dynamic-2") as two,
        client(url, nsp="/dynamic-2") as outside,
    ):
        await dynamic.to("some-room").emit("hello", 4, "3", {"2": "1"})
        await dynamic.emit("marker")
        for socket in (one, two):
            assert await receive(socket) == ["hello", 4, "3", {"2": "1"}]
            assert await receive(socket) == ["marker"]
        assert await receive(outside) == ["marker"]


@pytest.mark.parametrize("match", [DYNAMIC, lambda name, auth: name == "/dynamic-101"], ids=["pattern", "function"])
async def test_a_name_is_refused_when_no_dynamic_namespace_takes_it(io: Server, url: str, match: Any) -> None:
    io.of(match)
    with pytest.raises(Refused, match="Invalid namespace"):
        async with client(url, nsp="/abc"):
            pass
    with pytest.raises(Refused, match="Invalid namespace"):
        async with client(url, nsp="/prefixed/dynamic-101"):
            pass
    async with client(url, nsp="/dynamic-101") as socket:
        assert socket.id


async def test_clients_that_join_at_once_share_one_dynamic_namespace(io: Server, url: str) -> None:
    asked: list[str] = []
    both_asked = asyncio.Event()

    async def takes(name: str, auth: Any) -> bool:
        asked.append(name)
        if len(asked) == 2:
            both_asked.set()
        await asyncio.wait_for(both_asked.wait(), 20)
        return True

    dynamic = io.of(takes)
    async with engine(url) as first, engine(url) as second:
        one, two = await asyncio.gather(first.connect("/dynamic-101"), second.connect("/dynamic-101"))
        assert asked == ["/dynamic-101"] * 2
        await dynamic.emit("message")
        await io.of("/dynamic-101").emit("marker")
        for socket in (one, two):
            assert [await receive(socket), await receive(socket)] == [["message"], ["marker"]]


async def test_a_namespace_that_is_made_by_hand_belongs_to_the_dynamic_one_that_takes_its_name(
    io: Server, url: str
) -> None:
    dynamic = io.of(DYNAMIC)
    seen: list[str] = []

    @dynamic.use
    async def known(socket: Socket, next: Any) -> None:
        seen.append("middleware")
        await next()

    dynamic.on("connection", lambda socket: seen.append("connection"))
    by_hand = io.of("/dynamic-101")
    async with client(url, nsp="/dynamic-101") as socket:
        await dynamic.emit("hello")
        await by_hand.emit("marker")
        assert await receive(socket) == ["hello"]
        assert await receive(socket) == ["marker"]
    assert seen == ["middleware", "connection"]


# what becomes of namespaces that are empty


async def _join_and_leave(io: Server, url: str, name: str) -> None:
    async with client(url, nsp=name) as socket:
        assert name in io.namespaces_in_use
        sockets = io.of(name).sockets
        await socket.disconnect()
        assert await poll(lambda: not sockets, 20)


def _refuse_but_first(io: Server, count: int) -> None:
    """Let so many clients into the dynamic namespaces, and none after them."""
    let_in: list[Socket] = []

    @io.of(DYNAMIC).use
    async def refuse(socket: Socket, next: Any) -> None:
        if len(let_in) == count:
            await next(SocketError("You shall not pass!"))
        else:
            let_in.append(socket)
            await next()


async def _be_refused(url: str, name: str) -> None:
    with pytest.raises(Refused, match="You shall not pass!"):
        async with client(url, nsp=name):
            pass


@pytest.fixture
def tidy() -> Server:
    """A server that keeps no empty dynamic namespace."""
    return Server(cleanup_empty_child_namespaces=True)


async def test_an_empty_dynamic_namespace_is_kept_by_default(io: Server, url: str) -> None:
    io.of(DYNAMIC)
    await _join_and_leave(io, url, "/dynamic-101")
    assert "/dynamic-101" in io.namespaces_in_use


async def test_a_dynamic_namespace_whose_client_was_refused_is_kept_by_default(io: Server, url: str) -> None:
    _refuse_but_first(io, 0)
    await _be_refused(url, "/dynamic-101")
    assert io.namespaces_in_use["/dynamic-101"].sockets == {}


async def test_an_empty_static_namespace_is_kept_even_where_dynamic_ones_are_not(tidy: Server) -> None:
    tidy.of("/chat")
    async with serve(tidy.app) as url:
        await _join_and_leave(tidy, url, "/chat")
    assert "/chat" in tidy.namespaces_in_use


async def test_an_empty_dynamic_namespace_can_be_let_go_and_joined_again(tidy: Server) -> None:
    tidy.of(DYNAMIC)
    async with serve(tidy.app) as url:
        await _join_and_leave(tidy, url, "/dynamic-101")
        assert await poll(lambda: "/dynamic-101" not in tidy.namespaces_in_use, 1)
        async with client(url, nsp="/dynamic-101") as socket:
            await tidy.of("/dynamic-101").emit("again")
            assert await receive(socket) == ["again"]


async def test_a_dynamic_namespace_whose_only_client_was_refused_can_be_let_go(tidy: Server) -> None:
    _refuse_but_first(tidy, 0)
    async with serve(tidy.app) as url:
        await _be_refused(url, "/dynamic-101")
        assert await poll(lambda: "/dynamic-101" not in tidy.namespaces_in_use, 1)


async def test_a_dynamic_namespace_stays_while_a_client_is_there_though_another_was_refused(tidy: Server) -> None:
    _refuse_but_first(tidy, 1)
    async with serve(tidy.app) as url, client(url, nsp="/dynamic-101") as socket:
        await _be_refused(url, "/dynamic-101")
        assert tidy.namespaces_in_use["/dynamic-101"].sockets.keys() == {socket.id}
