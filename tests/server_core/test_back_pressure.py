"""A client that does not read holds a bounded part of the server's memory, then is let go; nobody else notices."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import weakref
from collections.abc import AsyncIterator
from typing import Any

import psutil
import pytest

from server_core import Server, engine_socket, records
from server_core.engine_socket import EngineSocket
from server_core.socket import Socket
from server_core.tap import Tap
from server_core.watch import attach
from tests.benchmarks.load import Client
from tests.support import raw
from tests.support.serving import serve
from tests.support.waiting import poll
from tests.support.watched import Watched

LIMIT = 1_000_000


@pytest.fixture
async def watched() -> AsyncIterator[Watched[Server]]:
    io = Server(max_queued_bytes=LIMIT)
    tap = Tap("own")
    attach(tap, io)
    async with serve(io.app) as url:
        yield Watched(io, url, tap)


@contextlib.asynccontextmanager
async def deaf(url: str) -> AsyncIterator[Client]:
    """A client that joins "/", then reads nothing more."""
    host, port = url.removeprefix("http://").split(":")
    _, client = await asyncio.get_running_loop().create_connection(lambda: Client(host), host, int(port))
    await asyncio.wait_for(client.connected, 20)
    client.pause()
    try:
        yield client
    finally:
        client.close()


async def test_a_client_that_does_not_read_is_let_go(watched: Watched[Server]) -> None:
    sockets: list[Socket] = []
    reasons: list[tuple[str, Any]] = []

    @watched.io.on("connection")
    def connection(socket: Socket) -> None:
        sockets.append(socket)
        socket.on("disconnect", lambda reason, description: reasons.append((reason, description)))

    async with deaf(watched.url), raw.websocket(watched.url) as good:
        await good.send("40")
        assert (await good.receive())[:2] == "40"
        assert await poll(lambda: len(sockets) == 2, 20)
        slow = sockets[0]
        waiting = 0
        for _ in range(500):
            await watched.io.emit("news", "x" * 50_000)
            assert (await good.receive())[:8] == '42["news'
            waiting = max(waiting, slow.conn.queue.size)
            if slow.conn.closed:
                break
        assert slow.conn.closed
        assert LIMIT - 50_100 < waiting <= LIMIT
        assert reasons == [("transport error", f"more than {LIMIT} bytes waited to be sent")]
        assert slow.conn.queue.size == 0
        assert await poll(lambda: len(watched.io.eio.sockets) == 1, 20)
        (gone,) = await watched.wait(records.Disconnected)
        assert gone.reason == "transport error"


async def test_a_client_that_does_not_poll_is_let_go(watched: Watched[Server]) -> None:
    async with raw.polling(watched.url) as idle:
        await idle.send("40")
        assert (await idle.receive())[:2] == "40"
        for _ in range(30):
            await watched.io.emit("news", "x" * 50_000)
        assert await poll(lambda: not watched.io.eio.sockets, 20)
        (gone,) = await watched.wait(records.Disconnected)
        assert gone.reason == "transport error"


def open_on(url: str) -> list[Any]:
    """The TCP connections to the server here."""
    port = int(url.rpartition(":")[2])
    every = psutil.Process().net_connections("tcp")
    return [each for each in every if each.status == psutil.CONN_ESTABLISHED and each.laddr[1] == port]


@pytest.mark.parametrize("ending", ["ping timeout", "forced server close", "transport close"])
async def test_nothing_of_a_connection_stays_when_its_client_takes_no_goodbye(
    monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(engine_socket, "LINGER", 0.2)
    pings = (0.5, 0.2) if ending == "ping timeout" else (25, 20)
    io = Server(ping_interval=pings[0], ping_timeout=pings[1])
    connections: list[weakref.ref[EngineSocket]] = []
    reasons: list[str] = []

    @io.on("connection")
    def connection(socket: Socket) -> None:
        connections.append(weakref.ref(socket.conn))
        socket.on("disconnect", reasons.append)

    async with serve(io.app) as url, deaf(url):
        assert await poll(lambda: connections, 20)
        for _ in range(20):
            await io.emit("news", "x" * 1_000_000)
        (conn,) = io.engines()
        if ending == "forced server close":
            await conn.close(wait=False)
        elif ending == "transport close":
            await conn.drop()
        del conn
        assert await poll(lambda: reasons, 20) == [ending]
        assert await poll(lambda: gc.collect() >= 0 and connections[0]() is None, 20)
        assert await poll(lambda: not open_on(url), 20)


@pytest.mark.parametrize("limit", [None, 1234])
def test_the_limit_is_an_option(limit: int | None) -> None:
    assert Server(max_queued_bytes=limit).eio.max_queued_bytes == (limit or 64 * 1024 * 1024)
