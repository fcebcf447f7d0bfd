"""What the benchmarks have a stock server do."""

from __future__ import annotations

import itertools
from typing import Any

import socketio

sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*", ping_interval=3600, ping_timeout=3600)
app = socketio.ASGIApp(sio)

_number = itertools.count()


@sio.event
async def connect(sid: str, _environ: dict[str, Any]) -> None:
    number = next(_number)
    for room in ("lobby", f"ten-{number // 10}", f"hundred-{number // 100}"):
        await sio.enter_room(sid, room)


@sio.event
async def echo(_sid: str, data: Any) -> Any:
    return data


@sio.event
async def all(_sid: str, data: Any) -> None:
    await sio.emit("news", data)
