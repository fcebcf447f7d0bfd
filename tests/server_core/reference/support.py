"""Both ends of a connection at once."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence

from console.wire.client import Client, ClientSocket
from console.wire.engine import Engine
from server_core import Server, Socket
from tests.support.waiting import poll


def server_side(io: Server, socket: ClientSocket) -> Socket:
    """The server's end of a connected client's socket."""
    return io.of(socket.nsp).sockets[socket.id]


async def idle(socket: Socket) -> Socket:
    """The socket once its client takes what is sent now, so that a volatile event reaches it."""
    assert await poll(lambda: socket.conn.writable, 20)
    return socket


@contextlib.asynccontextmanager
async def engine(url: str, transports: Sequence[str] = ("websocket",)) -> AsyncIterator[Client]:
    """A client that is connected, but to no namespace yet."""
    connection = Client(Engine(url, transports=transports))
    await connection.open()
    try:
        yield connection
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def namespaces(url: str, *names: str) -> AsyncIterator[list[ClientSocket]]:
    """A client's sockets of several namespaces, over one connection."""
    async with engine(url) as connection:
        yield [await connection.connect(name) for name in names]
