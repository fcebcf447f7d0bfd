"""A Starlette app with a middleware around it and a stock server mounted in it."""

from __future__ import annotations

from typing import Any

import socketio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")


@sio.on("echo")
async def echo(_sid: str, *args: Any) -> tuple[Any, ...]:
    return args


async def home(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("home")


app = Starlette(
    routes=[Route("/", home), Mount("/socket.io", socketio.ASGIApp(sio, socketio_path=""))],
    middleware=[Middleware(GZipMiddleware)],
)
