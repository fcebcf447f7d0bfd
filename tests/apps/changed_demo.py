"""The demo app, changed in one place: what is whispered arrives in capitals."""

from __future__ import annotations

from typing import Any

from server_core import Socket, demo

app = demo.app


@demo.io.on("connection")
async def connection(socket: Socket) -> None:
    socket.off("whisper")

    @socket.on("whisper")
    async def whisper(name: str, text: str) -> dict[str, Any]:
        other = demo._find(name)
        if other is None:
            return {"ok": False, "why": f"{name} is not here"}
        await socket.to(other.id).emit("private message", socket.id, {"text": text.upper()})
        return {"ok": True}
