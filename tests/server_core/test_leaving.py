"""How a socket leaves: what its handlers find, and what goes on meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
import socketio

import server_core.socket
from server_core import Server, Socket, admission, records
from tests.server_core.conformance.support import serving
from tests.support.raw import Websocket, open_poll, polling, websocket
from tests.support.serving import serve
from tests.support.waiting import poll

REASONS = ("client disconnect", "server disconnect", "transport close")


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("kind", [socketio.AsyncServer, Server], ids=["stock", "ours"])
async def test_a_disconnect_handler_of_python_socketio_finds_what_its_socket_was(kind: Any, reason: str) -> None:
    sio = kind(async_mode="asgi")
    found: list[Any] = []

    @sio.event
    async def connect(sid: str, environ: dict[str, Any]) -> None:
        await sio.save_session(sid, {"name": "alice"})
        await sio.enter_room(sid, "lobby")

    @sio.event
    async def leave(sid: str) -> None:
        await sio.disconnect(sid)

    @sio.event
    async def disconnect(sid: str, why: str) -> None:
        await asyncio.sleep(0.01)
        async with sio.session(sid) as session:
            session["left"] = True
        found.extend((why, dict(await sio.get_session(sid)), sid in sio.rooms(sid), "lobby" in sio.rooms(sid)))
        found.extend((sio.get_environ(sid)["PATH_INFO"], sio.transport(sid)))
        found.append(sio.manager.is_connected(sid, "/"))

    async with serve(socketio.ASGIApp(sio)) as url:
        async with websocket(url) as connection:
            await connection.send("40")
            await connection.receive()
            if reason != "transport close":
                await connection.send("41" if reason == "client disconnect" else '42["leave"]')
                assert await poll(lambda: found, 20)
        assert await poll(lambda: len(found) == 7, 20)
        assert found == [reason, {"name": "alice", "left": True}, True, True, "/socket.io/", "websocket", False]
        assert await poll(lambda: not sio.manager.rooms, 20)


async def test_a_session_is_there_until_the_disconnect_handler_of_a_client_on_polling_ends() -> None:
    io = Server()
    go_on, found = asyncio.Event(), list[Any]()

    @io.event
    async def connect(sid: str, environ: dict[str, Any]) -> None:
        await io.save_session(sid, {"name": "alice"})

    @io.event
    async def disconnect(sid: str, reason: str) -> None:
        await go_on.wait()
        found.append((await io.get_session(sid), io.get_environ(sid) is not None))

    async with serve(io.app) as url, polling(url) as connection:
        await connection.send("40")
        await connection.receive()
        polled = await open_poll(io, connection)
        leaving = asyncio.ensure_future(connection.send("41", "1"))
        await polled
        go_on.set()
        await leaving
        assert found == [({"name": "alice"}, True)]
        assert await poll(lambda: not io.eio.sockets, 20)


class Held:
    """Sockets of a namespace whose `disconnecting` handlers wait to be let go."""

    def __init__(self, io: Server, nsp: str = "/") -> None:
        self.go_on = asyncio.Event()
        self.told: list[str] = []
        self.sockets: list[Socket] = []
        io.of(nsp).on("connection", self._connection)

    def _connection(self, socket: Socket) -> None:
        self.sockets.append(socket)
        number = len(self.sockets)
        self.told.append(f"connection {number}")

        async def disconnecting(reason: str) -> None:
            self.told.append(f"disconnecting {number}")
            await self.go_on.wait()
            self.told.append(f"let go {number}")

        socket.on("disconnecting", disconnecting)
        socket.on("disconnect", lambda reason: self.told.append(f"disconnect {number}"))

    async def leaving(self) -> None:
        """The first one is on its way out."""
        assert await poll(lambda: "disconnecting 1" in self.told, 20)


async def receive(connection: Websocket) -> str:
    """The next packet's type and namespace, and for an event all of it."""
    packet = await connection.receive()
    assert isinstance(packet, str)
    return packet if packet[:2] in ("42", "43") else packet.split("{")[0]


async def test_a_client_that_was_disconnected_may_come_back_at_once() -> None:
    async with serving() as watched, websocket(watched.url) as connection:
        io = watched.io
        held = Held(io)
        io.of("/other").on("connection", lambda socket: socket.on("question", lambda: "answer"))
        await connection.send("40", "40/other,")
        assert [await receive(connection), await receive(connection)] == ["40", "40/other,"]
        assert await poll(lambda: held.sockets, 20)
        (one,) = held.sockets
        await one.join("room")
        leaving = asyncio.ensure_future(one.disconnect())
        assert await receive(connection) == "41"
        await held.leaving()
        await connection.send('42["sent before it knew"]', "40", '42/other,1["question"]')
        assert await receive(connection) == '43/other,1["answer"]'
        await io.to("room").emit("not for it any more")
        assert (one.connected, one.rooms) == (True, {one.id, "room"})
        held.go_on.set()
        await leaving
        assert await receive(connection) == "40"
        assert await poll(lambda: len(held.sockets) == 2, 20)
        assert held.told == ["connection 1", "disconnecting 1", "let go 1", "disconnect 1", "connection 2"]
        two = held.sockets[1]
        assert (one.connected, one.rooms, two.connected, two.rooms) == (False, set(), True, {two.id})
        assert list(io.of("/").sockets.values()) == [two]
        await connection.send('42["to the server"]')
        await io.to(two.id).emit("to the client")
        assert await receive(connection) == '42["to the client"]'
        received = await watched.wait(records.EventReceived, 3)
        assert [(event.event, event.socket) for event in received if event.nsp == "/"] == [
            ("sent before it knew", one.id),
            ("to the server", two.id),
        ]


async def test_a_disconnect_and_a_connect_in_one_go_are_told_in_this_order() -> None:
    async with serving() as watched, websocket(watched.url) as connection:
        told: list[str] = []

        @watched.io.on("connection")
        def connect(socket: Socket) -> None:
            told.append("connection")
            socket.on("disconnecting", lambda: told.append("disconnecting"))
            socket.on("disconnect", lambda: told.append("disconnect"))

        await connection.send("40")
        assert await receive(connection) == "40"
        for _ in range(3):
            await connection.send("41", "40")
            assert await receive(connection) == "40"
        assert await poll(lambda: len(told) == 10, 20)
        assert told == ["connection", *["disconnecting", "disconnect", "connection"] * 3]


async def test_who_comes_back_waits_no_longer_than_handlers_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "DISCONNECTING_PATIENCE", 0.05)
    go_on, told = asyncio.Event(), list[str]()
    async with serving() as watched, websocket(watched.url) as connection:
        io = watched.io

        @io.event
        async def disconnect(sid: str, reason: str) -> None:
            await go_on.wait()
            told.append(reason)

        await connection.send("40")
        assert await receive(connection) == "40"
        await connection.send("41", "40")
        assert await receive(connection) == "40"
        assert await poll(lambda: len(io.of("/").sockets) == 2, 20)
        one, two = io.of("/").sockets.values()
        await io.emit("once")
        go_on.set()
        assert await poll(lambda: told, 20)
        await watched.wait(records.Disconnected)
        assert (list(io.of("/").sockets), io.rooms(two.id), io.rooms(one.id)) == ([two.id], [two.id], [])
        await connection.send('42["still heard"]')
        await io.emit("last")
        assert [await receive(connection), await receive(connection)] == ['42["once"]', '42["last"]']
        (event,) = await watched.wait(records.EventReceived)
        assert event.socket == two.id


@pytest.mark.parametrize("how", ["disconnect", "disconnect and close", "close", "a lost connection"])
async def test_whoever_gives_up_waiting_leaves_no_ghost(how: str) -> None:
    async with serving() as watched:
        io = watched.io
        held = Held(io)
        async with websocket(watched.url) as connection:
            await connection.send("40")
            assert await receive(connection) == "40"
            assert await poll(lambda: held.sockets, 20)
            (socket,) = held.sockets
            if how == "disconnect":
                waiting = asyncio.ensure_future(io.disconnect(socket.id))
            elif how == "disconnect and close":
                waiting = asyncio.ensure_future(socket.disconnect(close=True))
            elif how == "close":
                waiting = asyncio.ensure_future(socket.conn.close())
            else:
                waiting = asyncio.ensure_future(socket.conn.drop())
            await held.leaving()
            waiting.cancel()
            held.go_on.set()
            assert await poll(lambda: "disconnect 1" in held.told, 20)
            if how != "disconnect":
                assert await poll(lambda: not io.eio.sockets, 20)
        assert await poll(lambda: not io.eio.sockets, 20)
        assert (socket.connected, socket.rooms, await io.fetch_sockets()) == (False, set(), [])
        assert (io.connections, io.environ, io.manager.rooms, io.sockets_of(socket.conn.id)) == ({}, {}, {}, [])
        assert held.told == ["connection 1", "disconnecting 1", "let go 1", "disconnect 1"]


async def test_other_namespaces_and_pings_do_not_wait_for_who_leaves() -> None:
    async with serving(ping_interval=0.1, ping_timeout=10) as watched, websocket(watched.url) as connection:
        held = Held(watched.io, "/chat")
        watched.io.on("connection", lambda socket: socket.on("question", lambda: "answer"))
        await connection.send("40", "40/chat,")
        packets = {await receive(connection) for _ in range(3)}
        assert packets == {"40", "40/chat,", "2"}
        await connection.send("41/chat,")
        await held.leaving()
        await connection.send("3", '421["question"]')
        assert {await receive(connection), await receive(connection)} == {'431["answer"]', "2"}
        held.go_on.set()
        assert await poll(lambda: held.told[-1] == "disconnect 1", 20)


@pytest.mark.parametrize("how", ["shutdown", "disconnect", "disconnect and close"])
async def test_sockets_leave_at_once_and_not_one_after_the_other(how: str) -> None:
    io = Server()
    all_of_them = asyncio.Barrier(3)
    told: list[str] = []

    @io.on("connection")
    def connect(socket: Socket) -> None:
        @socket.on("disconnecting")
        async def disconnecting() -> None:
            await all_of_them.wait()

        socket.on("disconnect", told.append)

    async with serve(io.app) as url, contextlib.AsyncExitStack() as stack:
        for _ in range(3):
            connection = await stack.enter_async_context(websocket(url))
            await connection.send("40")
            assert await receive(connection) == "40"
        assert await poll(lambda: len(io.of("/").sockets) == 3, 20)
        ending = io.shutdown() if how == "shutdown" else io.disconnect_sockets(close=how != "disconnect")
        await asyncio.wait_for(ending, 4)  # less than the time that a handler may take
        assert await poll(lambda: len(told) == 3, 20)
        reason = "server shutting down" if how == "shutdown" else "server namespace disconnect"
        assert told == [reason] * 3
        assert len(io.eio.sockets) == (3 if how == "disconnect" else 0)


async def test_a_handler_may_close_the_connection_of_the_socket_that_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_core.socket, "DISCONNECTING_PATIENCE", 600)
    async with serving() as watched, websocket(watched.url) as connection:
        told: list[str] = []

        @watched.io.on("connection")
        def connect(socket: Socket) -> None:
            @socket.on("disconnecting")
            async def disconnecting(reason: str) -> None:
                await socket.disconnect(close=True)
                await socket.conn.close()
                told.append(reason)

            socket.on("disconnect", told.append)

        await connection.send("40")
        assert await receive(connection) == "40"
        await connection.send("41")
        assert await poll(lambda: len(told) == 2, 20)
        assert await connection.rest()
        assert told == ["client namespace disconnect"] * 2
        assert (watched.io.connections, watched.io.manager.rooms) == ({}, {})
