"""An app that is imported well and fails in its lifespan."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import socketio
from fastapi import FastAPI


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    raise RuntimeError("no migrations have been run")
    yield


app = FastAPI(lifespan=lifespan)
app.mount("/socket.io", socketio.ASGIApp(socketio.AsyncServer(async_mode="asgi"), socketio_path=""))
