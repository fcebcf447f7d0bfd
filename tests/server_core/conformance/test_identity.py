"""Identity, handshake, rooms, attributes."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import pytest

from server_core import Server, Socket, SocketError, records
from tests.server_core.conformance.support import keep_sockets, serving
from tests.support.js_client import JsClient
from tests.support.serving import client
from tests.support.waiting import poll
from tests.support.watched import Watched


async def test_id(watched: Watched[Server], js_client: JsClient) -> None:
    sockets = keep_sockets(watched.io)
    mine = await js_client.connect()
    async with client(watched.url) as other:
        assert await poll(lambda: len(sockets) == 2, 20)
        one, two = sockets
        assert (one.id, two.id) == (mine.id, other.id)
        assert one.id != two.id
        assert [len(one.id), len(two.id)] == [20, 20]
        assert one.id != one.conn.id
        with pytest.raises(AttributeError, match="'id' is the socket's own and can't be overwritten"):
            one.id = "forged"  # type: ignore[misc]
        assert one.id == mine.id


async def test_own_room(watched: Watched[Server], js_client: JsClient) -> None:
    io = watched.io
    during: list[set[str]] = []

    @io.use
    async def middleware(socket: Socket, next: Any) -> None:
        during.append(socket.rooms)
        await io.to(socket.id).emit("too early")
        await next()

    sockets = keep_sockets(io)
    mine = await js_client.connect()
    assert await poll(lambda: sockets, 20)
    (socket,) = sockets
    assert during == [set()]
    assert socket.rooms == {socket.id}
    await socket.to(socket.id).emit("to itself")
    await io.to(socket.id).emit("private", 1)
    assert await mine.wait_args("private") == [1]
    await socket.leave(socket.id)
    await io.to(socket.id).emit("nobody is there")
    await socket.emit("last")
    await mine.wait_event("last")
    assert [event for event, _ in mine.events] == ["private", "last"]


async def test_handshake(js: None) -> None:
    async with serving(cors_allowed_origins="*") as watched:
        await _check_handshake(watched)


async def _check_handshake(watched: Watched[Server]) -> None:
    sockets = keep_sockets(watched.io)
    in_chat = keep_sockets(watched.io, "/chat")
    headers = {"X-Custom-Name": "Wert", "Origin": "http://app.example"}
    started = int(time.time() * 1000)
    async with JsClient(watched.url, query={"room": "a b", "q": "1&2"}, headers=headers) as js_client:
        await js_client.connect(auth={"token": "s3cret", "n": [1]})
        await js_client.connect("/chat", auth={"other": True})
        await js_client.wait_for("upgrade")
        assert await poll(lambda: in_chat, 20)
        handshake = sockets[0].handshake
        assert sockets[0].conn.transport == "websocket"
    assert (handshake.auth, in_chat[0].handshake.auth) == ({"token": "s3cret", "n": [1]}, {"other": True})
    assert handshake.headers["x-custom-name"] == "Wert"
    assert "x_custom_name" not in handshake.headers
    assert "upgrade" not in handshake.headers  # those of the first request, not of the upgrade's
    assert (handshake.query["room"], handshake.query["q"]) == ("a b", "1&2")
    assert (handshake.query["EIO"], handshake.query["transport"]) == ("4", "polling")
    assert handshake.url.startswith("/socket.io/?")
    assert "q=1%262" in handshake.url  # as requested, not decoded
    assert (handshake.address, handshake.xdomain, handshake.secure) == ("127.0.0.1", True, False)
    assert isinstance(handshake.issued, int)
    assert started <= handshake.issued <= in_chat[0].handshake.issued <= int(time.time() * 1000)
    assert abs(datetime.fromisoformat(handshake.time).timestamp() * 1000 - handshake.issued) < 1
    async with client(watched.url) as bare:
        assert watched.io.of("/").sockets[bare.id].handshake.auth == {}
        assert not watched.io.of("/").sockets[bare.id].handshake.xdomain
    async with client(watched.url) as wrong:
        await wrong._client.engine.send('0/chat,"a text"')
        assert await poll(lambda: wrong.reason, 20)
        (gone,) = [each for each in await watched.wait(records.Disconnected, 4) if each.socket == wrong.id]
        assert gone.reason == "forced close"


async def test_rooms(watched: Watched[Server], js_client: JsClient) -> None:
    io = watched.io
    refused: list[Socket] = []

    @io.use
    async def middleware(socket: Socket, next: Any) -> None:
        await socket.join(["early", "bird"])
        if socket.handshake.auth.get("refuse"):
            refused.append(socket)
            raise SocketError("no")
        await next()

    sockets = keep_sockets(io)
    report = await js_client.try_connect(auth={"refuse": True})
    assert report.kind == "connect_error"
    assert refused[0].rooms == set()
    assert "early" not in io.manager.rooms.get("/", {})
    mine = await js_client.connect()
    assert await poll(lambda: sockets, 20)
    (socket,) = sockets
    assert socket.rooms == {socket.id, "early", "bird"}
    await socket.join("third")
    await socket.leave("bird")
    assert socket.rooms == {socket.id, "early", "third"}
    await io.to("third").emit("hi")
    await mine.wait_event("hi")
    await mine.disconnect()
    assert await poll(lambda: not socket.connected, 20)
    assert socket.rooms == set()
    await socket.join("after")
    assert (socket.rooms, io.manager.rooms) == (set(), {})


async def test_data(watched: Watched[Server], js_client: JsClient) -> None:
    sockets = keep_sockets(watched.io)
    await js_client.connect()
    assert await poll(lambda: sockets, 20)
    assert sockets[0].data == {}
    sockets[0].data["user"] = {"name": "alice"}
    (fetched,) = await watched.io.fetch_sockets()
    assert fetched.data == {"user": {"name": "alice"}}
    with pytest.raises(AttributeError, match="own"):
        sockets[0].data = {}  # type: ignore[misc]


async def test_attributes(watched: Watched[Server], js_client: JsClient) -> None:
    sockets = keep_sockets(watched.io)
    await js_client.connect()
    assert await poll(lambda: sockets, 20)
    (socket,) = sockets
    socket.user = {"name": "alice"}
    socket.user = "bob"
    assert socket.user == "bob"
    del socket.user
    with pytest.raises(AttributeError, match="nothing named 'user'"):
        _ = socket.user
    with pytest.raises(AttributeError, match="nothing named 'user'"):
        del socket.user
    own = [name for name in dir(Socket) if not name.startswith("_")]
    assert {"id", "rooms", "handshake", "data", "conn", "nsp", "emit", "join", "to", "use", "recovered"} <= set(own)
    for name in own:
        with pytest.raises(AttributeError, match="own"):
            setattr(socket, name, None)
    changes = await watched.wait(records.AttributeSet, 2)
    assert [(each.name, each.value) for each in changes] == [("user", '{"name":"alice"}'), ("user", '"bob"')]
    assert [each.name for each in watched.of(records.AttributeDeleted)] == ["user"]


async def test_conn(js: None) -> None:
    told: list[tuple[str, Any]] = []
    async with serving(ping_interval=0.1, ping_timeout=5) as watched:

        @watched.io.on("connection")
        def connection(socket: Socket) -> None:
            for event in ("upgrade", "packet", "packetCreate", "drain", "heartbeat", "close"):
                socket.conn.on(event, lambda *args, event=event: told.append((event, args)))

        async with JsClient(watched.url) as js_client:
            mine = await js_client.connect()
            (socket,) = watched.io.of("/").sockets.values()
            assert (len(socket.conn.id), socket.conn.transport in ("polling", "websocket")) == (20, True)
            await js_client.wait_for("upgrade")
            assert await poll(lambda: socket.conn.transport == "websocket", 20)
            assert await poll(lambda: socket.conn.rtt, 20)
            assert 0 < socket.conn.rtt < 1  # type: ignore[operator]
            await mine.emit("anything")
            assert await poll(
                lambda: {"upgrade", "packet", "packetCreate", "drain", "heartbeat"} <= {e for e, _ in told}, 20
            )
            await js_client.drop()
            assert await poll(lambda: ("close", ("transport close",)) in told, 20)
        assert ("upgrade", ("websocket",)) in told
