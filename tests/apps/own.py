"""A `server_core.Server`: Socket instances, middlewares, attached attributes."""

from __future__ import annotations

import sys
from typing import Any

from server_core import Server, Socket, SocketError

io = Server(cors_allowed_origins="*")


@io.use
async def authenticate(socket: Socket, next: Any) -> None:
    name = socket.handshake.auth.get("name")
    if name == "mallory":
        await next(SocketError("unknown user", data={"retry": False}))
        return
    socket.user = name or "guest"
    await next()


@io.on("connection")
async def connection(socket: Socket) -> None:
    await socket.join("lobby")

    @socket.use
    async def guard(packet: list[Any], next: Any) -> None:
        await next(SocketError("unauthorized event") if packet[0] == "admin" else None)

    @socket.on("echo")
    def echo(*args: Any) -> tuple[Any, ...]:
        return args

    @socket.on("private message")
    async def private_message(to: str, text: str) -> None:
        await socket.to(to).emit("private message", socket.id, text)

    @socket.on("join")
    async def join(room: str) -> list[str]:
        await socket.join(room)
        return sorted(socket.rooms - {socket.id})

    @socket.on("leave")
    async def leave(room: str) -> None:
        await socket.leave(room)

    @socket.on("rename")
    def rename(name: str) -> None:
        socket.user = name

    @socket.on("upload")
    def upload(data: bytes) -> dict[str, int]:
        return {"size": len(data)}

    @socket.on("remember")
    def remember(what: str) -> int:
        remembered = socket.data.setdefault("remembered", [])
        remembered.append(what)
        return len(remembered)

    @socket.on("boom")
    def boom(text: str = "bang") -> None:
        raise ValueError(text)

    @socket.on("print")
    def print_lines(text: str) -> str:
        print(f"out: {text}", flush=True)
        print(f"err: {text}", file=sys.stderr, flush=True)
        return "printed"


app = io.app
