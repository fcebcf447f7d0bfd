"""A server whose handler holds the event loop for as long as a client says."""

from __future__ import annotations

import time

from server_core import Server, Socket

io = Server()


@io.on("connection")
def connection(socket: Socket) -> None:
    @socket.on("sleep")
    async def sleep(seconds: float) -> None:
        time.sleep(seconds)  # noqa: ASYNC251  that is what it is for
