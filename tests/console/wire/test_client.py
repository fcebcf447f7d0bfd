"""The wire client against a stock python-socketio server, over every transport."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import socketio

from console.wire.client import Client
from console.wire.engine import Engine
from console.wire.errors import Closed, Refused, WireError
from server_core.listen import bind
from tests.support.serving import client, receive, serve
from tests.support.waiting import poll

TRANSPORTS = [["websocket"], ["polling"], ["polling", "websocket"]]
each_transport = pytest.mark.parametrize("transports", TRANSPORTS, ids="+".join)


class Stock:
    def __init__(self, sio: Any, url: str) -> None:
        self.sio = sio
        self.url = url
        self.gone: list[tuple[str, str]] = []
        self.got: list[Any] = []


@pytest.fixture
async def stock() -> AsyncIterator[Stock]:
    sio = socketio.AsyncServer(async_mode="asgi", namespaces="*", max_http_buffer_size=10_000_000)
    async with serve(socketio.ASGIApp(sio)) as url:
        made = Stock(sio, url)

        @sio.on("connect", namespace="*")
        async def connect(nsp: str, sid: str, environ: dict[str, Any], auth: Any) -> None:
            if auth == {"name": "mallory"}:
                raise socketio.exceptions.ConnectionRefusedError("unknown user", {"retry": False})

        @sio.on("disconnect", namespace="*")
        def disconnect(nsp: str, sid: str, reason: str) -> None:
            made.gone.append((nsp, reason))

        @sio.on("echo", namespace="*")
        def echo(nsp: str, sid: str, *args: Any) -> Any:
            return args

        @sio.on("n", namespace="*")
        def n(nsp: str, sid: str, number: int) -> None:
            made.got.append(number)

        yield made


@each_transport
async def test_events_acks_and_binary(stock: Stock, transports: list[str]) -> None:
    async with client(stock.url, transports=transports) as socket:
        assert socket._client.engine.transport == transports[-1]
        values = [1, "zwei", None, {"drei": [b"\x00\xff", b""]}]
        assert await socket.emit_with_ack("echo", *values, timeout=20) == values
        asked = asyncio.ensure_future(stock.sio.call("ask", b"q", to=socket.id, timeout=20))
        event = await asyncio.wait_for(socket.receive(), 20)
        assert (event.name, event.args) == ("ask", [b"q"])
        await socket.ack(event, b"answer", 2)
        assert await asked == (b"answer", 2)


@each_transport
async def test_what_was_sent_is_written_out_before_it_closes(stock: Stock, transports: list[str]) -> None:
    async with client(stock.url, transports=transports) as socket:
        for number in range(50):
            await socket.emit("n", number)
    assert await poll(lambda: len(stock.got) == 50, 20)
    assert stock.got == list(range(50))
    assert await poll(lambda: stock.gone, 20) == [("/", "client disconnect")]


@each_transport
async def test_a_refusal_has_its_message_and_data(stock: Stock, transports: list[str]) -> None:
    with pytest.raises(Refused) as caught:
        async with client(stock.url, {"name": "mallory"}, transports=transports):
            pass
    assert (caught.value.message, caught.value.data) == ("unknown user", {"retry": False})


@each_transport
async def test_a_disconnect_by_the_server_is_told_from_the_clients_own(stock: Stock, transports: list[str]) -> None:
    async with client(stock.url, transports=transports) as one, client(stock.url, transports=transports) as other:
        await stock.sio.disconnect(one.id)
        with pytest.raises(Closed, match="io server disconnect"):
            await receive(one)
        await other.disconnect()
        with pytest.raises(Closed, match="io client disconnect"):
            await receive(other)


async def test_namespaces_share_a_connection(stock: Stock) -> None:
    connection = Client(Engine(stock.url))
    await connection.open()
    default, chat = await connection.connect(), await connection.connect("/chat", {"x": 1})
    await stock.sio.emit("to chat", namespace="/chat")
    await stock.sio.emit("to default")
    assert (await receive(chat), await receive(default)) == (["to chat"], ["to default"])
    await chat.disconnect()
    assert await default.emit_with_ack("echo", 1, timeout=20) == [1]
    await connection.close()
    assert (chat.reason, default.reason) == ("io client disconnect", "io client disconnect")


async def test_large_messages_pass(stock: Stock) -> None:
    big = "x" * 5_000_000
    async with client(stock.url) as socket:
        assert await socket.emit_with_ack("echo", big, timeout=20) == [big]


async def test_a_connection_that_breaks_says_how(stock: Stock) -> None:
    async with client(stock.url) as socket:
        pending = asyncio.ensure_future(socket.emit_with_ack("never answered"))
        connection = next(iter(stock.sio.eio.sockets.values()))
        await connection.close(wait=False)
        with pytest.raises(Closed, match=r"server close|transport close"):
            await receive(socket)
        with pytest.raises(Closed):
            await pending
        with pytest.raises(Closed):
            await socket.emit("too late")


async def test_a_server_that_falls_silent_is_given_up() -> None:
    sio = socketio.AsyncServer(async_mode="asgi", ping_interval=1, ping_timeout=0.2)
    async with serve(socketio.ASGIApp(sio)) as url, client(url) as socket:
        connection = next(iter(sio.eio.sockets.values()))
        connection.schedule_ping = connection._send_ping = lambda: None
        socket._client.engine.handshake = type(socket._client.engine.handshake)("", [], 100, 100)
        task = socket._client.engine._start
        task(socket._client.engine._watch_pings())
        with pytest.raises(Closed, match="ping timeout"):
            await receive(socket)


async def test_nobody_there_is_said_in_one_line() -> None:
    listener = bind("127.0.0.1", 0)
    port = listener.getsockname()[1]
    listener.close()
    for transports in TRANSPORTS:
        with pytest.raises(WireError) as caught:
            await Client(Engine(f"http://127.0.0.1:{port}", transports=transports)).open()
        assert f"127.0.0.1:{port}" in str(caught.value)
        assert "\n" not in str(caught.value)


async def test_something_else_there_is_said(stock: Stock) -> None:
    async def web_page(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"<html>"})

    async with serve(web_page) as url:
        with pytest.raises(WireError, match=r"not with Engine\.IO"):
            await Client(Engine(url, transports=["polling"])).open()
        with pytest.raises(WireError, match="no WebSocket"):
            await Client(Engine(url)).open()


async def test_a_reader_that_is_behind_slows_the_network_and_loses_nothing(stock: Stock) -> None:
    async with client(stock.url) as socket:
        for number in range(5_000):
            await stock.sio.emit("flood", number, to=socket.id)
        got = [(await receive(socket))[1] for _ in range(5_000)]
    assert got == list(range(5_000))


@each_transport
async def test_a_client_that_read_nothing_can_leave(stock: Stock, transports: list[str]) -> None:
    async with client(stock.url, transports=transports) as socket:
        for number in range(5_000):
            await stock.sio.emit("flood", number, to=socket.id)
        assert await poll(lambda: socket.waiting == 1_000, 20)
        await asyncio.wait_for(socket._client.close(), 20)
    assert (await receive(socket)) == ["flood", 0]


async def test_what_was_not_read_is_there_after_the_server_left(stock: Stock) -> None:
    async with client(stock.url) as socket:
        for number in range(1_500):
            await stock.sio.emit("flood", number, to=socket.id)
        await stock.sio.disconnect(socket.id)
        got = [(await receive(socket))[1] for _ in range(1_500)]
        assert got == list(range(1_500))
        with pytest.raises(Closed, match="io server disconnect"):
            await receive(socket)
