"""What stock python-socketio gets wrong, and ours gets right."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import httpx
import pytest

from server_core import Server, Socket, records
from tests.server_core.conformance.support import join_by_polling, keep_sockets
from tests.server_core.conformance.test_disconnection import ends_with, tell_everything, way_out
from tests.support.js_client import JsClient
from tests.support.serving import client
from tests.support.waiting import poll
from tests.support.watched import Watched


async def test_spoofed_events(watched: Watched[Server]) -> None:
    io = watched.io
    called: list[Any] = []

    @io.event
    def connect(sid: str, environ: dict[str, Any]) -> None:
        called.append("connect")

    @io.event
    def disconnect(sid: str, reason: str) -> None:
        called.append(reason)

    for name in ("connect", "disconnect"):
        async with client(watched.url) as socket:
            await socket._client.engine.send(f'2["{name}",{{"REMOTE_ADDR":"forged"}}]')
            assert await poll(partial(getattr, socket, "reason"), 20)
    assert called == ["connect", "transport error"] * 2


async def test_broadcasts_during_a_middleware(watched: Watched[Server], js_client: JsClient) -> None:
    held = asyncio.Event()

    @watched.io.use
    async def slow(socket: Socket, next: Any) -> None:
        await socket.join("room")
        await held.wait()
        await next()

    await js_client.command("connect", nsp="/", auth={})
    await watched.wait(records.RoomJoined)
    await watched.io.emit("too early")
    await watched.io.to("room").emit("too early")
    held.set()
    await js_client.wait_for("connect", "/")
    await watched.io.to("room").emit("in time")
    await js_client.wait_for("event", "/")
    assert [report["event"] for report in js_client.reports if report.kind == "event"] == ["in time"]


async def test_leaving_during_a_middleware(watched: Watched[Server], js: None) -> None:
    io, held = watched.io, asyncio.Event()
    sockets = keep_sockets(io)
    told: list[str] = []

    @io.use
    async def slow(socket: Socket, next: Any) -> None:
        socket.on("disconnect", told.append)
        await held.wait()
        await next()

    async with JsClient(watched.url, transports=["websocket"]) as js_client:
        await js_client.command("connect", nsp="/", auth={})
        await watched.wait(records.Connecting)
    await watched.wait(records.EngineClosed)
    held.set()
    assert await poll(lambda: not io._tasks, 20)
    assert (sockets, told, io.of("/").sockets, io.manager.rooms, io.connections) == ([], [], {}, {}, {})


async def test_exceptions(watched: Watched[Server], js_client: JsClient) -> None:
    io = watched.io

    @io.use
    async def middleware(socket: Socket, next: Any) -> None:
        if socket.handshake.auth.get("crash"):
            raise RuntimeError("in the middleware")
        await next()

    @io.event
    def connect(sid: str, environ: dict[str, Any], auth: Any) -> None:
        if auth.get("crash in connect"):
            raise RuntimeError("in connect")

    @io.on("connection")
    def connection(socket: Socket) -> None:
        @socket.on("crash")
        def crash() -> None:
            raise RuntimeError("in a handler")

        socket.on("fine", lambda: "ok")
        if socket.handshake.auth.get("crash later"):
            raise RuntimeError("in connection")

    for auth in ({"crash": 1}, {"crash in connect": 1}):
        report = await js_client.try_connect(auth=auth)
        assert (report.kind, report["message"]) == ("connect_error", "internal server error")
        assert (io.of("/").sockets, io.manager.rooms) == ({}, {})
    mine = await js_client.connect(auth={"crash later": 1})
    await mine.emit("crash")
    assert await mine.call("fine") == ["ok"]
    raised = await watched.wait(records.HandlerException, 4)
    assert [each.message for each in raised] == ["in the middleware", "in connect", "in connection", "in a handler"]
    assert all("Traceback" in each.traceback for each in raised)


async def test_many_packets_in_one_post(watched: Watched[Server]) -> None:
    got: list[int] = []
    watched.io.on("connection", lambda socket: socket.on("n", got.append))
    async with httpx.AsyncClient(base_url=watched.url) as http:
        path = await join_by_polling(http)
        answer = await http.post(path, content="\x1e".join(f'42["n",{number}]' for number in range(40)))
        assert answer.status_code == 200
        assert await poll(lambda: len(got) == 40, 20)
        assert got == list(range(40))


async def test_text_among_attachments() -> None:
    async def interrupt(websocket: Any) -> None:
        await websocket.send('452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
        await websocket.send(b"one")
        await websocket.send('42["in between"]')

    assert "attachments" in str(await ends_with("forced close", interrupt))


@pytest.mark.parametrize("transports", [["polling"], ["websocket"]], ids="+".join)
async def test_order_of_events(watched: Watched[Server], js: None, transports: list[str]) -> None:
    got: list[int] = []

    @watched.io.on("connection")
    def connection(socket: Socket) -> None:
        @socket.on("n")
        async def n(number: int) -> None:
            got.append(number)

    async with JsClient(watched.url, transports=transports) as js_client:
        mine = await js_client.connect()
        for number in range(300):
            await mine.emit("n", number)
        await mine.disconnect()  # what was sent before is handled
        assert await poll(lambda: len(got) == 300, 20)
    assert got == list(range(300))


async def test_shutdown(watched: Watched[Server], js_client: JsClient) -> None:
    told = tell_everything(watched.io)
    mine = await js_client.connect()
    async with client(watched.url, transports=["polling"]) as polling:
        await watched.io.shutdown()
        assert await mine.wait_disconnect() == "transport close"
        assert await poll(lambda: polling.reason, 20)
    assert sorted(told) == sorted(way_out("server shutting down") * 2)
    assert watched.io.of("/").sockets == {}


async def test_reentrant_disconnect(watched: Watched[Server]) -> None:
    told: list[str] = []

    @watched.io.on("connection")
    def connection(socket: Socket) -> None:
        for event in ("disconnecting", "disconnect"):

            async def again(reason: str, *, event: str = event) -> None:
                told.append(event)
                await socket.disconnect()
                await socket.disconnect(close=True)

            socket.on(event, again)

    async with client(watched.url) as socket:
        await watched.io.of("/").sockets[socket.id].disconnect()
        assert await poll(lambda: len(told) == 2, 20)
        assert await poll(lambda: not watched.io._tasks, 20)
    assert told == ["disconnecting", "disconnect"]
    assert len(watched.of(records.Disconnected)) == 1
