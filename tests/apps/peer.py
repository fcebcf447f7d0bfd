"""Servers in Python that the console attaches to: `python peer.py KIND [MODE [PING]]`; their app is that of
`server.mjs`, and they ping every PING seconds.

KIND: `own`, `fastapi` (ours, with `server_core.instrument`), `stock` (AsyncServer), `flask` (Flask-SocketIO, threaded),
`threaded` (socketio.Server), these with python-socketio's own `instrument`.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import socketio
import uvicorn
from socketio.exceptions import ConnectionRefusedError as Refusal

from server_core import Server, instrument
from server_core.listen import bind

AUTH = {"username": "admin", "password": "changeit"}
kind, mode, ping, *_ = [*sys.argv[1:], *("", "development", "25")[len(sys.argv) - 1 :]]
every: dict[str, Any] = {"ping_interval": float(ping)}


def name_of(auth: Any) -> str:
    if (auth or {}).get("name") == "mallory":
        raise Refusal("unknown user")
    return str((auth or {}).get("name", "nobody"))


def serve_async(sio: Any) -> None:
    for nsp in ("/", "/chat"):

        async def connect(sid: str, _environ: Any, auth: Any = None, nsp: str = nsp) -> None:
            async with sio.session(sid, nsp) as session:
                session["user"] = {"name": name_of(auth)}
            await sio.enter_room(sid, "lobby", nsp)

        async def shout(sid: str, text: str, nsp: str = nsp) -> None:
            await sio.emit("shouted", (sid, text), namespace=nsp)

        async def rename(sid: str, name: str, nsp: str = nsp) -> None:
            async with sio.session(sid, nsp) as session:
                session["user"] = {"name": name}

        async def leave(sid: str, room: str, nsp: str = nsp) -> None:
            await sio.leave_room(sid, room, nsp)

        async def boom(sid: str) -> None:
            raise ValueError("it broke")

        sio.on("connect", connect, namespace=nsp)
        sio.on("echo", lambda _sid, *args: args, namespace=nsp)
        sio.on("shout", shout, namespace=nsp)
        sio.on("rename", rename, namespace=nsp)
        sio.on("leave", leave, namespace=nsp)
        sio.on("boom", boom, namespace=nsp)


def serve_sync(sio: Any) -> None:
    for nsp in ("/", "/chat"):

        def connect(sid: str, _environ: Any, auth: Any = None, nsp: str = nsp) -> None:
            with sio.session(sid, nsp) as session:
                session["user"] = {"name": name_of(auth)}
            sio.enter_room(sid, "lobby", nsp)

        def shout(sid: str, text: str, nsp: str = nsp) -> None:
            sio.emit("shouted", (sid, text), namespace=nsp)

        def leave(sid: str, room: str, nsp: str = nsp) -> None:
            sio.leave_room(sid, room, nsp)

        def boom(sid: str) -> None:
            raise ValueError("it broke")

        sio.on("connect", connect, namespace=nsp)
        sio.on("echo", lambda _sid, *args: args, namespace=nsp)
        sio.on("shout", shout, namespace=nsp)
        sio.on("leave", leave, namespace=nsp)
        sio.on("boom", boom, namespace=nsp)


def run_asgi(app: Any) -> None:
    listener = bind("127.0.0.1", 0)
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    asyncio.run(server.serve([listener]))


def run_wsgi(app: Any) -> None:
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


match kind:
    case "own" | "fastapi":
        io: Any = Server(**every) if kind == "own" else socketio.AsyncServer(async_mode="asgi", **every)
        serve_async(io)
        instrument(io, AUTH, mode="production" if mode == "production" else "development")
        if kind == "own":
            run_asgi(io.app)
        else:
            from fastapi import FastAPI

            api = FastAPI()
            api.mount("/socket.io", socketio.ASGIApp(io, socketio_path=""))
            run_asgi(api)
    case "stock":
        io = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*", **every)
        serve_async(io)
        io.instrument(auth=AUTH, mode=mode)
        run_asgi(socketio.ASGIApp(io))
    case "threaded":
        io = socketio.Server(async_mode="threading", **every)
        serve_sync(io)
        io.instrument(auth=AUTH, mode=mode)
        run_wsgi(socketio.WSGIApp(io))
    case "flask":
        from flask import Flask
        from flask_socketio import SocketIO

        app = Flask(__name__)
        flask = SocketIO(app, async_mode="threading", **every)
        serve_sync(flask.server)
        flask.server.instrument(auth=AUTH, mode=mode)
        run_wsgi(app)
    case _:
        sys.exit(f"no such kind of server: {kind}")
