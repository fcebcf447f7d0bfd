"""The middlewares that a socket's incoming events pass."""

from __future__ import annotations

from typing import Any

from server_core import Server
from tests.server_core.reference.support import server_side
from tests.support.serving import client


async def test_event_middlewares_may_rewrite_the_whole_event(io: Server, url: str) -> None:
    seen: list[list[Any]] = []
    async with client(url) as socket:
        ours = server_side(io, socket)

        @ours.use
        def wrap(event: list[Any], next: Any) -> None:
            seen.append(list(event))
            event.insert(0, "wrap")
            next()

        @ours.use
        async def look(event: list[Any], next: Any) -> None:
            seen.append(list(event))
            await next()

        ours.on("join", lambda *args: "not wrapped")
        ours.on("wrap", lambda *args: args)
        assert await socket.emit_with_ack("join", "woot", timeout=20) == ["join", "woot"]
    assert seen == [["join", "woot"], ["wrap", "join", "woot"]]


async def test_an_event_that_a_middleware_refuses_goes_no_further(io: Server, url: str) -> None:
    told: list[Any] = []
    async with client(url) as socket:
        ours = server_side(io, socket)

        @ours.use
        def refuse(event: list[Any], next: Any) -> None:
            next(Exception("Authentication error") if event[0] == "join" else None)

        @ours.use
        def later(event: list[Any], next: Any) -> None:
            told.append(f"middleware {event[0]}")
            next()

        ours.on("join", lambda *args: told.append("handler"))
        ours.on("error", told.append)
        ours.on("marker", lambda: "ok")
        await socket.emit("join", "woot")
        assert await socket.emit_with_ack("marker", timeout=20) == ["ok"]
        assert ours.connected
    error, after = told
    assert (type(error), str(error), after) == (Exception, "Authentication error", "middleware marker")
