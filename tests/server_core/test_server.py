"""The Server and its Sockets over real connections, and what the tap tells of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from console.wire.client import Client
from console.wire.engine import Engine
from console.wire.errors import Closed, Refused
from server_core import Server, Socket, SocketError, records
from server_core.tap import Tap
from server_core.watch import attach, census, observe
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


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]], ids="+".join)
async def test_events_acks_and_binary_go_both_ways(watched: Watched[Server], transports: list[str]) -> None:
    answers: list[Any] = []

    @watched.io.on("connection")
    async def connection(socket: Socket) -> None:
        @socket.on("echo")
        def echo(*args: Any) -> tuple[Any, ...]:
            return args

        @socket.on("by hand")
        async def by_hand(*, ack: Callable[..., None]) -> None:
            ack(1, 2)
            ack(3)

        @socket.on("ask me")
        async def ask_me() -> None:
            answers.append(await socket.emit_with_ack("question", b"\x01"))

    async with client(watched.url, transports=transports) as socket:
        values = [1, "two", {"three": [b"\x00\xff"]}]
        assert await socket.emit_with_ack("echo", *values, timeout=20) == values
        assert await socket.emit_with_ack("by hand", timeout=20) == [1, 2]
        await socket.emit("ask me")
        event = await asyncio.wait_for(socket.receive(), 20)
        assert (event.name, event.args) == ("question", [b"\x01"])
        await socket.ack(event, "answer")
        assert await poll(lambda: answers, 20) == ["answer"]
    received, sent = watched.of(records.EventReceived), watched.of(records.AckSent)
    assert received[0].args == values
    assert received[0].attachments == (b"\x00\xff",)
    assert sent[0].values == values
    assert 0 < sent[0].elapsed < 5
    (got,) = watched.of(records.AckReceived)
    assert (got.values, got.socket) == (["answer"], received[0].socket)
    assert 0 < got.elapsed < 5


async def test_a_handshake_tells_who_asked(watched: Watched[Server]) -> None:
    seen: list[Socket] = []
    watched.io.on("connection", seen.append)
    options: dict[str, Any] = {"headers": {"X-App": "test", "Origin": "http://else"}, "query": {"room": "r 1"}}
    watched.io.eio.cors_allowed_origins = "*"
    async with client(watched.url, {"name": "bob"}, **options) as socket:
        (server_side,) = await poll(lambda: seen, 20) or []
        handshake = server_side.handshake
        assert (server_side.id, len(server_side.id)) == (socket.id, 20)
        assert server_side.id != server_side.conn.id
        assert handshake.headers["x-app"] == "test"
        assert handshake.query["room"] == "r 1"
        assert handshake.auth == {"name": "bob"}
        assert handshake.url.startswith("/socket.io/?room=r+1&EIO=4&transport=websocket")
        assert (handshake.address, handshake.xdomain, handshake.secure) == ("127.0.0.1", True, False)
    (connecting,) = watched.of(records.Connecting)
    assert connecting.handshake == handshake.to_record()


async def test_rooms_reach_whom_they_should(watched: Watched[Server]) -> None:
    sockets: dict[str, Socket] = {}

    @watched.io.on("connection")
    async def connection(socket: Socket) -> None:
        sockets[socket.id] = socket
        await socket.join(["all", socket.handshake.auth["room"]])

    url = watched.url
    async with client(url, {"room": "x"}) as a, client(url, {"room": "x"}) as b, client(url, {"room": "y"}) as c:
        assert await poll(lambda: len(watched.of(records.RoomJoined)) == 6, 20)
        ours = sockets[a.id]
        assert ours.rooms == {a.id, "all", "x"}
        await ours.to("x").emit("others in x")
        await watched.io.to(["x", "y"]).except_(b.id).emit("x and y, not b")
        await watched.io.to([]).emit("nobody")
        await ours.to(a.id).emit("never to itself")
        await ours.leave("x")
        await watched.io.to("x").emit("who is left in x")
        await ours.broadcast.emit("all but a")
        await watched.io.emit("everybody", "data")
        got = {
            name: [await receive(each) for _ in range(count)]
            for name, each, count in (("a", a, 2), ("b", b, 4), ("c", c, 3))
        }
    assert got == {
        "a": [["x and y, not b"], ["everybody", "data"]],
        "b": [["others in x"], ["who is left in x"], ["all but a"], ["everybody", "data"]],
        "c": [["x and y, not b"], ["all but a"], ["everybody", "data"]],
    }
    sent = {record.event: record.sockets for record in watched.of(records.EventSent)}
    assert sent == {
        "others in x": 1,
        "x and y, not b": 2,
        "never to itself": 0,
        "who is left in x": 1,
        "all but a": 2,
        "everybody": 3,
    }


async def test_a_middleware_refuses_with_message_and_data(watched: Watched[Server]) -> None:
    joined: list[str] = []

    @watched.io.use
    async def strict(socket: Socket, next: Any) -> None:
        await socket.join("too early")
        joined.append(socket.id)
        await next(SocketError("unknown user", data={"retry": False}))

    @watched.io.use
    def never(socket: Socket, next: Any) -> None:
        raise AssertionError("a later middleware ran")

    with pytest.raises(Refused) as caught:
        async with client(watched.url):
            pass
    assert (caught.value.message, caught.value.data) == ("unknown user", {"retry": False})
    (refused,) = watched.of(records.Refused)
    assert (refused.message, refused.data, refused.socket) == ("unknown user", '{"retry":false}', joined[0])
    assert refused.by.endswith("strict")
    assert watched.io.manager.get_rooms(joined[0], "/") == []
    assert census(watched.io)[1] == []


async def test_an_unexpected_exception_in_a_middleware_is_kept_from_the_client(
    watched: Watched[Server],
) -> None:
    @watched.io.use
    def broken(socket: Socket, next: Any) -> None:
        raise KeyError("internal detail")

    with pytest.raises(Refused, match="internal server error"):
        async with client(watched.url):
            pass
    (raised,) = watched.of(records.HandlerException)
    assert (raised.type, "internal detail" in raised.traceback) == ("KeyError", True)


async def test_a_middleware_that_never_answers_is_named_when_its_time_is_up() -> None:
    io = Server(connect_timeout=1)
    tap = Tap("x")
    attach(tap, io)

    @io.use
    def forgetful(socket: Socket, next: Any) -> None: ...

    async with serve(io.app) as url:
        with pytest.raises(Refused, match="timed out"):
            async with client(url):
                pass
    (refused,) = [record for record in tap.drain() if isinstance(record, records.Refused)]
    assert refused.by.endswith("forgetful")


async def test_a_socket_in_a_middleware_gets_no_broadcast_and_leaves_no_ghost(watched: Watched[Server]) -> None:
    held, gate = asyncio.Event(), asyncio.Event()
    ended: list[str] = []

    @watched.io.use
    async def slow(socket: Socket, next: Any) -> None:
        if socket.handshake.auth.get("slow"):
            held.set()
            await gate.wait()
        await next()

    @watched.io.on("connection")
    def connection(socket: Socket) -> None:
        socket.on("disconnect", ended.append)

    async with client(watched.url) as quick:
        task = asyncio.ensure_future(_connect_and_leave(watched.url, held))
        await asyncio.wait_for(held.wait(), 20)
        await watched.io.emit("to all")
        assert await receive(quick) == ["to all"]
        assert watched.of(records.EventSent)[0].sockets == 1
        await asyncio.wait_for(task, 20)
        await watched.wait(records.Disconnected)
        gate.set()
        await asyncio.sleep(0)
        assert [socket.id for socket in census(watched.io)[1]] == [quick.id]
        assert ended == []


async def _connect_and_leave(url: str, held: asyncio.Event) -> None:
    connection = Client(Engine(url))
    await connection.open()
    joining = asyncio.ensure_future(connection.connect("/", {"slow": True}))
    await held.wait()
    await connection.engine.abort()
    with pytest.raises(Closed):
        await joining


async def test_attributes_are_attached_changed_and_deleted_and_its_own_are_kept(watched: Watched[Server]) -> None:
    done = asyncio.Event()
    errors: list[str] = []

    @watched.io.on("connection")
    def connection(socket: Socket) -> None:
        socket.user = {"name": "bob"}
        socket.user = {"name": "bea"}
        socket.odd = object()
        del socket.user
        for name in ("id", "rooms", "handshake", "emit", "data", "_state"):
            try:
                setattr(socket, name, 1)
            except AttributeError as error:
                errors.append(str(error))
        assert socket.attributes.keys() == {"odd"}
        assert not hasattr(socket, "user")
        done.set()

    async with client(watched.url):
        await asyncio.wait_for(done.wait(), 20)
    assert len(errors) == 6
    assert errors[0] == "'id' is the socket's own and can't be overwritten"
    made = watched.of(records.AttributeSet, records.AttributeDeleted)
    assert [(record.name, getattr(record, "value", None)) for record in made[:2]] == [
        ("user", '{"name":"bob"}'),
        ("user", '{"name":"bea"}'),
    ]
    assert made[2].value.startswith('"<object object at')
    assert isinstance(made[3], records.AttributeDeleted)


async def test_an_event_middleware_blocks_and_the_socket_stays(watched: Watched[Server]) -> None:
    told: list[Exception] = []

    @watched.io.on("connection")
    def connection(socket: Socket) -> None:
        @socket.use
        async def guard(packet: list[Any], next: Any) -> None:
            if packet[0] == "drop":
                return
            if packet[0] == "change":
                packet[1] = "changed"
            await next(SocketError("unauthorized event") if packet[0] == "admin" else None)

        socket.on("error", told.append)
        socket.on("admin", lambda: "never")
        socket.on("change", lambda value: value)

    async with client(watched.url) as socket:
        await socket.emit("admin", 1)
        await socket.emit("drop")
        assert await socket.emit_with_ack("change", "original", timeout=20) == ["changed"]
        with pytest.raises(TimeoutError):
            await socket.emit_with_ack("admin", timeout=0.1)
        await watched.wait(records.EventBlocked, 3)
    assert [str(error) for error in told] == ["unauthorized event"] * 2
    blocked = watched.of(records.EventBlocked)
    assert [(record.event, record.message) for record in blocked] == [
        ("admin", "unauthorized event"),
        ("drop", ""),
        ("admin", "unauthorized event"),
    ]


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("client", "client namespace disconnect"),
        ("abort", "transport close"),
        ("server", "server namespace disconnect"),
        ("close", "server namespace disconnect"),
        ("shutdown", "server shutting down"),
        ("garbage", "forced close"),
        ("engine garbage", "parse error"),
        ("reserved", "forced close"),
        ("ping", "transport error"),
    ],
)
async def test_each_way_out_has_its_reason(watched: Watched[Server], how: str, reason: str) -> None:
    told: list[tuple[str, str, int]] = []
    sockets: list[Socket] = []

    @watched.io.on("connection")
    def connection(socket: Socket) -> None:
        sockets.append(socket)

        @socket.on("disconnecting")
        def disconnecting(why: str) -> None:
            told.append(("disconnecting", why, len(socket.rooms)))

        @socket.on("disconnect")
        async def disconnect(why: str, description: Any) -> None:
            told.append(("disconnect", why, len(socket.rooms)))
            await socket.disconnect()

    async with client(watched.url) as socket:
        await watched.wait(records.Connected)
        engine = socket._client.engine
        match how:
            case "client":
                await socket.disconnect()
            case "abort":
                await engine.abort()
            case "server":
                await sockets[0].disconnect()
                await sockets[0].disconnect()
            case "close":
                await sockets[0].disconnect(close=True)
            case "shutdown":
                await watched.io.shutdown()
            case "garbage":
                await engine.send("2{}")
            case "engine garbage":
                assert engine._ws is not None
                await engine._ws.send("zzz")
            case "reserved":
                await engine.send('2["disconnect"]')
            case "ping":
                assert engine._ws is not None
                await engine._ws.send("2")
        (gone,) = await watched.wait(records.Disconnected)
        assert gone.reason == reason
        assert await poll(lambda: len(told) == 2, 20)
        if how in ("server", "close"):
            with pytest.raises(Closed, match="io server disconnect"):
                await receive(socket)
    assert told == [("disconnecting", reason, 1), ("disconnect", reason, 0)]
    assert gone.rooms == {sockets[0].id}


async def test_a_handler_that_raises_sends_no_ack_and_its_traceback_is_told(watched: Watched[Server]) -> None:
    @watched.io.on("connection")
    def connection(socket: Socket) -> None:
        @socket.on("boom")
        def boom() -> None:
            raise ValueError("it broke")

        socket.on("fine", lambda: "ok")

    async with client(watched.url) as socket:
        with pytest.raises(TimeoutError):
            await socket.emit_with_ack("boom", timeout=0.1)
        assert await socket.emit_with_ack("fine", timeout=20) == ["ok"]
    (raised,) = watched.of(records.HandlerException)
    assert (raised.type, raised.message, raised.where) == ("ValueError", "it broke", "on 'boom'")
    assert raised.traceback.count("File ") == 1  # the app's own frame alone


async def test_rtt_is_measured_and_the_upgrade_told(watched: Watched[Server]) -> None:
    async with client(watched.url, transports=["polling", "websocket"]) as socket:
        (upgraded,) = await watched.wait(records.EngineUpgraded)
        (heartbeat, *_) = await watched.wait(records.EngineHeartbeat)
        assert upgraded.transport == "websocket"
        assert heartbeat.engine == upgraded.engine == socket._client.engine.sid
        assert 0 < heartbeat.rtt < 5


async def test_more_packets_in_one_post_than_stock_takes(watched: Watched[Server]) -> None:
    seen: list[int] = []

    @watched.io.on("connection")
    def connection(socket: Socket) -> None:
        socket.on("n", seen.append)

    async with client(watched.url, transports=["polling"]) as socket:
        body = "\x1e".join(f'42["n",{number}]' for number in range(40))
        await socket._client.engine._post(body)
        assert await poll(lambda: len(seen) == 40, 20)
    assert seen == list(range(40))


async def test_python_socketios_own_handlers_work_as_they_do(watched: Watched[Server]) -> None:
    io = watched.io
    told: list[Any] = []

    @io.event
    async def connect(sid: str, environ: dict[str, Any], auth: Any) -> None:
        await io.save_session(sid, {"name": auth["name"]})

    @io.on("hello")
    async def hello(sid: str, data: str) -> str:
        session = await io.get_session(sid)
        await io.enter_room(sid, "greeted")
        await io.emit("greeting", {"to": session["name"]}, room="greeted")
        return f"{data} {session['name']}"

    @io.event
    def disconnect(sid: str, reason: str) -> None:
        told.append(reason)

    async with client(watched.url, {"name": "bob"}) as socket:
        assert await socket.emit_with_ack("hello", "hi", timeout=20) == ["hi bob"]
        assert await receive(socket) == ["greeting", {"to": "bob"}]
        assert io.rooms(socket.id) == [socket.id, "greeted"]
        call = asyncio.ensure_future(io.call("ask", "x", to=socket.id, timeout=20))
        event = await asyncio.wait_for(socket.receive(), 20)
        await socket.ack(event, "y")
        assert await call == "y"
        await io.disconnect(socket.id)
        await watched.wait(records.Disconnected)
    assert told == ["server disconnect"]
    (saved,) = watched.of(records.AttributeSet)
    assert (saved.name, saved.value) == ("name", '"bob"')


async def test_an_unknown_namespace_is_refused_and_a_known_one_is_apart(watched: Watched[Server]) -> None:
    watched.io.of("/chat")
    await watched.io.disconnect("nobody", namespace="/nowhere")
    with pytest.raises(Refused, match="Invalid namespace"):
        async with client(watched.url, nsp="/nowhere"):
            pass
    async with client(watched.url, nsp="/chat") as socket:
        await watched.io.emit("to the default namespace")
        await watched.io.of("chat").emit("to chat")
        assert await receive(socket) == ["to chat"]


async def test_a_census_says_what_the_records_said(watched: Watched[Server]) -> None:
    @watched.io.on("connection")
    async def connection(socket: Socket) -> None:
        socket.user = "bob"
        await socket.join("lobby")

    async with client(watched.url), client(watched.url, transports=["polling"]):
        await watched.wait(records.RoomJoined, 2)
        before = watched.tap.sync()
        watched.tap.census(census(watched.io))
        (after,) = watched.tap.drain()
        assert isinstance(after, records.Sync)
        assert {sync.socket.id: (sync.socket.rooms, sync.socket.attributes) for sync in after.sockets} == {
            sync.socket.id: (sync.socket.rooms, sync.socket.attributes) for sync in before.sockets
        }
        assert {(e.id, e.transport) for e in after.engines} == {(e.id, e.transport) for e in before.engines}


async def test_changes_inside_a_value_are_found_when_it_is_looked_at(watched: Watched[Server]) -> None:
    sockets: list[Socket] = []

    @watched.io.on("connection")
    def connection(socket: Socket) -> None:
        socket.cart = []
        sockets.append(socket)

    async with client(watched.url):
        await watched.wait(records.AttributeSet)
        sockets[0].cart.append("book")
        sockets[0].data["seen"] = 1
        observe(watched.tap, watched.io, [sockets[0].id, "nobody"])
        made = [(record.name, record.value) for record in watched.of(records.AttributeSet)]
        assert made == [("cart", "[]"), ("cart", '["book"]'), ("data", '{"seen":1}')]
        observe(watched.tap, watched.io, [sockets[0].id])
        sockets[0].data.clear()
        observe(watched.tap, watched.io, [sockets[0].id])
        assert len(watched.of(records.AttributeSet)) == 3
        assert [record.name for record in watched.of(records.AttributeDeleted)] == ["data"]
