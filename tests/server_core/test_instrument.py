"""`instrument` on a server of the app's own, ours and stock: who gets in, what is told, what is done, and no trace."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import socketio
from engineio.async_socket import AsyncSocket

from console.wire.client import Client, ClientSocket
from console.wire.engine import Engine
from console.wire.errors import Refused
from console.wire.target import Target
from server_core import Server, Socket, SocketError, instrument, records
from server_core.admin import FEATURE
from server_core.console_tap import IDLE_ENTRIES
from server_core.records import Disconnect, Emit, Join, Leave
from tests.support.admin_client import LOGIN, PlainAdmin, plain_admin
from tests.support.attached import attached
from tests.support.serving import client, reach, receive, serve
from tests.support.waiting import poll

KINDS = ("own", "stock")


def make(kind: str, **options: Any) -> socketio.AsyncServer:
    """A server in whose lobby every client is."""
    sio = Server(**options) if kind == "own" else socketio.AsyncServer(async_mode="asgi", **options)

    async def connect(sid: str, _environ: Any, auth: Any) -> None:
        async with sio.session(sid) as session:
            session["user"] = (auth or {}).get("name", "")
        await sio.enter_room(sid, "lobby")

    async def shout(sid: str, text: str) -> str:
        await sio.emit("shouted", (sid, text), room="lobby")
        return "done"

    sio.on("connect", connect)
    sio.on("shout", shout)
    return sio


@contextlib.asynccontextmanager
async def instrumented(kind: str, auth: Any = LOGIN, **options: Any) -> AsyncIterator[tuple[Any, str]]:
    sio = make(kind)
    instrument(sio, auth, **options)
    async with serve(socketio.ASGIApp(sio)) as url:
        yield sio, url


def target(url: str, auth: Any = LOGIN, **options: Any) -> Target:
    return Target(url=url, auth=auth, **options)


async def refused(url: str, auth: Any, nsp: str = "/admin") -> str:
    connection = Client(Engine(url))
    await connection.open()
    try:
        with pytest.raises(Refused) as refusal:
            await connection.connect(nsp, auth)
        return refusal.value.message
    finally:
        await connection.engine.abort()


@pytest.mark.parametrize("kind", KINDS)
async def test_only_the_right_credentials_get_in(kind: str) -> None:
    async with instrumented(kind) as (_, url):
        for auth in (
            None,
            {},
            {"username": "admin"},
            {"username": "admin", "password": None},
            {"password": "changeit"},
        ):
            assert await refused(url, auth) == "invalid credentials"
        assert await refused(url, {"username": "admin", "password": "changeit "}) == "invalid credentials"
        async with plain_admin(url, {**LOGIN, "more": 1}) as admin:
            session = (await admin.wait("session"))[0]
        async with plain_admin(url, {"sessionId": session}) as admin:
            await admin.wait("config")
        assert await refused(url, {"sessionId": session + "x"}) == "invalid credentials"


async def accepts_odd(auth: Any) -> bool:
    await asyncio.sleep(0)
    return bool(auth["number"] % 2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("auth", "right", "wrong"),
    [
        ("a token", {"token": "a token"}, {"token": "another"}),
        (["one", LOGIN], LOGIN, {"token": "two"}),
        (lambda auth: auth == {"x": 1}, {"x": 1}, {"x": 2}),
        (accepts_odd, {"number": 3}, {"number": 4}),
        (accepts_odd, {"number": 5}, {"nothing": 1}),
    ],
    ids=["token", "several", "function", "coroutine", "function-raises"],
)
async def test_kinds_of_credentials(kind: str, auth: Any, right: Any, wrong: Any) -> None:
    async with instrumented(kind, auth) as (_, url):
        assert await refused(url, wrong) == "invalid credentials"
        async with plain_admin(url, right) as admin:
            await admin.wait("config")


def test_without_credentials_a_token_is_made_and_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    admin = instrument(make("stock"))
    printed = capsys.readouterr().err
    assert len(admin.token) >= 32
    assert printed.count(admin.token) == 1
    nothing: Any
    for nothing in ("", {}, [], [""], True):
        with pytest.raises(ValueError, match="auth"):
            instrument(make("stock"), nothing)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stock_client_reads_the_plain_protocol(kind: str) -> None:
    async with (
        instrumented(kind, server_stats_interval=0.2) as (_, url),
        client(url, {"name": "bob"}) as bob,
        plain_admin(url) as admin,
    ):
        (config,) = await admin.wait("config")
        assert {"EMIT", "JOIN", "LEAVE", "DISCONNECT", "AGGREGATED_EVENTS", "ALL_EVENTS"} < set(
            config["supportedFeatures"]
        )
        (sockets,) = await admin.wait("all_sockets")
        (known,) = sockets
        assert (known["id"], known["nsp"], known["transport"]) == (bob.id, "/", "websocket")
        assert known["data"] == {"user": "bob"}
        assert known["rooms"] == [bob.id, "lobby"]
        assert known["handshake"]["query"] == {"EIO": "4", "transport": "websocket"}
        assert "auth" not in known["handshake"]
        async with client(url, {"name": "eve"}, transports=("polling", "websocket")) as eve:
            joined, at = await admin.wait("socket_connected", lambda args: args[0]["id"] == eve.id)
            assert joined["data"] == {"user": "eve"}
            assert set(joined["rooms"]) == {eve.id, "lobby"}
            assert at.endswith("Z")
            assert await eve.emit_with_ack("shout", "hi", timeout=20) == ["done"]
            assert (await admin.wait("event_received"))[:3] == ["/", eve.id, ["shout", "hi"]]
            sent = ["shouted", eve.id, "hi"]
            await admin.wait("event_sent", lambda args: args[:3] == ["/", bob.id, sent])
            await admin.wait("event_sent", lambda args: args[:3] == ["/", eve.id, sent])
            (stats,) = await admin.wait("server_stats", lambda args: args[0]["clientsCount"] == 2)
            assert {"name": "/", "socketsCount": 2} in stats["namespaces"]
        gone = await admin.wait("socket_disconnected", lambda args: args[1] == eve.id)
        assert gone[0] == "/"
        await admin.wait("room_left", lambda args: args[:3] == ["/", "lobby", eve.id])
        wanted = {"rawConnection", "packetsIn", "bytesIn", "packetsOut", "bytesOut"}
        assert await poll(lambda: wanted <= _counted(admin), 20)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stock_client_acts_through_the_plain_protocol(kind: str) -> None:
    async with instrumented(kind) as (_, url), client(url) as bob, client(url) as eve, plain_admin(url) as admin:
        await admin.wait("all_sockets")
        emit = admin.socket.emit
        await emit("join", "/", "vip", bob.id)
        await admin.wait("room_joined", lambda args: args[:3] == ["/", "vip", bob.id])
        await emit("emit", "/", "vip", "news", {"n": 1}, b"\x00")
        assert await receive(bob) == ["news", {"n": 1}, b"\x00"]
        await emit("emit", "/", None, "all", 1)
        assert await receive(bob) == await receive(eve) == ["all", 1]
        await emit("emit", "/", [bob.id, eve.id], "both")
        assert await receive(bob) == await receive(eve) == ["both"]
        await emit("leave", "/", "lobby")
        for socket in (bob, eve):
            await admin.wait("room_left", functools.partial(_starts, ["/", "lobby", socket.id]))
        await emit("_disconnect", "/", False, "vip")
        await admin.wait("socket_disconnected", lambda args: args[1] == bob.id)
        for wrong in ((), (5,), ("/", "vip", bob.id, 7), ("/admin", None, "x"), ("/nowhere", None, "x")):
            await emit("emit", *wrong)
            (answer,) = await admin.socket.emit_with_ack("emit", *wrong, timeout=20)
            assert not answer["ok"], wrong
        (answer,) = await admin.socket.emit_with_ack("emit", "/", None, "connect", timeout=20)
        assert "reserved" in answer["error"]
        assert await eve.emit_with_ack("shout", "still here", timeout=20) == ["done"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_console_reads_records_and_acts(kind: str) -> None:
    async with instrumented(kind) as (_, url), client(url, {"name": "bob"}) as bob, attached(target(url)) as console:
        await console.until(lambda state: state.socket(bob.id))
        known = console.state.socket(bob.id)
        assert known
        assert known.attributes == {"user": '"bob"'}
        assert known.handshake.auth == '{"name":"bob"}'
        assert set(console.all(records.Sync)[0].info.features) == set(records.FEATURES)
        assert (await console.send(Join(sockets=(bob.id,), rooms=("vip",)))).ok
        await console.until(lambda state: state.rosters[next(iter(state.rosters))].rooms.get(("/", "vip")))
        assert (await console.send(Emit(rooms=("vip",), event="hello", args="[1]"))).sockets == 1
        assert await receive(bob) == ["hello", 1]
        assert (await console.send(Leave(sockets=(bob.id,), rooms=("vip",)))).ok
        await bob.emit_with_ack("shout", "hi", timeout=20)
        assert (await console.wait(records.EventReceived)).args == ["hi"]
        assert (await console.wait(records.AckSent)).values == ["done"]
        assert (await console.send(Disconnect(sockets=(bob.id,)))).ok
        await console.wait(records.Disconnected, socket=bob.id)
        assert await poll(lambda: len(console.all(records.Commanded)) == 4, 20)


async def test_a_command_larger_than_the_server_takes_does_not_cut_the_console_off() -> None:
    async with instrumented("own") as (_, url), client(url) as bob, attached(target(url)) as console:
        await console.until(lambda state: state.socket(bob.id))
        large = Emit(rooms=(bob.id,), event="x", args='["' + "x" * 1_000_000 + '"]')
        assert "more than the server takes" in (await console.send(large)).error
        assert (await console.send(Emit(rooms=(bob.id,), event="x"))).ok
        assert not console.all(records.Gap)


@pytest.mark.parametrize("kind", KINDS)
async def test_consoles_do_not_see_themselves_nor_each_other(kind: str) -> None:
    async with instrumented(kind, server_stats_interval=0.2) as (_, url), plain_admin(url) as admin:
        async with attached(target(url)) as console, attached(target(url, transports=("polling",))) as other:
            await admin.wait("all_sockets")
            async with client(url) as bob:
                await bob.emit_with_ack("shout", "hi", timeout=20)
                await console.wait(records.EventReceived)
                await other.wait(records.EventReceived)
                await admin.wait("event_received")
                await console.send(Emit(rooms=(bob.id,), event="x"))
                (stats,) = await admin.wait("server_stats", lambda args: args[0]["clientsCount"] >= 1)
                assert stats["clientsCount"] == 1
            await console.wait(records.EngineClosed)
        console.take()
        namespaces = {getattr(record, "nsp", "/") for record in console.records}
        assert namespaces == {"/"}
        assert len(console.all(records.EngineOpened)) == 1
        assert {args[0]["id"] for args in admin.named("socket_connected")} == {bob.id}
        assert all(entry["name"] == "/" for (stats,) in admin.named("server_stats") for entry in stats["namespaces"])


@pytest.mark.parametrize("kind", KINDS)
async def test_a_connection_that_joins_the_admin_and_the_app_is_a_client(kind: str) -> None:
    async with instrumented(kind) as (_, url), attached(target(url)) as console:
        both = Client(Engine(url))
        await both.open()
        await both.connect("/admin", LOGIN)
        app = await both.connect("/", {"name": "both"})
        opened = await console.wait(records.EngineOpened)
        assert (await console.wait(records.Connecting, socket=app.id)).engine == opened.engine
        await both.close()
        await console.wait(records.EngineClosed, engine=opened.engine)


@pytest.mark.parametrize("kind", KINDS)
async def test_while_no_console_is_there_little_is_noted_and_nothing_forgotten(kind: str) -> None:
    sio = make(kind)
    tap = instrument(sio, LOGIN)._tap
    async with serve(socketio.ASGIApp(sio)) as url, client(url, {"name": "bob"}) as bob:
        for _ in range(50):
            await bob.emit_with_ack("shout", "nobody hears", timeout=20)
        assert len(tap._ring) < 20
        for number in range(600):
            await sio.enter_room(bob.id, f"room {number}")
            await sio.leave_room(bob.id, f"room {number}")
        await sio.enter_room(bob.id, "last")
        assert len(tap._ring) <= IDLE_ENTRIES
        async with attached(target(url)) as console:
            await console.until(lambda state: state.socket(bob.id))
            known = console.state.socket(bob.id)
            assert known
            assert known.rooms == {bob.id, "lobby", "last"}
            assert known.handshake.auth == '{"name":"bob"}'  # which only its CONNECT packet had
            assert not console.all(records.EventReceived)
            assert tap.listening
        assert await poll(lambda: not tap.listening, 20)


@pytest.mark.parametrize("kind", KINDS)
async def test_read_only_is_held_by_the_server(kind: str) -> None:
    async with (
        instrumented(kind, read_only=True) as (_, url),
        client(url) as bob,
        plain_admin(url) as admin,
        attached(target(url)) as console,
    ):
        (config,) = await admin.wait("config")
        assert set(config["supportedFeatures"]) == {"AGGREGATED_EVENTS", "ALL_EVENTS", FEATURE}
        for command in (("emit", "/", None, "x"), ("join", "/", "r", bob.id), ("_disconnect", "/", True, bob.id)):
            (answer,) = await admin.socket.emit_with_ack(*command, timeout=20)
            assert "read-only" in answer["error"]
        assert "read-only" in (await console.send(Disconnect(sockets=(bob.id,)))).error
        assert console.all(records.Sync)[0].info.features == ("READ_ONLY",)
        assert await bob.emit_with_ack("shout", "hi", timeout=20) == ["done"]


@pytest.mark.parametrize("kind", KINDS)
async def test_production_mode_tells_figures_alone(kind: str) -> None:
    production = instrumented(kind, mode="production", server_stats_interval=0.1)
    async with production as (_, url), client(url) as bob:
        async with plain_admin(url) as admin:
            (config,) = await admin.wait("config")
            assert "ALL_EVENTS" not in config["supportedFeatures"]
            await bob.emit_with_ack("shout", "hi", timeout=20)
            await admin.wait(
                "server_stats", lambda args: any(e["type"] == "packetsIn" for e in args[0]["aggregatedEvents"])
            )
            assert {event.name for event in admin.events} == {"session", "config", "server_stats"}
            await admin.socket.emit("_disconnect", "/", False, bob.id)
        assert await _ended(bob) == "io server disconnect"


def _counted(admin: PlainAdmin) -> set[str]:
    """The kinds of what was counted so far."""
    return {each["type"] for (stats,) in admin.named("server_stats") for each in stats["aggregatedEvents"]}


def _starts(wanted: list[Any], args: list[Any]) -> bool:
    return args[: len(wanted)] == wanted


async def _ended(socket: ClientSocket) -> str:
    return await poll(lambda: socket.reason, 20) or ""


@pytest.mark.parametrize("kind", KINDS)
async def test_uninstrument_leaves_no_trace(kind: str) -> None:
    sio = make(kind)
    before = {name: _names(owner) for name, owner in _owners(sio).items()}
    classes = dict(vars(AsyncSocket))
    async with serve(socketio.ASGIApp(sio)) as url, client(url) as bob, contextlib.AsyncExitStack() as stack:
        admin = instrument(sio, LOGIN, namespace="/watch")
        with pytest.raises(RuntimeError, match="instrumented already"):
            instrument(sio, LOGIN)
        async with plain_admin(url, nsp="/watch") as console:
            await console.wait("all_sockets", lambda args: args[0][0]["id"] == bob.id)
            eve = await stack.enter_async_context(client(url))
            live = [sio.eio.sockets[each] for each in sio.eio.sockets]
            admin.uninstrument()
            assert [name for each in live for name in vars(each) if callable(vars(each)[name])] == []
            assert await _ended(console.socket) == "io server disconnect"
            admin.uninstrument()
        assert await poll(lambda: {name: _names(owner) for name, owner in _owners(sio).items()} == before, 20), {
            name: (_names(owner) ^ before[name]) for name, owner in _owners(sio).items()
        }
        assert dict(vars(AsyncSocket)) == classes
        for each in bob, eve:
            assert await each.emit_with_ack("shout", "hi", timeout=20) == ["done"]
        assert await refused(url, LOGIN, "/watch")
        instrument(sio, LOGIN).uninstrument()


def _handler_of_stock(sio: Any) -> None:
    sio.on("join", lambda _sid: None, namespace="/admin")


def _class_of_handlers(sio: Any) -> None:
    sio.register_namespace(socketio.AsyncNamespace("/admin"))


def _connection_handler(sio: Any) -> None:
    sio.of("/admin").on("connection", lambda _socket: None)


def _middleware(sio: Any) -> None:
    sio.of("/admin").use(lambda _socket, answer: answer())


@pytest.mark.parametrize(
    ("kind", "use"),
    [
        ("own", _handler_of_stock),
        ("stock", _handler_of_stock),
        ("own", _class_of_handlers),
        ("stock", _class_of_handlers),
        ("own", _connection_handler),
        ("own", _middleware),
    ],
)
def test_a_namespace_of_the_apps_own_is_not_taken_over(kind: str, use: Any, capsys: pytest.CaptureFixture[str]) -> None:
    sio = make(kind)
    use(sio)
    before = {name: _names(owner) for name, owner in _owners(sio).items()}
    with pytest.raises(ValueError, match="handlers for /admin"):
        instrument(sio)
    assert {name: _names(owner) for name, owner in _owners(sio).items()} == before
    assert capsys.readouterr().err == ""  # no token that opens nothing
    instrument(sio, LOGIN, namespace="/consoles").uninstrument()


def _owners(sio: Any) -> dict[str, Any]:
    return {"server": sio, "engine": sio.eio, "manager": sio.manager}


def _names(owner: Any) -> set[Any]:
    """The attributes of an instance; what its handlers are, too."""
    handlers = {
        (nsp, event)
        for nsp, events in getattr(owner, "handlers", {}).items()
        if isinstance(events, dict)
        for event in events
    }
    hooked = {(name, getattr(value, "__qualname__", "")) for name, value in vars(owner).items() if callable(value)}
    spaces = set(getattr(owner, "_namespaces", ()))
    lazy = {"manager_initialized", "service_task_handle", "service_task_event", "sequence_number", "_app"}
    return handlers | hooked | spaces | (set(vars(owner)) - lazy) | {getattr(owner, "tap", None)}


async def test_the_apps_own_handlers_for_everything_hear_nothing_of_consoles() -> None:
    sio = make("stock")
    heard: list[Any] = []
    sio.on("*", lambda *args: heard.append(args), namespace="*")
    instrument(sio, LOGIN)
    async with serve(socketio.ASGIApp(sio)) as url, plain_admin(url) as admin:
        await admin.socket.emit("whatever", 1)
        await admin.socket.emit_with_ack("join", "/", "x", timeout=20)
    assert heard == []


async def test_events_before_acceptance_reach_nobody() -> None:
    """With `always_connect` a client is connected before it is refused."""
    sio = make("stock", always_connect=True)

    async def never(_auth: Any) -> bool:
        await asyncio.sleep(0.2)
        return False

    instrument(sio, never)
    async with serve(socketio.ASGIApp(sio)) as url, client(url) as bob:
        intruder = Client(Engine(url))
        await intruder.open()
        admin = await intruder.connect("/admin", {})
        await admin.emit("_disconnect", "/", True, None)
        await admin.emit("command", {"type": "disconnect", "sockets": [bob.id]})
        assert await _ended(admin)
        assert await bob.emit_with_ack("shout", "hi", timeout=20) == ["done"]
        await intruder.engine.abort()


async def test_a_console_of_a_server_with_the_msgpack_parser() -> None:
    sio = make("stock", serializer="msgpack")
    instrument(sio, LOGIN)
    async with serve(socketio.ASGIApp(sio)) as url:
        app = Client(Engine(url), msgpack=True)
        await app.open()
        bob = await app.connect("/", {"name": "bob"})
        async with attached(target(url, msgpack=True)) as console:
            await console.until(lambda state: state.socket(bob.id))
            assert (await console.send(Emit(rooms=(bob.id,), event="hello", args="[1]"))).ok
            assert await receive(bob) == ["hello", 1]
            assert await bob.emit_with_ack("shout", "hi", timeout=20) == ["done"]
            await console.wait(records.EventReceived)
            assert {getattr(record, "nsp", "/") for record in console.records} == {"/"}
        await app.close()


@pytest.mark.parametrize("stock", [False, True], ids=["own", "stock"])
async def test_commands_reach_the_sockets_of_every_server_of_a_cluster(redis: str, stock: bool) -> None:
    def manager() -> Any:
        return socketio.AsyncRedisManager(redis, channel=f"instrument-{stock}")

    nodes = [make("stock" if stock else "own", client_manager=manager()) for _ in range(2)]
    for number, node in enumerate(nodes):
        instrument(node, LOGIN, server_id=f"node-{number}")
    async with (
        serve(socketio.ASGIApp(nodes[0])) as here,
        serve(socketio.ASGIApp(nodes[1])) as there,
        client(here, {"name": "near"}) as near,
        client(there, {"name": "far"}) as far,
        attached(target(here)) as console,
    ):
        if stock:
            await reach(far, nodes[0].emit)
        else:
            assert await poll(lambda: all(node.manager.others for node in nodes), 20)
        assert (await console.send(Join(sockets=(near.id, far.id), rooms=("vip",)))).sockets == 2
        members = nodes[1].manager.rooms["/"]
        assert await poll(lambda: far.id in members.get("vip", ()), 20)
        assert (await console.send(Emit(rooms=("vip",), event="news", args="[1]"))).ok
        assert await receive(near) == await receive(far) == ["news", 1]
        assert (await console.send(Leave(sockets=(far.id,), rooms=("vip",)))).ok
        assert await poll(lambda: far.id not in members.get("vip", ()), 20)
        assert (await console.send(Disconnect(sockets=(far.id,)))).ok
        assert await _ended(far) == "io server disconnect"
        console.take()
        assert console.state.socket_count() == 1  # each server tells of its own
    for node in nodes:
        await node.shutdown()


@pytest.mark.parametrize("order", ["instrumented first", "pattern first", "taken before"])
async def test_no_pattern_of_the_app_takes_the_consoles(order: str) -> None:
    io, got, made = Server(), [], []
    io.on("new_namespace", lambda nsp: made.append(nsp.name))
    instrumented = instrument(io, LOGIN) if order == "instrumented first" else None
    words = io.of(re.compile(r"/\w+"))
    io.of(lambda _name, _auth: True)
    words.on("connection", lambda socket: got.append(socket.nsp.name))

    @words.use
    async def strict(socket: Socket, next: Any) -> None:
        await next(None if "tenant" in socket.handshake.auth else SocketError("unknown tenant"))

    async with serve(io.app) as url:
        if order == "taken before":
            assert await refused(url, LOGIN) == "unknown tenant"
            assert made.pop() == "/admin"
        instrumented = instrumented or instrument(io, LOGIN)
        async with plain_admin(url) as admin:
            await admin.wait("config")
            await words.emit("to the tenants")
            await io.of("/admin").emit("to the consoles")
            await admin.wait("to the consoles")
            assert not admin.named("to the tenants")
        assert (got, made, words.children) == ([], [], [])
        assert await poll(lambda: not io.of("/admin").sockets, 20)
        instrumented.uninstrument()
        assert await refused(url, LOGIN) == "unknown tenant"
