"""When a middleware's answer counts: later than its return, before its end, or never."""

from __future__ import annotations

import asyncio
import contextvars
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from console.wire.client import Client, ClientSocket
from console.wire.engine import Engine
from console.wire.errors import Refused
from server_core import Server, Socket, SocketError, records
from tests.support.serving import client
from tests.support.waiting import poll
from tests.support.watched import Watched, watching


@pytest.fixture
async def watched() -> AsyncIterator[Watched[Server]]:
    async for made in watching(Server()):
        yield made


@pytest.fixture
async def impatient() -> AsyncIterator[Watched[Server]]:
    async for made in watching(Server(connect_timeout=0.3)):
        yield made


def use(io: Server, *middlewares: Any) -> list[Socket]:
    """Have these asked of each event; the sockets that connect, which answer "echo" with what it carries."""
    sockets: list[Socket] = []

    @io.on("connection")
    def connection(socket: Socket) -> None:
        sockets.append(socket)
        for middleware in middlewares:
            socket.use(middleware)
        socket.on("echo", lambda value: value)

    return sockets


async def echoes(socket: ClientSocket, value: Any) -> bool:
    return await socket.emit_with_ack("echo", value, timeout=20) == [value]


# an answer that comes later


async def test_an_event_waits_for_a_next_that_is_called_later(watched: Watched[Server]) -> None:
    def by_a_timer(packet: list[Any], next: Any) -> None:
        asyncio.get_running_loop().call_later(0.01, next)

    def by_a_task(packet: list[Any], next: Any) -> asyncio.Future[Any]:
        return asyncio.ensure_future(hand_on(next))

    async def by_another_task(packet: list[Any], next: Any) -> None:
        tasks.append(asyncio.ensure_future(hand_on(next)))

    async def hand_on(next: Any) -> None:
        await asyncio.sleep(0)
        await next()

    tasks: list[asyncio.Future[Any]] = []
    use(watched.io, by_a_timer, by_a_task, by_another_task)
    async with client(watched.url) as socket:
        assert await echoes(socket, 1)


async def test_an_event_is_dropped_as_soon_as_nothing_can_call_next(watched: Watched[Server]) -> None:
    kept: list[Any] = []

    def hold(packet: list[Any], next: Any) -> None:
        if packet[1] == "keep":
            kept.append(next)
        elif packet[1] != "drop":
            next()

    sockets = use(watched.io, hold)
    async with client(watched.url) as socket:
        await socket.emit("echo", "drop")
        await socket.emit("echo", "keep")
        (dropped,) = await watched.wait(records.EventBlocked)
        assert (dropped.args, dropped.message) == (["drop"], "")
        assert await echoes(socket, 1)
        assert await poll(lambda: kept, 20)
        assert len(watched.of(records.EventBlocked)) == 1
        kept.clear()
        gc.collect()
        _, dropped = await watched.wait(records.EventBlocked, 2)
        assert dropped.args == ["keep"]
        assert await poll(lambda: not sockets[0].running, 20)


async def test_an_event_that_is_held_ends_with_its_socket(watched: Watched[Server]) -> None:
    kept: list[Any] = []
    sockets = use(watched.io, lambda packet, next_: kept.append(next_))
    async with client(watched.url) as socket:
        await socket.emit("echo", 1)
        assert await poll(lambda: kept, 20)
        assert sockets[0].running == 1
    assert await poll(lambda: not sockets[0].running, 20)
    kept[0]()  # too late, and of no effect
    assert watched.of(records.EventBlocked, records.HandlerException) == []


# an answer before the end


async def test_what_follows_does_not_wait_for_a_middleware_that_goes_on(watched: Watched[Server]) -> None:
    gate = asyncio.Event()
    ended: list[Any] = []

    async def audit(subject: Any, next: Any) -> None:
        await next()
        await gate.wait()
        ended.append(subject)

    watched.io.use(audit)
    sockets = use(watched.io, audit)
    async with client(watched.url) as socket:
        assert await echoes(socket, 1)
        assert (ended, sockets[0].running) == ([], 1)  # what goes on counts, as a handler does
        gate.set()
        assert await poll(lambda: len(ended) == 2, 20)
        assert await poll(lambda: not sockets[0].running, 20)


@pytest.mark.parametrize("wait", [False, True])
async def test_what_is_raised_after_the_answer_is_logged_alone(watched: Watched[Server], wait: bool) -> None:
    async def broken(subject: Any, next: Any) -> None:
        next()
        if wait:
            await asyncio.sleep(0)
        raise RuntimeError("the audit log is full")

    def broken_at_once(subject: Any, next: Any) -> None:
        next()
        raise RuntimeError("the audit log is full")

    watched.io.use(broken)
    watched.io.use(broken_at_once)
    use(watched.io, broken, broken_at_once)
    async with client(watched.url) as socket:
        assert await echoes(socket, 1)
        raised = await watched.wait(records.HandlerException, 4)
    assert {each.message for each in raised} == {"the audit log is full"}
    assert {each.where.rsplit(".", 1)[-1] for each in raised} == {"broken", "broken_at_once"}


async def test_a_refusal_counts_before_the_end_too(watched: Watched[Server]) -> None:
    gate = asyncio.Event()

    @watched.io.use
    async def refuse(socket: Socket, next: Any) -> None:
        await next(SocketError("no"))
        await gate.wait()

    with pytest.raises(Refused, match="no"):
        async with client(watched.url):
            pass
    gate.set()


async def test_context_variables_that_a_middleware_sets_are_seen_after_it(watched: Watched[Server]) -> None:
    user: contextvars.ContextVar[str] = contextvars.ContextVar("user")
    seen: list[str] = []

    @watched.io.use
    async def authenticate(socket: Socket, next: Any) -> None:
        user.set("alice")
        await next()
        user.set("nobody")

    async def rename(packet: list[Any], next: Any) -> None:
        user.set(f"who sent {packet[0]}")
        await next()

    @watched.io.on("connection")
    def connection(socket: Socket) -> None:
        seen.append(user.get())
        socket.use(rename)
        socket.on("echo", lambda _: user.get())

    async with client(watched.url) as socket:
        (answer,) = await socket.emit_with_ack("echo", 1, timeout=20)
    assert seen == ["alice"]
    assert answer == "who sent echo"


# no answer


async def test_a_middleware_that_awaits_for_ever_has_its_time_too(impatient: Watched[Server]) -> None:
    cancelled = asyncio.Event()

    @impatient.io.use
    async def stuck(socket: Socket, next: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    connection = Client(Engine(impatient.url))
    await connection.open()
    with pytest.raises(Refused, match="timed out"):
        await asyncio.wait_for(connection.connect("/"), 20)
    (refused,) = await impatient.wait(records.Refused)
    assert refused.by.endswith("stuck")
    (closed,) = await impatient.wait(records.EngineClosed)
    assert closed.reason == "forced server close"
    await asyncio.wait_for(cancelled.wait(), 20)
    await connection.close()


@pytest.mark.parametrize("sync", [False, True])
async def test_a_middleware_that_ends_cancelled_refuses(watched: Watched[Server], sync: bool) -> None:
    def cancelled_at_once(socket: Socket, next: Any) -> None:
        raise asyncio.CancelledError

    async def cancelled(socket: Socket, next: Any) -> None:
        raise asyncio.CancelledError

    watched.io.use(cancelled_at_once if sync else cancelled)
    with pytest.raises(Refused, match="internal server error"):
        async with client(watched.url):
            pass
    (raised,) = watched.of(records.HandlerException)
    assert raised.type == "CancelledError"
    assert not any(watched.io.connections.values())
