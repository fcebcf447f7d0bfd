"""How clients join namespaces, or are refused, over real connections."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncIterator
from typing import Any

import pytest
from socketio.exceptions import ConnectionRefusedError as Refusal

from console.wire.client import Client
from console.wire.engine import Engine
from console.wire.errors import Refused
from server_core import Server, Socket, SocketError, records
from server_core.tap import Tap
from server_core.watch import attach, census
from tests.support.serving import client, serve
from tests.support.watched import Watched


@pytest.fixture
async def watched() -> AsyncIterator[Watched[Server]]:
    io = Server()
    tap = Tap("chat:io")
    attach(tap, io)
    async with serve(io.app) as url:
        yield Watched(io, url, tap)


class Unspeakable(SocketError):
    """Can't be told to anybody."""

    def __str__(self) -> str:
        raise RuntimeError("a secret of the app")


@pytest.mark.parametrize(
    "error",
    [SocketError("banned", data={"until": datetime.datetime.max}), SocketError("no", data=b"\0"), Unspeakable("")],
)
async def test_a_refusal_that_can_not_be_sent_is_a_refusal_all_the_same(
    watched: Watched[Server], error: SocketError
) -> None:
    io = watched.io

    @io.use
    async def guard(socket: Socket, next: Any) -> None:
        await socket.join("room")
        await next(error if socket.handshake.auth.get("refuse") else None)

    connection = Client(Engine(watched.url))
    await connection.open()
    with pytest.raises(Refused, match="internal server error"):
        await asyncio.wait_for(connection.connect("/", {"refuse": True}), 20)
    assert (census(io)[1], io.manager.rooms, io.manager._connecting, io.manager._rooms_of) == ([], {}, {}, {})
    await connection.connect("/")  # it may try again
    await connection.close()
    (raised,) = watched.of(records.HandlerException)
    assert raised.where.endswith("guard's refusal")
    (refused,) = watched.of(records.Refused)
    assert (refused.message, refused.by.endswith("guard")) == ("internal server error", True)


async def test_so_is_one_of_a_connect_handler(watched: Watched[Server]) -> None:
    @watched.io.event
    def connect(sid: str, environ: dict[str, Any]) -> None:
        raise Refusal("banned", {"until": datetime.datetime.max})

    with pytest.raises(Refused, match="internal server error"):
        async with client(watched.url):
            pass
    assert not any(watched.io.connections.values())
