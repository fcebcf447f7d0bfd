"""How a socket goes: the order of what happens, and the nine reasons."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from server_core import Server, Socket, records
from tests.server_core.conformance.support import join_by_polling, keep_sockets, serving
from tests.support.js_client import JsClient
from tests.support.serving import client
from tests.support.waiting import poll
from tests.support.watched import Watched


def tell_everything(io: Server, nsp: str = "/") -> list[tuple[Any, ...]]:
    """What each socket's way out tells, from now on."""
    told: list[tuple[Any, ...]] = []

    @io.of(nsp).on("connection")
    def connection(socket: Socket) -> None:
        def disconnecting(reason: str, description: Any) -> None:
            told.append(("disconnecting", reason, socket.connected, len(socket.rooms)))

        async def disconnect(reason: str) -> None:
            told.append(("disconnect", reason, socket.connected, len(socket.rooms)))
            await socket.disconnect()
            await socket.disconnect(close=True)

        socket.on("disconnecting", disconnecting)
        socket.on("disconnect", disconnect)

    return told


def way_out(reason: str) -> list[tuple[Any, ...]]:
    return [("disconnecting", reason, True, 1), ("disconnect", reason, False, 0)]


@contextlib.asynccontextmanager
async def raw_websocket(url: str, *, join: bool = True) -> AsyncIterator[ClientConnection]:
    """A WebSocket that has joined `/`."""
    uri = url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    async with connect(uri, ping_interval=None, max_size=None, proxy=None) as websocket:
        await websocket.recv()
        if join:
            await websocket.send("40")
            await websocket.recv()
        yield websocket


async def ends_with(reason: str, break_it: Callable[[ClientConnection], Awaitable[Any]], **options: Any) -> Any:
    """Break a connection; its sockets and its engine say why, within two seconds. The description."""
    described: list[Any] = []
    async with serving(**options) as watched:
        told = tell_everything(watched.io)
        watched.io.on(
            "connection",
            lambda socket: socket.on("disconnect", lambda _reason, description: described.append(description)),
        )
        async with raw_websocket(watched.url) as websocket:
            await break_it(websocket)
            assert await poll(lambda: len(told) == 2, 2), told
            assert told == way_out(reason)
            (gone,) = await watched.wait(records.Disconnected)
            (closed,) = await watched.wait(records.EngineClosed)
            assert (gone.reason, closed.reason) == (reason, reason)
            assert await poll(lambda: described, 2)
    return described[0]


async def test_order(watched: Watched[Server], js_client: JsClient) -> None:
    io = watched.io
    in_default, in_chat = tell_everything(io), tell_everything(io, "/chat")
    sockets = keep_sockets(io)
    mine = await js_client.connect()
    chat = await js_client.connect("/chat")
    assert await poll(lambda: sockets, 20)
    await sockets[0].join("room")
    await sockets[0].disconnect(close=True)
    assert await mine.wait_disconnect() == "io server disconnect"
    assert await chat.wait_disconnect() == "io server disconnect"
    reason = "server namespace disconnect"
    assert await poll(lambda: len(in_default) == 2 and len(in_chat) == 2, 20)
    assert in_default == [("disconnecting", reason, True, 2), ("disconnect", reason, False, 0)]
    assert in_chat == way_out(reason)
    assert (io.of("/").sockets, io.of("/chat").sockets, io.manager.rooms) == ({}, {}, {})
    await sockets[0].disconnect()
    kinds = [
        type(each).__name__ for each in watched.of(records.Disconnecting, records.Disconnected, records.EngineClosed)
    ]
    assert kinds == ["Disconnecting", "Disconnected"] * 2 + ["EngineClosed"]
    assert (len(in_default), len(in_chat)) == (2, 2)


async def test_server_namespace_disconnect(watched: Watched[Server], js_client: JsClient) -> None:
    told = tell_everything(watched.io)
    mine, chat = await js_client.connect(), None
    watched.io.of("/chat")
    chat = await js_client.connect("/chat")
    await watched.io.of("/").sockets[mine.id].disconnect()
    assert await mine.wait_disconnect() == "io server disconnect"
    assert await poll(lambda: len(told) == 2, 20)
    assert told == way_out("server namespace disconnect")
    await watched.io.of("/chat").sockets[chat.id].emit("still there")
    await chat.wait_event("still there")


async def test_client_namespace_disconnect(watched: Watched[Server], js_client: JsClient) -> None:
    told = tell_everything(watched.io)
    mine = await js_client.connect()
    await mine.disconnect()
    assert await poll(lambda: len(told) == 2, 20)
    assert told == way_out("client namespace disconnect")


async def test_server_shutting_down(watched: Watched[Server], js_client: JsClient) -> None:
    told = tell_everything(watched.io)
    mine = await js_client.connect()
    await watched.io.shutdown()
    assert await mine.wait_disconnect() == "transport close"
    assert told == way_out("server shutting down")


async def test_ping_timeout() -> None:
    async def answer_nothing(websocket: ClientConnection) -> None:
        assert await websocket.recv() == "2"

    await ends_with("ping timeout", answer_nothing, ping_interval=0.1, ping_timeout=0.1)


async def test_transport_close(js: None) -> None:
    async def close(websocket: ClientConnection) -> None:
        await websocket.close()

    async def abort(websocket: ClientConnection) -> None:
        websocket.transport.abort()

    await ends_with("transport close", close)
    await ends_with("transport close", abort)
    async with serving() as watched:
        told = tell_everything(watched.io)
        async with JsClient(watched.url, transports=["polling"]) as js_client:
            await js_client.connect()
            await js_client.drop()
            assert await poll(lambda: len(told) == 2, 2)
        async with JsClient(watched.url, transports=["websocket"]) as js_client:
            await js_client.connect()
            await js_client.kill()
            assert await poll(lambda: len(told) == 4, 2)
        assert told == way_out("transport close") * 2


async def test_transport_error() -> None:
    async def oversize(websocket: ClientConnection) -> None:
        await websocket.send("4" + "x" * 2_000)

    async def ping(websocket: ClientConnection) -> None:
        await websocket.send("2")

    assert await ends_with("transport error", oversize, max_http_buffer_size=1_000) == "a message of 2001 bytes"
    assert await ends_with("transport error", ping) == "a packet that only a server sends"
    async with serving() as watched, httpx.AsyncClient(base_url=watched.url) as http:
        told = tell_everything(watched.io)
        path = await join_by_polling(http)
        (connection,) = watched.io.eio.sockets.values()
        first = asyncio.ensure_future(http.get(path))
        assert await poll(lambda: connection.writable, 20)
        assert (await http.get(path)).status_code == 400
        assert await poll(lambda: len(told) == 2, 2)
        assert told == way_out("transport error")
        await first


async def test_parse_error() -> None:
    async def unknown_type(websocket: ClientConnection) -> None:
        await websocket.send("zzz")

    async def empty(websocket: ClientConnection) -> None:
        await websocket.send("")

    for break_it in (unknown_type, empty):
        assert isinstance(await ends_with("parse error", break_it), ValueError)


async def test_forced_close() -> None:
    undecodable = ("4abc", "42{}", '42["unfinished', '4["x"]', "42", "49", '451-["x",{"_placeholder":true,"num":5}]')
    for packet in (*undecodable, "40"):

        async def send(websocket: ClientConnection, packet: str = packet) -> None:
            await websocket.send(packet)
            if packet.startswith("451-"):
                await websocket.send(b"x")

        assert isinstance(await ends_with("forced close", send), Exception), packet
    async with serving() as watched, raw_websocket(watched.url, join=False) as websocket:
        await websocket.send('42["too early"]')
        (closed,) = await watched.wait(records.EngineClosed)
        assert closed.reason == "forced close"


async def test_forced_server_close() -> None:
    async with serving(connect_timeout=0.2) as watched, raw_websocket(watched.url, join=False) as websocket:
        (closed,) = await watched.wait(records.EngineClosed)
        assert closed.reason == "forced server close"
        assert watched.of(records.Connecting, records.Disconnected) == []
        await asyncio.wait_for(websocket.wait_closed(), 20)
    async with serving(connect_timeout=1) as watched, client(watched.url) as socket:
        await socket.disconnect()  # whoever has joined may be without a namespace
        with contextlib.suppress(TimeoutError):  # nothing comes
            async with asyncio.timeout(1.2):
                await socket._client.engine.receive()
        assert socket._client.engine.reason == ""
