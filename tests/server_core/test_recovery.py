"""Connection state recovery, as the JavaScript client sees it and as raw packets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from unittest.mock import ANY

import pytest

from console.wire.client import Client, ClientSocket
from console.wire.engine import Engine
from server_core import Server, Socket, instrument, records, recovery
from server_core.recovery import Recovery, RecoveryOptions, Session
from server_core.tap import Tap
from server_core.watch import attach
from tests.support.js_client import JsClient, JsSocket
from tests.support.serving import client, receive, serve
from tests.support.waiting import poll
from tests.support.watched import Watched

pytestmark = pytest.mark.usefixtures("js")


class Recovering:
    """A server that recovers, the sockets that it saw, and how often its middleware ran."""

    def __init__(self, io: Server, url: str, tap: Tap) -> None:
        self.io = io
        self.url = url
        self.watched = Watched(io, url, tap)
        self.sockets: list[Socket] = []
        self.middleware_runs = 0


@contextlib.asynccontextmanager
async def recovering(**options: Any) -> AsyncIterator[Recovering]:
    io = Server(connection_state_recovery=options)
    tap = Tap("chat:io")
    attach(tap, io)
    async with serve(io.app) as url:
        made = Recovering(io, url, tap)

        @io.use
        async def count(socket: Socket, next: Any) -> None:
            made.middleware_runs += 1
            socket.user = {"name": "alice"}
            await next()

        @io.on("connection")
        async def connection(socket: Socket) -> None:
            made.sockets.append(socket)
            if not socket.recovered:
                socket.data["visits"] = 1
                await socket.join("room")
            await socket.emit("hello", "first")

        yield made


async def cut_off(js: JsClient, made: Recovering) -> None:
    await js.drop()
    assert await poll(lambda: not made.io.of("/").sockets, 20)


async def first_connection(js: JsClient) -> JsSocket:
    socket = await js.connect()
    assert (await socket.wait_args("hello"))[0] == "first"
    return socket


async def test_a_client_that_was_cut_off_is_the_same_socket_again_and_gets_what_it_missed() -> None:
    async with recovering() as made, JsClient(made.url) as js:
        socket = await first_connection(js)
        before = made.sockets[0]
        assert not before.recovered
        await cut_off(js, made)
        await made.io.to("room").emit("missed", 1)
        await made.io.emit("missed", 2)
        await made.io.to(socket.id).emit("missed", 3)
        await made.io.to("elsewhere").emit("missed", "by others")
        await made.io.except_("room").emit("missed", "by others")
        await made.io.volatile.emit("missed", "volatile")
        report = await js.try_connect()
        assert (report.kind, report["id"], report["recovered"]) == ("connect", socket.id, True)
        assert [(await socket.wait_args("missed"))[0] for _ in range(3)] == [1, 2, 3]
        assert (await socket.wait_args("hello"))[0] == "first"
        after = made.sockets[1]
        assert (after.recovered, after.id, after.rooms) == (True, before.id, {before.id, "room"})
        assert (after.data, after.user, made.middleware_runs) == ({"visits": 1}, {"name": "alice"}, 1)
        assert [event for event, _ in socket.events] == ["hello", "missed", "missed", "missed", "hello"]
        connecting = made.watched.of(records.Connecting)
        assert [record.recovered for record in connecting] == [False, True]


async def test_middlewares_run_again_when_they_shall() -> None:
    async with recovering(skip_middlewares=False) as made, JsClient(made.url) as js:
        await first_connection(js)
        await cut_off(js, made)
        assert (await js.try_connect())["recovered"] is True
        assert await poll(lambda: len(made.sockets) == 2, 20)
        assert made.middleware_runs == 2


async def test_a_client_that_left_comes_back_as_somebody_new() -> None:
    async with recovering() as made, JsClient(made.url) as js:
        socket = await first_connection(js)
        await socket.disconnect()
        assert await poll(lambda: not made.io.of("/").sockets, 20)
        report = await js.try_connect()
        assert report["recovered"] is False
        assert report["id"] != socket.id


async def test_a_client_that_was_disconnected_comes_back_as_somebody_new() -> None:
    async with recovering() as made, JsClient(made.url) as js:
        socket = await first_connection(js)
        await made.sockets[0].disconnect()
        assert await socket.wait_disconnect() == "io server disconnect"
        assert (await js.try_connect())["recovered"] is False


async def test_a_client_that_comes_too_late_comes_back_as_somebody_new() -> None:
    async with recovering(max_disconnection_duration=0.05) as made, JsClient(made.url) as js:
        await first_connection(js)
        await cut_off(js, made)
        assert made.io.recovery
        await asyncio.sleep(0.06)  # the time is what this is about
        assert (await js.try_connect())["recovered"] is False


async def test_a_client_that_missed_more_than_is_kept_comes_back_as_somebody_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recovery, "MAX_EVENTS", 10)
    async with recovering() as made, JsClient(made.url) as js:
        await first_connection(js)
        await cut_off(js, made)
        for number in range(10):
            await made.io.emit("missed", number)
        assert (await js.try_connect())["recovered"] is False


@pytest.mark.parametrize("auth", [{"pid": 1, "offset": 2}, {"pid": "foo", "offset": "bar"}, {"pid": "foo"}])
async def test_an_id_that_nobody_had_is_no_way_in(auth: dict[str, Any]) -> None:
    async with recovering() as made, client(made.url, auth) as socket:
        assert (await receive(socket))[:2] == ["hello", "first"]
        assert not made.sockets[0].recovered
        assert made.middleware_runs == 1


async def test_one_private_id_lets_one_client_in() -> None:
    async with recovering() as made:
        engine = Engine(made.url)
        await engine.open()
        await engine.send("0")
        connect = await engine.receive()
        hello = await engine.receive()
        assert isinstance(connect, str)
        assert isinstance(hello, str)
        pid = connect.split('"pid":"')[1].split('"')[0]
        offset = hello.rsplit('"', 2)[1]
        await engine.abort()
        assert await poll(lambda: not made.io.of("/").sockets, 20)
        auth = {"pid": pid, "offset": offset}
        async with client(made.url, auth) as back, client(made.url, auth) as thief:
            assert (back.id == made.sockets[0].id, thief.id == made.sockets[0].id) == (True, False)


async def test_without_recovery_nothing_of_it_is_sent() -> None:
    io = Server()
    async with serve(io.app) as url:
        engine = Engine(url)
        await engine.open()
        await engine.send("0")
        connect = await engine.receive()
        assert isinstance(connect, str)
        assert "pid" not in connect
        await io.emit("hello", "x")
        assert await engine.receive() == '2["hello","x"]'
        await engine.close()


def test_an_option_that_is_none_is_refused() -> None:
    with pytest.raises(Exception, match="max_duration"):
        Server(connection_state_recovery={"max_duration": 1})


async def cut(made: Recovering, gone: Callable[[], Any] | None = None) -> tuple[str, dict[str, Any]]:
    """A client that was cut off after `hello`: its id, and the auth with which it comes back."""
    engine = Engine(made.url)
    await engine.open()
    await engine.send("0")
    connect, hello = await engine.receive(), await engine.receive()
    assert isinstance(connect, str)
    assert isinstance(hello, str)
    await engine.abort()
    assert await poll(gone or (lambda: not made.io.of("/").sockets), 20)
    answer = json.loads(connect[1:])
    return answer["sid"], {"pid": answer["pid"], "offset": json.loads(hello[1:])[-1]}


async def until(socket: ClientSocket, last: Any) -> list[Any]:
    """The first arguments of the events that come, up to one."""
    came = [(await receive(socket))[1]]
    while came[-1] != last:
        came.append((await receive(socket))[1])
    return came


async def test_what_is_emitted_while_a_middleware_holds_the_client_comes_once_and_in_order() -> None:
    held, let_pass = asyncio.Event(), asyncio.Event()
    async with recovering(skip_middlewares=False) as made:
        sid, auth = await cut(made)

        @made.io.use
        async def hold(_socket: Socket, next: Any) -> None:
            held.set()
            await let_pass.wait()
            await next()

        await made.io.emit("missed", 1)
        connection = Client(Engine(made.url))
        await connection.open()
        back = asyncio.ensure_future(connection.connect("/", auth))
        await asyncio.wait_for(held.wait(), 20)
        await made.io.emit("missed", 2)
        await made.io.to("room").emit("missed", 3)
        await made.io.to("elsewhere").emit("missed", "by others")
        let_pass.set()
        socket = await back
        await made.io.emit("missed", 4)
        assert socket.id == sid
        assert await until(socket, 4) == [1, 2, 3, "first", 4]
        await connection.close()


async def test_an_event_that_could_not_be_sent_is_not_sent_to_who_comes_back() -> None:
    async with recovering() as made:
        sid, auth = await cut(made)
        await made.io.emit("missed", 1)
        for emit in (made.io.emit, made.io.to("room").emit, made.sockets[0].emit):
            with pytest.raises(TypeError):
                await emit("missed", object())
        values = [2]
        await made.io.emit("missed", values)
        values.append(3)  # what was sent is sent again, not what became of it
        async with client(made.url, auth) as back:
            assert back.id == sid
            assert await until(back, "first") == [1, [2], "first"]


async def test_an_app_of_python_socketio_has_its_session_and_its_connect_handler() -> None:
    async with recovering() as made:
        calls: list[str] = []

        @made.io.event
        async def connect(sid: str, environ: Any, auth: Any) -> None:
            calls.append("connect")
            await made.io.emit("missed", "welcome", to=sid)
            await made.io.enter_room(sid, "users")

        @made.io.event
        async def disconnect(sid: str, reason: str) -> None:
            calls.append("disconnect")

        engine = Engine(made.url)
        await engine.open()
        await engine.send("0")
        connected = await engine.receive()
        assert isinstance(connected, str)
        answer = json.loads(connected[1:])
        await made.io.save_session(answer["sid"], {"user": "bob"})
        await made.io.emit("seen")
        while (seen := await engine.receive()) and "seen" not in seen:
            pass
        assert isinstance(seen, str)
        await engine.abort()
        assert await poll(lambda: calls == ["connect", "disconnect"], 20)
        await made.io.to("users").emit("missed", 1)
        async with client(made.url, {"pid": answer["pid"], "offset": json.loads(seen[1:])[-1]}) as back:
            assert await until(back, "first") == [1, "welcome", "first"]
            assert await made.io.get_session(back.id) == {"user": "bob"}
            assert set(made.io.rooms(back.id)) == {back.id, "room", "users"}
        assert calls[:3] == ["connect", "disconnect", "connect"]


@pytest.mark.parametrize("event", ["disconnecting", "disconnect"])
async def test_a_client_is_back_before_the_handlers_of_its_way_out_have_ended(event: str) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    told: list[str] = []

    async def leave(*_: Any) -> None:
        begun.set()
        await go_on.wait()

    async with recovering() as made:

        @made.io.on("connection")
        def connection(socket: Socket) -> None:
            if event == "disconnecting" and not socket.recovered:
                socket.on("disconnecting", leave)
            socket.on("disconnect", told.append)

        if event == "disconnect":
            made.io.on("disconnect", leave)
        sid, auth = await cut(made, begun.is_set)
        await made.io.to("room").emit("missed", 1)
        async with client(made.url, auth) as back:
            assert back.id == sid
            assert await until(back, "first") == [1, "first"]
            go_on.set()
            assert await poll(lambda: told, 20) == ["transport close"]
            await made.io.to("room").emit("missed", 2)
            assert await receive(back) == ["missed", 2, ANY]
            assert await made.io.fetch_sockets() == [made.sockets[1]]
            assert made.sockets[1].rooms == {sid, "room"}
            assert made.io.manager.is_connected(sid, "/")
        kinds = (records.Disconnecting, records.Disconnected, records.Connecting, records.Connected)
        lives = [type(record).__name__ for record in made.watched.of(*kinds)]
        assert lives[:6] == ["Connecting", "Connected", "Disconnecting", "Disconnected", "Connecting", "Connected"]


async def test_consoles_start_anew() -> None:
    async with recovering() as made:
        installed = instrument(made.io, auth={"username": "alice", "password": "x"})
        engine = Engine(made.url)
        await engine.open()
        await engine.send('0/admin,{"username":"alice","password":"x"}')
        connect, session = await engine.receive(), await engine.receive()
        assert isinstance(connect, str)
        assert isinstance(session, str)
        assert "pid" not in connect
        assert len(json.loads(session[len("2/admin,") :])) == 2  # no offset
        await engine.close()
        installed.uninstrument()


def test_an_emit_costs_the_same_however_many_may_come_back() -> None:
    def cost(sessions: int) -> float:
        kept = Recovery(RecoveryOptions())
        for number in range(sessions):
            kept._sessions[str(number)] = Session("", "", "/", frozenset(), {}, {}, None, "", time.monotonic())

        def emit() -> float:
            begun = time.perf_counter()
            kept.sent("/", None, (), kept.stamped(["x"]), ["2"])
            return time.perf_counter() - begun

        return min(emit() for _ in range(30))

    assert cost(20_000) < cost(0) * 50  # it was 4,000 times as much
