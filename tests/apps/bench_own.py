"""What the benchmarks have our server do: the same as `bench_stock`."""

from __future__ import annotations

import itertools
from typing import Any

from server_core import Server
from server_core.socket import Socket

io = Server(cors_allowed_origins="*", ping_interval=3600, ping_timeout=3600)
app = io.app

_number = itertools.count()


@io.on("connection")
async def connection(socket: Socket) -> None:
    number = next(_number)
    await socket.join(("lobby", f"ten-{number // 10}", f"hundred-{number // 100}"))

    @socket.on("echo")
    async def echo(data: Any) -> Any:
        return data

    @socket.on("all")
    async def all(data: Any) -> None:
        await io.emit("news", data)
