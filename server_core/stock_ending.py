"""Ending connections of a stock server: as a lost network would, and as a server that ends does."""

from __future__ import annotations

import asyncio
from typing import Any


async def drop(connection: Any) -> None:
    """Cut a connection of a stock server as a lost network would, and what waits to be sent with it."""
    while not connection.queue.empty():
        connection.queue.get_nowait()
        connection.queue.task_done()
    connection.queue.put_nowait(None)  # ends the open poll, or the writer, which closes the WebSocket
    connection.connected = False  # a further poll is refused, also while the app's disconnect handler runs
    await connection.close(wait=False, abort=True, reason=connection.server.reason.TRANSPORT_CLOSE)


async def end_polls(sio: Any) -> None:
    """End the open polls of a server that ends: each would wait for an event until the grace is over."""
    polling = [each for each in list(sio.eio.sockets.values()) if not (each.upgraded or each.closing)]
    await asyncio.gather(*map(drop, polling), return_exceptions=True)
