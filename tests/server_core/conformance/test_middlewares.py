"""Connection middlewares and event middlewares."""

from __future__ import annotations

import asyncio
from typing import Any

from server_core import Server, Socket, SocketError, records
from tests.server_core.conformance.support import serving
from tests.support.js_client import JsClient
from tests.support.waiting import poll
from tests.support.watched import Watched


async def test_io_use(watched: Watched[Server], js_client: JsClient) -> None:
    io = watched.io
    order: list[Any] = []
    held = asyncio.Event()

    @io.use
    def first(socket: Socket, next: Any) -> None:
        order.append(("first", socket.connected))
        next()

    @io.use
    async def second(socket: Socket, next: Any) -> None:
        order.append(("second", socket.id in io.of("/").sockets))
        socket.on("disconnect", lambda *_: order.append("disconnect"))
        await held.wait()
        await next()

    @io.of("/chat").use
    async def chat(socket: Socket, next: Any) -> None:
        order.append("chat")
        await next()

    io.on("connection", lambda _: order.append("connection"))
    async with JsClient(watched.url, transports=["websocket"]) as leaving:
        await leaving.command("connect", nsp="/", auth={})
        assert await poll(lambda: len(order) == 2, 20)
        assert order == [("first", False), ("second", False)]
        await io.emit("too early")
    (gone,) = await watched.wait(records.Disconnected)
    assert gone.reason == "transport close"
    held.set()
    mine = await js_client.connect()
    await js_client.connect("/chat")
    assert order[2:] == [("first", False), ("second", False), "connection", "chat"]
    assert mine.events == []
    assert list(io.of("/").sockets) == [mine.id]


async def test_refusing(watched: Watched[Server], js_client: JsClient) -> None:
    io = watched.io
    later: list[Socket] = []

    @io.use
    async def refuse(socket: Socket, next: Any) -> None:
        await socket.join("room")
        match socket.handshake.auth["how"]:
            case "next":
                await next(SocketError("unknown user", data={"retry": False}))
            case "plain":
                await next(SocketError("no"))
            case "raise":
                raise SocketError("raised", data=[1])
            case "crash":
                raise ZeroDivisionError("a secret of the app")

    @io.use
    def another(socket: Socket, next: Any) -> None:
        later.append(socket)
        next()

    expected: dict[str, tuple[str, Any]] = {
        "next": ("unknown user", {"retry": False}),
        "plain": ("no", None),
        "raise": ("raised", [1]),
        "crash": ("internal server error", None),
    }
    for how, (message, data) in expected.items():
        report = await js_client.try_connect(auth={"how": how})
        assert (report.kind, report["message"], report["data"]) == ("connect_error", message, data)
    refusals = await watched.wait(records.Refused, 4)
    assert {each.by.rsplit(".", 1)[-1] for each in refusals} == {"refuse"}
    assert [each.message for each in refusals] == [message for message, _ in expected.values()]
    (raised,) = watched.of(records.HandlerException)
    assert "a secret of the app" in raised.traceback
    assert (later, io.of("/").sockets, io.manager.rooms) == ([], {}, {})
    assert not any(io.connections.values())


async def test_not_calling_next(js: None) -> None:
    async with serving(connect_timeout=1) as watched:

        def forgetful(socket: Socket, next: Any) -> None:
            """Never answers."""

        watched.io.use(forgetful)
        async with JsClient(watched.url, transports=["websocket"]) as js_client:
            report = await js_client.try_connect()
            assert (report.kind, report["message"]) == ("connect_error", "connection timed out")
            await js_client.wait_for("close")
        (refused,) = await watched.wait(records.Refused)
        assert refused.by.endswith("forgetful")
        (closed,) = await watched.wait(records.EngineClosed)
        assert closed.reason == "forced server close"


async def test_slow_middleware(js: None) -> None:
    async with serving(ping_interval=0.1, ping_timeout=5) as watched:
        io, held = watched.io, asyncio.Event()

        @io.use
        async def slow(socket: Socket, next: Any) -> None:
            await held.wait()
            await next()

        io.of("/quick").on("connection", lambda socket: socket.on("echo", lambda value: value))
        async with JsClient(watched.url, transports=["websocket"]) as js_client:
            await js_client.command("connect", nsp="/", auth={})
            await watched.wait(records.Connecting)
            quick = await js_client.connect("/quick")
            assert await quick.call("echo", 1) == [1]
            await watched.wait(records.EngineHeartbeat, 2)
        await watched.wait(records.EngineClosed)
        held.set()
        assert await poll(lambda: not io.connections, 20)
        assert (io.of("/").sockets, io.manager.rooms) == ({}, {})


async def test_socket_use(watched: Watched[Server], js_client: JsClient) -> None:
    order: list[Any] = []
    errors: list[BaseException] = []

    def answer(*event: Any) -> str:
        order.append(event)
        return "answer"

    @watched.io.on("connection")
    def connection(socket: Socket) -> None:
        socket.on_any(lambda event, *_: order.append(("any", event)))

        @socket.use
        async def guard(packet: list[Any], next: Any) -> None:
            order.append(("use", packet[0]))
            if packet[0] == "refused":
                await next(SocketError("unauthorized event"))
            elif packet[0] == "changed":
                packet[1:] = ["by the middleware"]
                await next()
            elif packet[0] != "dropped":
                await next()

        socket.on("error", errors.append)
        for event in ("refused", "dropped", "changed", "fine"):
            socket.on(event, lambda *args, event=event: answer(event, *args))

    mine = await js_client.connect()
    for number, name in enumerate(("refused", "dropped"), 1):
        assert (await mine.ask(name, timeout=0.2))["error"] == "operation has timed out"
        await watched.wait(records.EventBlocked, number)
    assert await mine.call("changed", "by the client") == ["answer"]
    assert await mine.call("fine", 1) == ["answer"]
    assert order == [
        *(("any", "refused"), ("use", "refused")),
        *(("any", "dropped"), ("use", "dropped")),
        *(("any", "changed"), ("use", "changed"), ("changed", "by the middleware")),
        *(("any", "fine"), ("use", "fine"), ("fine", 1)),
    ]
    assert [str(error) for error in errors] == ["unauthorized event"]
    blocked = watched.of(records.EventBlocked)
    assert [each.message for each in blocked] == ["unauthorized event", ""]
    socket = watched.io.of("/").sockets[mine.id]
    asked = asyncio.ensure_future(socket.timeout(5).emit_with_ack("question"))
    await mine.answer(await mine.wait_event("question"), "acks bypass it")
    assert await asked == "acks bypass it"
    await mine.disconnect()  # as disconnects do
    assert await poll(lambda: not socket.connected, 20)
    assert len(order) == 10
