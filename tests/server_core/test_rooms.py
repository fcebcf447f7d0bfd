"""Rooms that are no strings, which apps of python-socketio have: the same on `AsyncServer` and on `Server`."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import socketio

from server_core import Server, records
from server_core.records import decode_batch, encode_batch
from server_core.tap import Tap
from server_core.watch import attach, census
from tests.support.serving import client, receive, serve
from tests.support.watched import Watched

ROOM = uuid.UUID(int=1)


@pytest.mark.parametrize("kind", [socketio.AsyncServer, Server])
async def test_they_are_emitted_to_and_consoles_read_of_them(kind: Any) -> None:
    io = kind(async_mode="asgi")
    watched: Watched[Any] = Watched(io, "", Tap("chat:io"))
    attach(watched.tap, io)

    @io.event
    async def connect(sid: str, environ: Any) -> None:
        for room in (42, 0, ROOM, "lobby"):
            await io.enter_room(sid, room)

    async with serve(socketio.ASGIApp(io)) as url, client(url) as socket:
        targets = [42, 0, ROOM, [42, "elsewhere"], ("nowhere", ROOM)]
        for number, room in enumerate([43, *targets]):
            await io.emit("hi", number, room=room)
        assert [(await receive(socket))[1] for _ in targets] == [1, 2, 3, 4, 5]
        assert set(io.rooms(socket.id)) == {socket.id, 42, 0, ROOM, "lobby"}
        await io.leave_room(socket.id, 42)
        await io.close_room(0)
        await io.emit("hi", room=42)
        await io.emit("hi", "last", room="lobby", skip_sid=42)
        assert await receive(socket) == ["hi", "last"]
        watched.tap.census(census(io))
        (sync,) = await watched.wait(records.Sync)
        assert sync.sockets[0].socket.rooms == {socket.id, str(ROOM), "lobby"}
    (gone,) = await watched.wait(records.Disconnected)
    assert gone.rooms == {socket.id, str(ROOM), "lobby"}
    read = decode_batch(encode_batch(watched.records))
    sent = [(each.rooms, each.except_, each.sockets) for each in read if isinstance(each, records.EventSent)]
    assert sent == [
        (("43",), (), 0),
        (("42",), (), 1),
        (("0",), (), 1),
        ((str(ROOM),), (), 1),
        (("42", "elsewhere"), (), 1),
        (("nowhere", str(ROOM)), (), 1),
        (("42",), (), 0),
        (("lobby",), ("42",), 1),
    ]


async def test_sockets_and_operators_take_them() -> None:
    io: Any = Server()
    async with serve(io.app) as url, client(url) as socket, client(url) as other:
        await io.of("/").sockets[socket.id].join(42)
        await io.in_(socket.id).sockets_join([ROOM])
        await io.to(42).emit("hi", 1)
        await io.to(ROOM).except_(42).emit("hi", "nobody")
        await io.in_(42).sockets_leave(42)
        await io.except_(ROOM).emit("hi", 2)
        await io.to([42, ROOM]).emit("hi", 3)
        assert [await receive(socket) for _ in range(2)] == [["hi", 1], ["hi", 3]]
        assert await receive(other) == ["hi", 2]
        assert [each.id for each in await io.in_(ROOM).fetch_sockets()] == [socket.id]
