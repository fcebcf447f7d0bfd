"""A stock python-socketio server that uses what python-socketio has: the same app runs with and without us."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import socketio

sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")


@sio.event
async def connect(sid: str, environ: dict[str, Any], auth: Any) -> bool | None:
    name = (auth or {}).get("name")
    if name == "mallory":
        raise socketio.exceptions.ConnectionRefusedError("unknown user", {"retry": False})
    if name == "nobody":
        return False
    if name == "broken":
        raise RuntimeError("the database is away")
    await sio.save_session(sid, {"name": name, "agent": environ.get("HTTP_USER_AGENT", "")[:4]})
    await sio.enter_room(sid, "lobby")
    await sio.emit("user has joined", name, room="lobby", skip_sid=sid)
    return None


@sio.event
async def disconnect(sid: str, reason: str) -> None:
    session = await sio.get_session(sid)
    await sio.emit("user has left", (session.get("name"), reason), room="lobby", skip_sid=sid)


@sio.on("echo")
async def echo(_sid: str, *args: Any) -> tuple[Any, ...]:
    return args


@sio.on("silent")
async def silent(_sid: str, *_args: Any) -> None:
    """Answers an ack with no values."""


@sio.on("add")
def add(_sid: str, a: float, b: float) -> float:
    """A handler that is not a coroutine."""
    return a + b


@sio.on("slow")
async def slow(_sid: str, seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "done"


@sio.on("join")
async def join(sid: str, room: str) -> list[str]:
    await sio.enter_room(sid, room)
    return sorted(set(sio.rooms(sid)) - {sid})


@sio.on("leave")
async def leave(sid: str, room: str) -> list[str]:
    await sio.leave_room(sid, room)
    return sorted(set(sio.rooms(sid)) - {sid})


@sio.on("close room")
async def close_room(_sid: str, room: str) -> str:
    await sio.close_room(room)
    return "closed"


@sio.on("say")
async def say(sid: str, room: str, text: str) -> None:
    session = await sio.get_session(sid)
    await sio.emit("said", {"room": room, "from": session["name"], "text": text}, room=room, skip_sid=sid)


@sio.on("private message")
async def private_message(sid: str, to: str, text: str) -> None:
    await sio.emit("private message", (sid, text), to=to)


@sio.on("shout")
async def shout(_sid: str, text: str) -> None:
    await sio.emit("shouted", text)


@sio.on("whoami")
async def whoami(sid: str) -> dict[str, Any]:
    return dict(await sio.get_session(sid))


@sio.on("rename")
async def rename(sid: str, name: str) -> str:
    async with sio.session(sid) as session:
        session["name"] = name
    return name


@sio.on("upload")
async def upload(sid: str, data: bytes, more: dict[str, Any] | None = None) -> dict[str, Any]:
    await sio.emit("uploaded", {"parts": [data[::-1], (more or {}).get("tail", b"")]}, to=sid)
    return {"size": len(data), "copy": data}


@sio.on("ask me")
async def ask_me(sid: str, question: str) -> Any:
    """Asks the client, and answers with its answer."""
    try:
        return await sio.call("question", question, to=sid, timeout=1)
    except socketio.exceptions.TimeoutError:
        return "no answer"


@sio.on("boom")
async def boom(_sid: str, text: str = "bang") -> None:
    raise ValueError(text)


@sio.on("print")
async def print_lines(_sid: str, text: str) -> str:
    print(f"out: {text}", flush=True)
    print(f"err: {text}", file=sys.stderr, flush=True)
    return "printed"


@sio.on("kick me")
async def kick_me(sid: str) -> None:
    await sio.disconnect(sid)


@sio.on("block")
def block(_sid: str, seconds: float) -> None:
    """Holds the event loop, as a synchronous call in a coroutine does."""
    import time

    time.sleep(seconds)


# a namespace made of functions


@sio.on("connect", namespace="/chat")
async def chat_connect(sid: str, _environ: dict[str, Any], auth: Any) -> None:
    if (auth or {}).get("name") == "mallory":
        raise socketio.exceptions.ConnectionRefusedError("no chat for you")
    await sio.emit("welcome", sid, to=sid, namespace="/chat")


@sio.on("say", namespace="/chat")
async def chat_say(sid: str, text: str) -> int:
    await sio.emit("said", text, namespace="/chat", skip_sid=sid)
    return len(text)


@sio.on("*", namespace="/chat")
async def chat_anything(event: str, _sid: str, *args: Any) -> list[Any]:
    return [event, *args]


# a namespace made of a class


class Counter(socketio.AsyncNamespace):
    """Counts, for each client."""

    async def on_connect(self, sid: str, _environ: dict[str, Any]) -> None:
        await self.save_session(sid, {"count": 0})

    async def on_increment(self, sid: str, by: int = 1) -> int:
        async with self.session(sid) as session:
            session["count"] += by
            count: int = session["count"]
        await self.emit("counted", count, to=sid)
        return count

    async def on_stop(self, sid: str) -> None:
        await self.disconnect(sid)


sio.register_namespace(Counter("/counter"))

#: For plain uvicorn.
app = socketio.ASGIApp(sio)
