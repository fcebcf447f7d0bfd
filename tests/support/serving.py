"""Servers on this loop, for tests that look into them, and our wire client to talk to them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import uvicorn

from console.wire.client import Client, ClientSocket
from console.wire.engine import Engine
from server_core.listen import bind
from tests.support.waiting import poll


class _Uvicorn(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@contextlib.asynccontextmanager
async def serve(app: Any) -> AsyncIterator[str]:
    """Serve an ASGI app; the URL."""
    listener = bind("127.0.0.1", 0)
    server = _Uvicorn(uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    task = asyncio.ensure_future(server.serve([listener]))
    assert await poll(lambda: server.started, 5)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, 10)


@contextlib.asynccontextmanager
async def client(
    url: str, auth: Any = None, *, nsp: str = "/", transports: Sequence[str] = ("websocket",), **options: Any
) -> AsyncIterator[ClientSocket]:
    """A connected socket of our wire client."""
    connection = Client(Engine(url, transports=transports, **options))
    await connection.open()
    try:
        yield await connection.connect(nsp, auth)
    finally:
        await connection.close()


async def receive(socket: ClientSocket, timeout: float = 5.0) -> list[Any]:
    """The next event, as `[name, *args]`."""
    event = await asyncio.wait_for(socket.receive(), timeout)
    return [event.name, *event.args]
