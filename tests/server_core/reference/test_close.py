"""The end of a server, and of connections that break the protocol."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from console.wire.errors import Closed
from server_core import Server
from tests.server_core.reference.support import server_side
from tests.support.serving import client, receive, serve
from tests.support.waiting import poll


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_shutting_down_disconnects_every_client_and_leaves_no_socket(
    io: Server, url: str, transport: str
) -> None:
    async with client(url, transports=[transport]) as one, client(url, transports=[transport]) as two:
        assert len(io.of("/").sockets) == 2
        conns = [server_side(io, one).conn, server_side(io, two).conn]
        await io.shutdown()
        assert io.of("/").sockets == {}
        assert io.manager.rooms == {}
        for socket in (one, two):
            with pytest.raises(Closed):
                await receive(socket)
        assert await poll(lambda: not io.eio.sockets, 20)
        assert [conn.closed for conn in conns] == [True, True]
    assert io.connections == {}


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_shutting_down_stops_what_runs_for_connections(transport: str) -> None:
    io = Server(ping_interval=0.05, ping_timeout=20)
    async with serve(io.app) as url:
        before = asyncio.all_tasks()
        async with client(url, transports=[transport]) as socket:
            conn = server_side(io, socket).conn
            assert await poll(lambda: conn.rtt is not None, 20)
            await io.shutdown()
            with pytest.raises(Closed):
                await receive(socket)
        assert await poll(lambda: not io.eio.sockets, 20)
        # the web server's tasks of connections are among them
        assert await poll(lambda: asyncio.all_tasks() <= before, 20), asyncio.all_tasks() - before
        assert conn._timer is None or conn._timer.cancelled()


async def test_a_server_that_was_never_served_can_be_shut_down_more_than_once() -> None:
    io = Server()
    await io.shutdown()
    await io.shutdown()
    assert io.connections == {}


async def _open(http: httpx.AsyncClient) -> None:
    """An Engine.IO session over polling, which the requests that follow name."""
    opened = await http.get("/socket.io/")
    http.params = http.params.set("sid", json.loads(opened.text[1:])["sid"])


async def _poll_to_the_end(http: httpx.AsyncClient) -> list[str]:
    """The packets of the session up to CLOSE."""
    packets: list[str] = []
    while "1" not in packets:
        answer = await http.get("/socket.io/")
        assert answer.status_code == 200, f"no CLOSE packet, but {answer.text!r} after {packets}"
        packets += answer.text.split("\x1e")
    return packets


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (["40", "40"], "40"),
        (['42["some event"]'], ""),
        (["40", "4abc"], "40"),
    ],
    ids=["CONNECT twice", "EVENT before CONNECT", "an invalid packet"],
)
async def test_a_client_that_breaks_the_protocol_on_polling_is_told_of_its_end(
    io: Server, url: str, sent: list[str], answered: str
) -> None:
    async with httpx.AsyncClient(base_url=url, params={"transport": "polling", "EIO": "4"}, timeout=5) as http:
        await _open(http)
        for packet in sent:
            assert (await http.post("/socket.io/", content=packet)).status_code == 200
        packets = [packet for packet in await _poll_to_the_end(http) if packet != "6"]
    assert packets[-1] == "1"
    assert [packet[:2] for packet in packets[:-1]] == ([answered] if answered else [])
    assert io.of("/").sockets == {}
