"""An app that a function makes, for `--factory`."""

from __future__ import annotations

from typing import Any

import socketio


def create() -> socketio.ASGIApp:
    sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")

    @sio.on("echo")
    async def echo(_sid: str, *args: Any) -> tuple[Any, ...]:
        return args

    return socketio.ASGIApp(sio)
