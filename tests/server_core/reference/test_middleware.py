"""The middlewares that a connection to a namespace passes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from console.wire.errors import Closed, Refused
from server_core import Server, Socket
from tests.server_core.reference.support import engine, namespaces
from tests.support.serving import client
from tests.support.waiting import poll


async def test_middlewares_run_in_order_each_after_the_one_before(io: Server, url: str) -> None:
    chat = io.of("/chat")
    steps: list[str] = []

    @chat.use
    async def first(socket: Socket, next: Any) -> None:
        steps.append("first begins")
        await asyncio.sleep(0)
        steps.append("first ends")
        await next()

    @chat.use
    def second(socket: Socket, next: Any) -> None:
        steps.append("second begins")
        asyncio.get_running_loop().call_soon(later, next)

    def later(next: Any) -> None:
        steps.append("second ends")
        next()

    @chat.use
    def third(socket: Socket, next: Any) -> None:
        assert isinstance(socket, Socket)
        steps.append("third")
        next()

    async with client(url, nsp="/chat"):
        assert steps == ["first begins", "first ends", "second begins", "second ends", "third"]


async def test_middlewares_of_one_namespace_leave_the_others_alone(io: Server, url: str) -> None:
    ran: list[str] = []

    @io.use
    def default(socket: Socket, next: Any) -> None:
        ran.append(f"default {socket.nsp.name}")
        next()

    @io.of("/chat").use
    def chat(socket: Socket, next: Any) -> None:
        ran.append(f"chat {socket.nsp.name}")
        next()

    async with namespaces(url, "/chat"):
        assert ran == ["chat /chat"]
    async with namespaces(url, "/", "/chat"):
        assert ran == ["chat /chat", "default /", "chat /chat"]


async def test_a_plain_exception_given_to_next_refuses_with_its_message(io: Server, url: str) -> None:
    class WithData(Exception):
        data = {"a": "b", "c": 3}

    @io.use
    def refuse(socket: Socket, next: Any) -> None:
        next(WithData("Authentication error") if socket.handshake.auth else Exception("Authentication error"))

    @io.use
    def never(socket: Socket, next: Any) -> None:
        raise AssertionError("a later middleware ran")

    for auth, data in ((None, None), ({"data": "please"}, {"a": "b", "c": 3})):
        with pytest.raises(Refused) as caught:
            async with client(url, auth):
                pass
        assert (caught.value.message, caught.value.data) == ("Authentication error", data)


async def test_what_a_middleware_attaches_is_there_on_connection(io: Server, url: str) -> None:
    seen: list[str] = []

    @io.use
    def name(socket: Socket, next: Any) -> None:
        socket.name = "guillermo"
        next()

    io.on("connection", lambda socket: seen.append(socket.name))
    async with client(url):
        assert seen == ["guillermo"]


async def test_a_client_is_connected_only_after_a_lengthy_middleware(io: Server, url: str) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()
    connections: list[Socket] = []
    io.on("connection", connections.append)
    io.of("/quick")

    @io.use
    async def lengthy(socket: Socket, next: Any) -> None:
        begun.set()
        await gate.wait()
        await next()

    async with engine(url) as connection:
        joining = asyncio.ensure_future(connection.connect("/"))
        await asyncio.wait_for(begun.wait(), 20)
        await connection.connect("/quick", timeout=5)
        assert not joining.done()
        assert connections == []
        gate.set()
        socket = await asyncio.wait_for(joining, 20)
        assert [each.id for each in connections] == [socket.id]


async def test_a_client_that_left_meanwhile_is_not_connected_by_next(io: Server, url: str) -> None:
    held: list[Any] = []
    connections: list[str] = []
    io.on("connection", lambda socket: connections.append(socket.id))

    @io.use
    def hold(socket: Socket, next: Any) -> None:
        held.append((socket, next)) if socket.handshake.auth else next()

    async with engine(url) as connection:
        joining = asyncio.ensure_future(connection.connect("/", {"hold": True}))
        assert await poll(lambda: held, 20)
        socket, next = held[0]
        closed = asyncio.Event()
        socket.conn.on("close", lambda reason: closed.set())
        await connection.engine.abort()
        with pytest.raises(Closed):
            await joining
        await asyncio.wait_for(closed.wait(), 20)
        next()
    async with client(url) as other:
        assert connections == [other.id]
        assert io.of("/").sockets.keys() == {other.id}
    assert not socket.connected


async def test_a_socket_is_connected_after_the_middlewares_and_not_before(io: Server, url: str) -> None:
    seen: list[tuple[str, bool, int, int]] = []

    def note(when: str, socket: Socket) -> None:
        seen.append((when, socket.connected, len(io.of("/").sockets), len(socket.rooms)))

    @io.use
    def middleware(socket: Socket, next: Any) -> None:
        note("middleware", socket)
        next()

    io.on("connection", lambda socket: note("connection", socket))
    async with client(url):
        assert seen == [("middleware", False, 0, 0), ("connection", True, 1, 1)]


async def test_a_socket_that_is_not_connected_is_disconnected(io: Server, url: str) -> None:
    seen: list[Any] = []

    @io.use
    def middleware(socket: Socket, next: Any) -> None:
        seen.append(socket.disconnected)
        next()

    async with client(url):
        (ours,) = io.of("/").sockets.values()
        seen.append(ours.disconnected)
        await ours.disconnect()
        seen.append(ours.disconnected)
    assert seen == [True, False, True]
