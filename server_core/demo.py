"""The built-in demo app: a small chat, `socketscope` hosts it when no target is named."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import socketio

from server_core import Server, Socket, SocketError

io = Server(cors_allowed_origins="*")

#: Rooms of the chat, and how many messages each has seen.
rooms: dict[str, int] = {"lobby": 0, "dev": 0, "random": 0}


def _find(name: str) -> Socket | None:
    """The connected socket of a user, by name or id."""
    for socket in io.of("/").sockets.values():
        if name in (socket.id, socket.user["name"]):
            return socket
    return None


@io.use
async def authenticate(socket: Socket, next: Any) -> None:
    """Everybody with a name may come in, but mallory."""
    name = socket.handshake.auth.get("name")
    if not isinstance(name, str) or not name or name == "mallory":
        await next(SocketError("unknown user", data={"retry": False}))
        return
    socket.user = {"name": name, "status": "here"}
    await next()


@io.on("connection")
async def connection(socket: Socket) -> None:
    await socket.join("lobby")
    await socket.to("lobby").emit("user has joined", socket.user["name"])

    @socket.use
    async def guard(packet: list[Any], next: Any) -> None:
        await next(SocketError("unauthorized event") if packet[0] == "admin" else None)

    @socket.on("message")
    async def message(room: str, text: str) -> None:
        rooms[room] = rooms.get(room, 0) + 1
        await socket.to(room).emit("message", socket.user["name"], {"room": room, "text": text, "n": rooms[room]})

    @socket.on("private message")
    async def private_message(to: str, text: str) -> None:
        await socket.to(to).emit("private message", socket.id, {"text": text, "at": rooms["lobby"]})

    @socket.on("whisper")
    async def whisper(name: str, text: str) -> dict[str, Any]:
        other = _find(name)
        if other is None:
            return {"ok": False, "why": f"{name} is not here"}
        await socket.to(other.id).emit("private message", socket.id, {"text": text})
        return {"ok": True}

    @socket.on("typing")
    async def typing(room: str) -> None:
        await socket.to(room).emit("typing", socket.user["name"])

    @socket.on("join")
    async def join(room: str) -> dict[str, Any]:
        await socket.join(room)
        return {"rooms": sorted(socket.rooms - {socket.id})}

    @socket.on("leave")
    async def leave(room: str) -> dict[str, Any]:
        await socket.leave(room)
        return {"rooms": sorted(socket.rooms - {socket.id})}

    @socket.on("rename")
    def rename(changes: dict[str, Any]) -> dict[str, Any]:
        socket.user = {**socket.user, **changes, "name": socket.user["name"]}
        user: dict[str, Any] = socket.user
        return user

    @socket.on("upload")
    def upload(data: bytes) -> dict[str, int]:
        socket.uploaded = getattr(socket, "uploaded", 0) + len(data)
        return {"size": len(data)}

    @socket.on("search")
    async def search(words: str) -> dict[str, int]:
        await asyncio.sleep(min(2.0, len(words) * 0.03))  # the longer the question, the slower the ack
        return {"hits": sum(name in words for name in rooms)}

    @socket.on("divide")
    def divide(a: float, b: float) -> float:
        return a / b

    @socket.on("disconnecting")
    async def leaving(reason: str) -> None:
        left = socket.to(socket.rooms - {socket.id})
        await left.emit("user has left", socket.user["name"], reason)


async def kick(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """`POST /kick {"id": …}` disconnects a socket; any other request gets 404."""
    status = 404
    if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == "/kick":
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        try:
            target = _find(str(msgspec.json.decode(body)["id"]))
        except (msgspec.DecodeError, KeyError, TypeError):
            target, status = None, 400
        if target:
            await target.disconnect()
            status = 202
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": f"{status}\n".encode()})


app = socketio.ASGIApp(io, other_asgi_app=kick, on_startup=lambda: None)
