"""A connection's upgrade from polling to WebSocket: PING probe, PONG probe, UPGRADE."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from server_core.engine_socket import EngineSocket

#: Seconds that a client has for it.
TIMEOUT = 10.0
#: Seconds for which a poll is held back that asks again what the one before it was told: nothing yet.
PAUSE = 0.1


class WebSocket(Protocol):
    """What python-engineio's drivers hand to a websocket handler."""

    async def wait(self) -> str | bytes | None: ...
    async def send(self, message: str | bytes) -> None: ...
    async def close(self) -> None: ...


class Upgrade:
    """A WebSocket that a client opened to go on over it.

    It may be one that passes nothing on, either way: polling delivers what there is until the client has moved.
    """

    def __init__(self, socket: EngineSocket, ws: WebSocket) -> None:
        self._socket = socket
        self._handshake = asyncio.ensure_future(self._shake_hands(ws))
        self._polled = False

    async def succeeds(self) -> bool:
        """Wait for the client, not for ever, and say whether it moves."""
        try:
            await asyncio.wait((self._handshake,), timeout=TIMEOUT)
            return self._handshake.done() and not self._handshake.cancelled() and self._handshake.result()
        finally:
            self._handshake.cancel()

    def end(self) -> None:
        """Give it up: the connection is over."""
        self._handshake.cancel()

    async def hold_back(self) -> None:
        """Make a poll wait that there is nothing for, but for the first: that one the client waits for to move."""
        if self._polled:
            await asyncio.sleep(PAUSE)
        self._polled = True

    async def _shake_hands(self, ws: WebSocket) -> bool:
        socket = self._socket
        try:
            if await ws.wait() != "2probe":
                return False
            socket.upgrading = True
            await ws.send("3probe")
            socket.end_poll()
            return await ws.wait() == "5" and not socket.closed
        except OSError:
            return False
