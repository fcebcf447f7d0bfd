"""A FastAPI app that mounts a stock server under a path of its own; what it serves needs its lifespan to have run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import socketio
from fastapi import FastAPI

sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")
state: dict[str, str] = {}


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    state["database"] = "open"
    print("lifespan: started", flush=True)
    yield
    state.clear()
    print("lifespan: ended", flush=True)


@sio.event
async def connect(sid: str, _environ: dict[str, Any], _auth: Any) -> None:
    await sio.save_session(sid, {"database": state["database"]})


@sio.event
async def database(_sid: str) -> str:
    return state["database"]


app = FastAPI(lifespan=lifespan)
app.mount("/ws", socketio.ASGIApp(sio, socketio_path="ws/live"))


@app.get("/health")
async def health() -> dict[str, str]:
    return {"database": state.get("database", "closed")}
