"""How a socket leaves: what its handlers find, and what goes on meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import socketio

from server_core import Server
from tests.support.raw import websocket
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
