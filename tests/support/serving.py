"""Servers on this loop, for tests that look into them, and our wire client to talk to them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
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
    assert await poll(lambda: server.started, 20)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, 20)


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


async def reach(socket: ClientSocket, emit: Callable[..., Awaitable[None]]) -> None:
    """Emit to a socket by another server of a cluster until it comes: nothing says when a server listens to the others.
    Then nothing of it is on its way any more."""
    for number in range(300):
        await emit("are you there", number, to=socket.id)
        with contextlib.suppress(TimeoutError):
            name, came = await receive(socket, 0.1)
            break
    else:
        raise AssertionError("nothing came")
    while (name, came) != ("are you there", number):
        name, came = await receive(socket)


async def receive(socket: ClientSocket, timeout: float = 15.0) -> list[Any]:
    """The next event, as `[name, *args]`."""
    event = await asyncio.wait_for(socket.receive(), timeout)
    return [event.name, *event.args]
