"""`Join`, `Leave`, `Disconnect` and `Drop`, of one socket and of many."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any

import pytest

from console.wire.client import Client, ClientSocket
from console.wire.engine import Engine
from console.wire.errors import Closed
from server_core import records
from server_core.records import Disconnect, Drop, Join, Leave
from server_core.recovery import Recovery, RecoveryOptions
from tests.server_core.control.conftest import Acted
from tests.support.js_client import JsClient
from tests.support.py_client import PyClient
from tests.support.serving import client, receive
from tests.support.waiting import poll


async def test_many_join_and_leave_several_rooms(acted: Acted) -> None:
    async with client(acted.url) as a, client(acted.url) as b:
        both = (a.id, b.id, a.id)
        assert await acted.do(Join(sockets=both, rooms=("dev", "ops"))) == records.CommandResult(ok=True, sockets=2)
        assert acted.rooms(a.id) == acted.rooms(b.id) == {"dev", "ops"}
        await acted.io.emit("news", room="dev")
        assert await receive(a) == await receive(b) == ["news"]
        assert (await acted.do(Leave(sockets=(a.id,), rooms=("dev", "nowhere")))).ok
        assert (acted.rooms(a.id), acted.rooms(b.id)) == ({"ops"}, {"dev", "ops"})
        nowhere = await acted.do(Leave(sockets=both, rooms=("nowhere",)))
        assert (nowhere.ok, nowhere.error) == (False, "none of them is in nowhere")
    joined = [(record.socket, record.room) for record in acted.of(records.RoomJoined)]
    assert sorted(joined) == sorted((sid, room) for sid in (a.id, b.id) for room in ("dev", "ops"))


async def test_the_room_of_one_socket_is_nobody_elses_on_a_stock_server(acted: Acted) -> None:
    async with client(acted.url) as a, client(acted.url) as b:
        result = await acted.do(Join(sockets=(a.id,), rooms=(b.id,)))
        assert result.ok == acted.is_own
        assert acted.is_own or "the room of that socket alone" in result.error


async def test_who_is_not_there_is_counted_and_named(acted: Acted) -> None:
    named = "ghost0, ghost1, ghost2, ghost3, ghost4 and 2 more"
    missing = tuple(f"ghost{number}" for number in range(7))
    kinds: tuple[type[Any], ...] = (Join, Leave, Disconnect, Drop)
    for kind in kinds:
        rooms = {"rooms": ("dev",)} if kind in (Join, Leave) else {}
        async with client(acted.url) as a:
            await acted.do(Join(sockets=(a.id,), rooms=("dev",)))
            result = await acted.do(kind(sockets=(*missing[:3], a.id, *missing[3:]), **rooms))
            assert (result.ok, result.sockets) == (False, 1)
            assert result.error == f"7 of 8 sockets are not connected to /: {named}"
            alone = await acted.do(kind(sockets=("ghost",), **rooms))
            assert (alone.ok, alone.error) == (False, "socket ghost is not connected to /")
            elsewhere = await acted.do(kind(sockets=("ghost",), nsp="/none", **rooms))
            assert elsewhere.error == "socket ghost is not connected to /none"
    assert "/none" not in getattr(acted.io, "namespaces_in_use", {})


NONSENSE: list[tuple[records.Command, str]] = [
    (Join(sockets=(), rooms=("x",)), "no socket is named"),
    (Join(sockets=("a",), rooms=()), "no room is named"),
    (Join(sockets=("a",), rooms=("",)), "a room needs a name"),
    (Join(sockets=("a",), rooms=tuple(map(str, range(2000)))), "2000 rooms at a time are too many"),
    (Leave(sockets=("a",), rooms=()), "no room is named"),
    (Disconnect(sockets=()), "no socket is named"),
    (Drop(sockets=("a",) * 200_000), "200000 sockets at a time are too many"),
]


async def test_nonsense_is_refused(acted: Acted) -> None:
    for command, error in NONSENSE:
        result = await acted.do(command)
        assert (result.ok, error in result.error) == (False, True), (str(command)[:100], result)


async def test_disconnecting_one_namespace_leaves_the_other_and_closing_ends_both(acted: Acted) -> None:
    async with client(acted.url) as a, client(acted.url) as b:
        chat = await a._client.connect("/chat")
        other = await b._client.connect("/chat")
        assert (await acted.do(Disconnect(sockets=(a.id,)))).ok
        with pytest.raises(Closed, match="io server disconnect"):
            await receive(a)
        assert await chat.emit_with_ack("echo", 1, timeout=20) == [1]
        result = await acted.do(Disconnect(sockets=(chat.id, other.id), nsp="/chat", close=True))
        assert (result.ok, result.sockets) == (True, 2)
        assert await poll(lambda: a._client.engine.reason and b._client.engine.reason, 20)
    gone = await acted.wait(records.Disconnected, 4)
    assert {record.reason for record in gone} == {acted.reason("server namespace disconnect")}


async def test_a_disconnect_handler_that_raises_leaves_no_ghost(acted: Acted) -> None:
    @acted.io.event
    async def disconnect(sid: str, reason: str) -> None:
        raise ValueError("goodbye failed")

    async with client(acted.url) as a, client(acted.url) as b:
        result = await acted.do(Disconnect(sockets=(a.id, b.id)))
        assert (result.ok, result.sockets) == (True, 2)
        with pytest.raises(Closed):
            await receive(a)
        assert list(acted.io.manager.get_participants("/", None)) == []
    raised = await acted.wait(records.HandlerException, 2)
    assert {record.message for record in raised} == {"goodbye failed"}


async def test_slow_handlers_run_side_by_side_and_are_not_cut_off(
    acted: Acted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server_core.control.common.PATIENCE", 0.3)
    ended: list[str] = []
    go_on = asyncio.Event()

    async def leave(sid: str) -> None:
        await go_on.wait()
        ended.append(sid)

    if acted.is_own:

        @acted.io.on("connection")
        def connection(socket: Any) -> None:
            @socket.on("disconnecting")
            async def disconnecting() -> None:
                await leave(socket.id)
    else:

        @acted.io.on("disconnect")
        async def disconnect(sid: str, reason: str) -> None:
            await leave(sid)

    async with contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(client(acted.url)) for _ in range(5)]
        result = await acted.do(Disconnect(sockets=tuple(each.id for each in sockets)))
        if acted.is_own:
            assert not result.ok
            assert "5 of 5 sockets are still leaving: " in result.error
        go_on.set()
        assert await poll(lambda: len(ended) == 5, 20)
        assert await poll(lambda: not list(acted.io.manager.get_participants("/", None)), 20)


async def connect(acted: Acted, transport: str) -> ClientSocket:
    connection = Client(Engine(acted.url, transports=[transport]))
    await connection.open()
    return await connection.connect("/", None)


async def end(sockets: Sequence[ClientSocket]) -> None:
    for each in sockets:
        await each._client.engine.abort()


@pytest.mark.parametrize("kind", [Disconnect, Drop, Join])
async def test_hundreds_at_once_take_a_moment_and_leave_the_app_its_turns(acted: Acted, kind: type[Any]) -> None:
    sockets: list[ClientSocket] = []
    for _ in range(10):
        sockets += await asyncio.gather(*(connect(acted, "websocket") for _ in range(20)))
    longest, last, done = 0.0, time.perf_counter(), False

    async def turns() -> None:
        nonlocal longest, last
        while not done:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    looking = asyncio.ensure_future(turns())
    rooms = {"rooms": ("dev",)} if kind is Join else {}
    try:
        result = await acted.do(kind(sockets=tuple(each.id for each in sockets), **rooms))
    finally:
        done = True
        await looking
        await end(sockets)
    assert (result.ok, result.sockets) == (True, 200)
    assert longest < 1, "the app's loop was held"


@pytest.mark.usefixtures("js")
@pytest.mark.parametrize("transports", [["polling"], ["websocket"], ["polling", "websocket"]], ids="+".join)
async def test_a_dropped_client_notices_and_comes_back_by_itself(acted: Acted, transports: list[str]) -> None:
    options: dict[str, Any] = {"reconnectionDelay": 50, "reconnectionDelayMax": 100}
    async with JsClient(acted.url, transports=transports, reconnection=True, **options) as js:
        alice = await js.connect()
        if len(transports) == 2:
            await js.wait_for("upgrade")
        chat = await js.connect("/chat")
        await alice.call("echo", 1)
        started = time.monotonic()
        result = await acted.do(Drop(sockets=(alice.id,)))
        assert (result.ok, result.sockets) == (True, 1)
        assert await alice.wait_disconnect() in ("transport close", "transport error")
        assert time.monotonic() - started < 5
        assert await chat.wait_disconnect() in ("transport close", "transport error")
        again = await js.wait_for("connect", "/")
        assert again["id"] != alice.id
        assert await alice.call("echo", "back") == ["back"]
        assert (await acted.do(Drop(sockets=(again["id"],)))).ok
        assert await alice.wait_disconnect() in ("transport close", "transport error")
        await js.wait_for("connect", "/")
    gone = [record for record in acted.of(records.Disconnected) if record.socket == alice.id]
    assert [record.reason for record in gone] == ["transport close"]


@pytest.mark.usefixtures("js")
@pytest.mark.parametrize("acted", ["own"], indirect=True)
async def test_a_dropped_client_recovers_its_state_where_that_is_on(acted: Acted) -> None:
    acted.io.recovery = Recovery(RecoveryOptions())
    options: dict[str, Any] = {"reconnectionDelay": 50, "reconnectionDelayMax": 100}
    async with JsClient(acted.url, transports=["websocket"], reconnection=True, **options) as js:
        alice = await js.connect()
        await acted.do(Join(sockets=(alice.id,), rooms=("dev",)))
        await acted.io.emit("before")
        await alice.wait_event("before")
        assert (await acted.do(Drop(sockets=(alice.id,)))).ok
        await alice.wait_disconnect()
        again = await js.wait_for("connect", "/")
        assert again["id"] == alice.id
        assert acted.rooms(alice.id) == {"dev"}


async def test_the_client_is_cut_off_before_the_apps_handlers_have_ended(acted: Acted) -> None:
    go_on = asyncio.Event()
    begun = asyncio.Event()

    async def leave() -> None:
        begun.set()
        await go_on.wait()

    if acted.is_own:
        acted.io.on("connection", lambda socket: socket.on("disconnecting", leave))
    else:

        @acted.io.on("disconnect")
        async def disconnect(sid: str, reason: str) -> None:
            await leave()

    for transport in ("websocket", "polling"):
        begun.clear()
        go_on.clear()
        async with client(acted.url, transports=[transport]) as a:
            dropping = asyncio.ensure_future(acted.do(Drop(sockets=(a.id,))))
            await asyncio.wait_for(begun.wait(), 20)
            assert await poll(lambda a=a: a._client.engine.reason, 3)  # type: ignore[misc]
            assert not dropping.done() or not acted.is_own
            go_on.set()
            assert (await dropping).ok


async def test_pythons_client_sees_what_a_lost_network_does(acted: Acted) -> None:
    for transport in ("websocket", "polling"):
        async with PyClient(acted.url, transports=[transport]) as bob:
            assert await bob.call("echo", 1) == 1
            assert (await acted.do(Drop(sockets=(bob.id,)))).ok
            assert await bob.wait("disconnect") == ("transport error",)


async def test_one_connection_is_cut_once_for_all_its_sockets(acted: Acted) -> None:
    async with client(acted.url) as a:
        await a._client.connect("/chat")
        result = await acted.do(Drop(sockets=(a.id,)))
        assert (result.ok, result.sockets) == (True, 1)
        again = await acted.do(Drop(sockets=(a.id,)))
        assert "not connected" in again.error
        assert await poll(lambda: a._client.engine.reason, 20)
    await acted.wait(records.Disconnected, 2)
    await acted.wait(records.EngineClosed, 1)
