"""Events both ways: names, handlers, acks, operators, binary."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from server_core import Server, Socket, SocketError, records
from server_core import server as server_module
from server_core.packets import RESERVED_EVENTS
from tests.server_core.conformance.support import keep_sockets, serving
from tests.support.js_client import JsClient
from tests.support.serving import client, receive
from tests.support.waiting import poll
from tests.support.watched import Watched


async def test_reserved(watched: Watched[Server], js_client: JsClient) -> None:
    io = watched.io
    sockets = keep_sockets(io)
    mine = await js_client.connect()
    assert await poll(lambda: sockets, 20)
    for name in sorted(RESERVED_EVENTS):
        for emit in (sockets[0].emit, io.to("x").emit, sockets[0].emit_with_ack, sockets[0].volatile.emit):
            with pytest.raises(SocketError, match=f'"{name}" is a reserved event name'):
                await emit(name)
        async with client(watched.url) as other:
            told: list[Any] = []
            io.of("/").sockets[other.id].on(name, lambda *args, told=told: told.append(args))
            await other._client.engine.send(f'2["{name}"]')
            assert await poll(partial(getattr, other, "reason"), 20)
            assert [args for args in told if not args] == []
    await mine.emit("connection")  # not among them, and nothing of the server's
    await mine.emit("error")
    assert await poll(
        lambda: len([r for r in watched.of(records.EventReceived) if r.event in ("connection", "error")]) == 2, 20
    )
    assert len(sockets) == 1 + len(RESERVED_EVENTS)
    assert sockets[0].connected


async def test_handlers(watched: Watched[Server], js_client: JsClient, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    outgoing: list[Any] = []
    held = asyncio.Event()

    @watched.io.on("connection")
    def connection(socket: Socket) -> None:
        def removed(*_: Any) -> None:
            started.append("removed")

        socket.on_any(lambda event, *args: started.append(("any", event, *args)))
        socket.prepend_any(lambda event, *_: started.append(("before", event)))
        socket.on_any(removed)
        socket.off_any(removed)
        socket.on_any_outgoing(lambda *packet: outgoing.append(packet))
        socket.on("greet", lambda name: started.append(("one", name)))
        socket.on("greet", lambda name: started.append(("two", name)))
        socket.once("greet", lambda name: started.append(("once", name)))
        socket.on("greet", removed)
        socket.off("greet", removed)

        @socket.on("slow")
        async def slow(number: int) -> None:
            started.append(number)
            await held.wait()

        socket.on("ping", lambda: "pong")

    mine = await js_client.connect()
    greeted = {
        "a": [("before", "greet"), ("any", "greet", "a"), ("one", "a"), ("two", "a"), ("once", "a")],
        "b": [("before", "greet"), ("any", "greet", "b"), ("one", "b"), ("two", "b")],
    }
    for name, expected in greeted.items():  # one after the other: two that come in one go are handled side by side
        started.clear()
        await mine.emit("greet", name)
        assert await poll(partial(lambda wanted: len(started) == wanted, len(expected)), 20)
        assert started == expected
    await watched.io.emit("to all", 1)
    await mine.wait_event("to all")
    assert await poll(lambda: outgoing, 20) == [("to all", 1)]
    socket = watched.io.of("/").sockets[mine.id]
    socket.off_any()
    started.clear()
    for number in range(50):
        await mine.emit("slow", number)
    assert await mine.call("ping") == ["pong"]  # nothing waits for the slow ones
    assert started == list(range(50))
    assert socket.running == 50
    monkeypatch.setattr(server_module, "MAX_RUNNING", 60)
    for number in range(50, 62):
        await mine.emit("slow", number)
    assert await mine.wait_disconnect() == "transport close"
    assert started == list(range(60))
    held.set()
    assert await poll(lambda: socket.running == 0, 20)
    (gone,) = watched.of(records.Disconnected)
    assert gone.reason == "forced close"


async def test_acks(watched: Watched[Server], js_client: JsClient) -> None:
    @watched.io.on("connection")
    def connection(socket: Socket) -> None:
        socket.on("one", lambda value: value)
        socket.on("several", lambda: (1, "two", b"\x03"))
        socket.on("nothing", lambda: None)

        @socket.on("by hand")
        async def by_hand(value: int, *, ack: Any) -> str:
            ack(value, "by hand")
            ack("again")
            return "not this"

        @socket.on("boom")
        def boom() -> None:
            raise ValueError("it broke")

    mine = await js_client.connect()
    assert await mine.call("one", {"n": [None]}) == [{"n": [None]}]
    assert await mine.call("several") == [1, "two", b"\x03"]
    assert await mine.call("nothing") == []
    assert await mine.call("by hand", 7) == [7, "by hand"]
    assert (await mine.ask("boom", timeout=0.2))["error"] == "operation has timed out"
    (raised,) = await watched.wait(records.HandlerException)
    assert raised.message == "it broke"
    socket = watched.io.of("/").sockets[mine.id]
    asked = asyncio.ensure_future(socket.timeout(5).emit_with_ack("question", b"\x01"))
    await mine.answer(await mine.wait_event("question"), b"\x02")
    assert await asked == b"\x02"
    with pytest.raises(TimeoutError, match="operation has timed out"):
        await socket.timeout(0.05).emit_with_ack("unanswered")
    pending = asyncio.ensure_future(socket.emit_with_ack("unanswered"))
    await mine.wait_event("unanswered")
    await mine.wait_event("unanswered")
    await mine.disconnect()
    with pytest.raises(SocketError, match="socket has been disconnected"):
        await pending


async def test_operators(watched: Watched[Server], js_client: JsClient) -> None:
    io = watched.io
    mine = await js_client.connect()
    async with client(watched.url) as two, client(watched.url) as three:
        sockets = io.of("/").sockets
        await sockets[mine.id].join(["a", "b"])
        await sockets[two.id].join("b")
        base = io.to("a")
        wider = base.in_("b").except_("c")
        assert base is not wider
        await wider.emit("once each")  # in both rooms, and told once
        await base.emit("only a")
        await io.to([]).emit("nobody")
        await io.to(["a", "b"]).except_([two.id]).local.compress(True).emit("not two")
        await sockets[three.id].broadcast.emit("not three")
        await sockets[three.id].to("b").emit("b by three")
        await sockets[two.id].except_("a").emit("not a nor two")
        await io.emit("end")
        await mine.wait_event("end")
        names = [name for name, _ in mine.events]
        assert names == ["once each", "only a", "not two", "not three", "b by three", "end"]
        assert [(await receive(two))[0] for _ in range(4)] == ["once each", "not three", "b by three", "end"]
        assert [(await receive(three))[0] for _ in range(2)] == ["not a nor two", "end"]
        asked = asyncio.ensure_future(io.to(["a", "b"]).timeout(0.3).emit_with_ack("who"))
        await mine.answer(await mine.wait_event("who"), "js")
        with pytest.raises(TimeoutError) as caught:
            await asked
        assert caught.value.responses == ["js"]  # type: ignore[attr-defined]
        assert await io.to([]).timeout(1).emit_with_ack("who") == []
        sent = [each for each in watched.of(records.EventSent) if each.event == "once each"]
        assert [(each.sockets, set(each.rooms or ())) for each in sent] == [(2, {"a", "b"})]


async def test_binary(watched: Watched[Server], js_client: JsClient) -> None:
    got: list[Any] = []

    def upload(*args: Any) -> tuple[Any, ...]:
        got.append(args)
        return args

    watched.io.on("connection", lambda socket: socket.on("upload", upload))
    mine = await js_client.connect()
    nested = [{"a": [b"\x00\xff", {"b": b""}], "n": None}, b"end"]
    assert await mine.call("upload", *nested) == nested
    assert got == [tuple(nested)]
    ten = [bytes([number]) for number in range(10)]
    assert await mine.call("upload", *ten) == ten
    await mine.emit("upload", *ten, b"one more")
    assert await mine.wait_disconnect() == "transport close"
    (gone,) = watched.of(records.Disconnected)
    assert gone.reason == "forced close"
    assert len(got) == 2


async def test_utility_methods(watched: Watched[Server], js_client: JsClient) -> None:
    io = watched.io
    io.of("/chat").on("connection", lambda socket: socket.on("where", lambda: socket.nsp.name))
    io.of(lambda name, auth: name.startswith("/room-") and auth.get("key") == 1).on(
        "connection", lambda socket: socket.on("where", lambda: socket.nsp.name)
    )
    mine = await js_client.connect()
    chat = await js_client.connect("/chat")
    dynamic = await js_client.connect("/room-1", auth={"key": 1})
    assert [await each.call("where") for each in (chat, dynamic)] == [["/chat"], ["/room-1"]]
    report = await js_client.try_connect("/room-2")
    assert (report.kind, report["message"]) == ("connect_error", "Invalid namespace")
    await io.sockets_join(["x", "y"])
    assert {socket.id for socket in await io.to("x").fetch_sockets()} == {mine.id}
    await io.of("/").to("x").sockets_leave("y")
    assert io.of("/").sockets[mine.id].rooms == {mine.id, "x"}
    assert await io.to("y").fetch_sockets() == []
    await io.server_side_emit("nobody else is there")
    assert await io.server_side_emit_with_ack("nobody else is there") == []
    await io.of("/chat").disconnect_sockets()
    assert await chat.wait_disconnect() == "io server disconnect"
    assert (len(await io.fetch_sockets()), await io.of("/chat").fetch_sockets()) == (1, [])
    await io.disconnect_sockets(close=True)
    assert await mine.wait_disconnect() == "io server disconnect"
    assert await dynamic.wait_disconnect() in ("io server disconnect", "transport close")


async def test_recovery(js: None) -> None:
    """In short; `test_recovery.py` has all of it."""
    async with serving(connection_state_recovery={}) as watched, JsClient(watched.url) as js_client:
        io = watched.io
        io.on("connection", lambda socket: socket.emit("hello"))
        mine = await js_client.connect()
        await mine.wait_event("hello")
        await io.of("/").sockets[mine.id].join("room")
        await js_client.drop()
        assert await poll(lambda: not io.of("/").sockets, 20)
        await io.to("room").emit("missed")
        report = await js_client.try_connect()
        assert (report["id"], report["recovered"]) == (mine.id, True)
        await mine.wait_event("missed")
        assert io.of("/").sockets[mine.id].recovered
