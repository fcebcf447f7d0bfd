"""Dynamic namespaces: functions that take their time or raise, and what each namespace has of its own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from console.wire.client import Client
from console.wire.engine import Engine
from console.wire.errors import Refused
from server_core import Namespace, Server, SocketError, dynamic, records
from tests.support.raw import websocket
from tests.support.serving import client
from tests.support.waiting import poll
from tests.support.watched import Watched, watching


@pytest.fixture
async def watched() -> AsyncIterator[Watched[Server]]:
    async for made in watching(Server()):
        yield made


class Gate:
    """A function that answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.open = asyncio.Event()

    async def __call__(self, name: str, auth: dict[str, Any]) -> bool:
        self.asked.append(name)
        await self.open.wait()
        return bool(auth.get("ok", True))


async def test_the_connection_goes_on_while_a_function_is_asked(watched: Watched[Server]) -> None:
    io, gate = watched.io, Gate()
    io.of(gate)
    io.on("connection", lambda socket: socket.on("echo", lambda value: value) and None)
    async with websocket(watched.url) as ws:
        await ws.send("40/slow,", "40", '42/slow,["too early"]')
        assert str(await ws.receive()).startswith("40{")
        await ws.send('421["echo",2]')
        assert await ws.receive() == "431[2]"
        gate.open.set()
        assert str(await ws.receive()).startswith("40/slow,{")
    assert gate.asked == ["/slow"]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RuntimeError("the database is away"), "internal server error"),
        (asyncio.CancelledError(), "internal server error"),
        (SocketError("come back later"), "come back later"),
    ],
)
async def test_a_function_that_raises_refuses(watched: Watched[Server], error: BaseException, message: str) -> None:
    async def broken(name: str, auth: dict[str, Any]) -> bool:
        raise error

    watched.io.of(broken)
    connection = Client(Engine(watched.url))
    await connection.open()
    with pytest.raises(Refused, match=message):
        await asyncio.wait_for(connection.connect("/tenant"), 20)
    await connection.connect("/")
    await connection.close()
    raised = watched.of(records.HandlerException)
    assert [(each.type, each.nsp) for each in raised] == (
        [] if isinstance(error, SocketError) else [(type(error).__name__, "/tenant")]
    )
    (refused,) = watched.of(records.Refused)
    assert (refused.message, refused.by.endswith("broken")) == (message, True)


async def test_a_function_has_as_much_time_as_a_middleware() -> None:
    gate = Gate()
    io = Server(connect_timeout=0.3)
    io.of(gate)
    async for watched in watching(io):
        with pytest.raises(Refused, match="timed out"):
            async with client(watched.url, nsp="/slow"):
                pass
        (closed,) = await watched.wait(records.EngineClosed)
        assert closed.reason == "forced server close"
        (refused,) = watched.of(records.Refused)
        assert refused.by.endswith("Gate")


async def test_a_client_that_leaves_meanwhile_joins_nothing(watched: Watched[Server]) -> None:
    io, gate = watched.io, Gate()
    io.of(gate)
    async with websocket(watched.url) as ws:
        await ws.send("40/slow,")
        assert await poll(lambda: gate.asked, 20)
    await watched.wait(records.EngineClosed)
    gate.open.set()
    assert await poll(lambda: not io._tasks, 20)
    assert (io.connections, io.manager.rooms, list(io.namespaces_in_use)) == ({}, {}, ["/"])
    assert watched.of(records.Connecting, records.HandlerException) == []


async def test_a_client_may_withdraw_and_ask_again(watched: Watched[Server]) -> None:
    gate = Gate()
    watched.io.of(gate)
    async with websocket(watched.url) as ws:
        await ws.send('40/slow,{"ok":false}', "41/slow,", "40/slow,")
        assert await poll(lambda: len(gate.asked) == 2, 20)
        gate.open.set()
        assert str(await ws.receive()).startswith("40/slow,{")  # nothing of the first


@pytest.mark.parametrize("names", [["/slow", "/slow"], ["/1", "/2", "/3"]])
async def test_asking_twice_and_too_much_ends_the_connection(
    watched: Watched[Server], names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dynamic, "MAX_ASKED", 2)
    watched.io.of(Gate())
    async with websocket(watched.url) as ws:
        await ws.send(*(f"40{name}," for name in names))
        (closed,) = await watched.wait(records.EngineClosed)
    assert closed.reason == "forced close"


async def test_a_handler_of_new_namespace_that_raises_refuses(watched: Watched[Server]) -> None:
    def broken(nsp: Namespace) -> None:
        raise RuntimeError(nsp.name)

    watched.io.of(lambda name, auth: True)
    watched.io.on("new_namespace", broken)
    with pytest.raises(Refused, match="internal server error"):
        async with client(watched.url, nsp="/tenant"):
            pass
    (raised,) = watched.of(records.HandlerException)
    assert (raised.where, raised.message) == ("on 'new_namespace'", "/tenant")


async def test_namespaces_are_asked_in_order(watched: Watched[Server]) -> None:
    made: list[tuple[str, Namespace | None]] = []
    watched.io.on("new_namespace", lambda nsp: made.append((nsp.name, nsp.parent)))
    digits = watched.io.of(re.compile(r"/\d+"))
    watched.io.of(lambda name, auth: False)
    words = watched.io.of(lambda name, auth: name[1:].isalpha())
    rest = watched.io.of(re.compile(r"/.*"))
    for name in ("/1", "/a", "/a b"):
        async with client(watched.url, nsp=name):
            pass
    assert made == [("/1", digits), ("/a", words), ("/a b", rest)]


async def test_each_has_its_own_handlers_beside_those_of_the_pattern(watched: Watched[Server]) -> None:
    io = watched.io
    calls: list[tuple[str, str]] = []
    pattern = io.of(re.compile(r"/tenant-\d+"))
    pattern.on("connection", lambda socket: calls.append(("pattern", socket.nsp.name)))

    @io.on("new_namespace")
    def made(nsp: Namespace) -> None:
        nsp.on("connection", lambda socket: calls.append((nsp.name, socket.nsp.name)))

    async with client(watched.url, nsp="/tenant-1"), client(watched.url, nsp="/tenant-2"):
        assert await poll(lambda: len(calls) >= 4, 20)
        pattern.on("connection", lambda socket: calls.append(("too late", socket.nsp.name)))  # for those there already
    async with client(watched.url, nsp="/tenant-1"), client(watched.url, nsp="/tenant-3"):
        assert await poll(lambda: len(calls) >= 9, 20)
    assert sorted(calls) == sorted(
        [
            *(("pattern", f"/tenant-{n}") for n in (1, 1, 2, 3)),
            *((f"/tenant-{n}", f"/tenant-{n}") for n in (1, 1, 2, 3)),
            ("too late", "/tenant-3"),
        ]
    )
