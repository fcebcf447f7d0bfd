"""The same small app on a `Server` and on a stock `AsyncServer`: every command has to do the same on both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import socketio

from server_core import Server, Socket, SocketError
from server_core.control import execute
from server_core.records import Command, CommandResult
from server_core.tap import Tap
from server_core.watch import attach
from tests.support.serving import serve
from tests.support.watched import Watched


class Acted(Watched[Any]):
    """A server that commands are for."""

    @property
    def is_own(self) -> bool:
        return isinstance(self.io, Server)

    async def do(self, command: Command) -> CommandResult:
        return await asyncio.wait_for(execute([self.io], command), 30)

    def rooms(self, sid: str, nsp: str = "/") -> set[str]:
        return set(self.io.manager.get_rooms(sid, nsp)) - {sid}

    def reason(self, words: str) -> str:
        """A reason in the words of this kind of server."""
        stock = {"server namespace disconnect": "server disconnect"}
        return words if self.is_own else stock.get(words, words)


def make_own(**options: Any) -> Server:
    io = Server(**options)

    def welcome(socket: Socket) -> None:
        @socket.use
        async def guard(packet: list[Any], next: Any) -> None:
            if packet[0] != "held":
                await next(SocketError("not allowed") if packet[0] == "forbidden" else None)

        @socket.on("echo")
        async def echo(*args: Any) -> tuple[Any, ...]:
            return args

        @socket.on("nothing")
        def nothing() -> None: ...

        @socket.on("whoami")
        async def whoami() -> None:
            await socket.emit("you are", socket.id)

        @socket.on("boom")
        def boom() -> None:
            raise ValueError("it broke")

        @socket.on("slow")
        async def slow() -> str:
            await asyncio.sleep(30)
            return "late"

        @socket.on("by hand")
        async def by_hand(*, ack: Any) -> None:
            asyncio.get_running_loop().call_later(0.05, ack, "by hand")

    for nsp in ("/", "/chat"):
        io.of(nsp).on("connection", welcome)
    return io


def make_stock(**options: Any) -> socketio.AsyncServer:
    sio = socketio.AsyncServer(async_mode="asgi", **options)

    for nsp in ("/", "/chat"):

        @sio.on("connect", namespace=nsp)
        async def connect(sid: str, environ: dict[str, Any]) -> None: ...

        @sio.on("echo", namespace=nsp)
        async def echo(sid: str, *args: Any) -> tuple[Any, ...]:
            return args

        @sio.on("nothing", namespace=nsp)
        def nothing(sid: str) -> None: ...

        @sio.on("whoami", namespace=nsp)
        async def whoami(sid: str, nsp: str = nsp) -> None:
            await sio.emit("you are", sid, to=sid, namespace=nsp)

        @sio.on("boom", namespace=nsp)
        def boom(sid: str) -> None:
            raise ValueError("it broke")

        @sio.on("slow", namespace=nsp)
        async def slow(sid: str) -> str:
            await asyncio.sleep(30)
            return "late"

    return sio


@pytest.fixture(params=["own", "stock"])
async def acted(request: pytest.FixtureRequest) -> AsyncIterator[Acted]:
    io: Any = make_own() if request.param == "own" else make_stock()
    tap = Tap(f"{request.param}:io")
    attach(tap, io)
    async with serve(socketio.ASGIApp(io)) as url:
        yield Acted(io, url, tap)
