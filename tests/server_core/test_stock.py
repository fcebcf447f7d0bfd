"""A stock AsyncServer is watched on its instance alone: all of it is told, nothing of it is changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import socketio
from engineio.async_socket import AsyncSocket
from socketio.async_pubsub_manager import AsyncPubSubManager

from console.wire.errors import Closed, Refused
from server_core import records
from server_core.control import execute
from server_core.records import Disconnect, Emit
from server_core.stock import StockHooks
from server_core.tap import Tap
from server_core.watch import attach, census
from tests.support.raw import websocket
from tests.support.serving import client, receive, serve
from tests.support.waiting import poll
from tests.support.watched import Watched

Stock = Watched[socketio.AsyncServer]


def make(**options: Any) -> socketio.AsyncServer:
    sio = socketio.AsyncServer(async_mode="asgi", **options)

    @sio.event
    async def connect(sid: str, environ: dict[str, Any], auth: Any) -> None:
        name = (auth or {}).get("name")
        if name == "mallory":
            raise socketio.exceptions.ConnectionRefusedError("unknown user", {"retry": False})
        if name == "crash":
            raise ValueError("connect crashed")
        async with sio.session(sid) as session:
            session["name"] = name
        await sio.enter_room(sid, "lobby")

    @sio.on("echo")
    def echo(sid: str, *args: Any) -> Any:
        return args

    @sio.on("boom")
    def boom(sid: str) -> None:
        raise ValueError("it broke")

    @sio.on("room")
    async def room(sid: str, name: str) -> None:
        await sio.leave_room(sid, "lobby")
        await sio.enter_room(sid, name)

    return sio


class Bus(AsyncPubSubManager):
    """Servers of one process as a cluster; what one publishes is held back until `open` is set."""

    name = "bus"

    def __init__(self, managers: list[Bus], **options: Any) -> None:
        super().__init__(**options)
        self.open = asyncio.Event()
        self.open.set()
        self._managers = managers
        self._heard: asyncio.Queue[str] = asyncio.Queue()
        managers.append(self)

    async def _publish(self, data: dict[str, Any]) -> None:
        await self.open.wait()
        for each in self._managers:
            each._heard.put_nowait(json.dumps(data))

    async def _listen(self) -> AsyncIterator[str]:
        while True:
            yield await self._heard.get()


@pytest.fixture
async def plain() -> AsyncIterator[Stock]:
    sio = make(ping_interval=0.2)
    tap = Tap("stock:sio")
    attach(tap, sio)
    async with serve(socketio.ASGIApp(sio)) as url:
        yield Stock(sio, url, tap)


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]], ids="+".join)
async def test_a_life_is_told_from_start_to_end(plain: Stock, transports: list[str]) -> None:
    async with client(plain.url, {"name": "bob"}, transports=transports, headers={"X-App": "t"}) as socket:
        assert await socket.emit_with_ack("echo", 1, b"\x00", timeout=20) == [1, b"\x00"]
        await socket.emit("room", "dev")
        await plain.wait(records.RoomJoined, 2)
        await plain.io.emit("news", {"n": 1}, room="dev")
        assert await receive(socket) == ["news", {"n": 1}]
    (gone,) = await plain.wait(records.Disconnected)
    story = [record for record in plain.records if not isinstance(record, records.EngineHeartbeat)]
    upgraded = ["engine_upgraded"] if len(transports) == 2 else []
    assert [record.kind for record in story if record.kind != "engine_closed"] == [
        "engine_opened",
        *upgraded,
        "connecting",
        "attribute_set",
        "room_joined",
        "connected",
        "event_received",
        "ack_sent",
        "event_received",
        "room_left",
        "room_joined",
        "event_sent",
        "disconnecting",
        "disconnected",
    ]
    (connecting,) = plain.of(records.Connecting)
    assert connecting.handshake.headers["x-app"] == "t"
    assert connecting.handshake.auth == '{"name":"bob"}'
    assert connecting.handshake.address == "127.0.0.1"
    (sent,) = plain.of(records.EventSent)
    assert (sent.rooms, sent.sockets, sent.values) == (("dev",), 1, ["news", {"n": 1}])
    (ack,) = plain.of(records.AckSent)
    assert 0 < ack.elapsed < 5
    assert gone.reason == "client disconnect"
    assert gone.rooms == {gone.socket, "dev"}
    assert plain.tap.sync().sockets == ()


async def test_refusals_and_crashes_are_told(plain: Stock) -> None:
    with pytest.raises(Refused, match="unknown user"):
        async with client(plain.url, {"name": "mallory"}):
            pass
    (refused,) = await plain.wait(records.Refused)
    assert (refused.message, refused.data) == ("unknown user", '{"retry":false}')
    async with client(plain.url, {"name": "bob"}) as socket:
        await socket.emit("boom")
        (raised,) = await plain.wait(records.HandlerException)
        assert (raised.where, raised.type, raised.socket) == ("on 'boom'", "ValueError", socket.id)
        assert 'raise ValueError("it broke")' in raised.traceback


async def test_a_client_that_connects_twice_is_refused_and_stays(plain: Stock) -> None:
    async with websocket(plain.url) as twice:
        await twice.send('40{"name":"bob"}')
        await twice.receive()
        await twice.send("40")
        assert await twice.receive() == '44"Unable to connect"'
        await twice.send('421["echo",1]')
        assert await twice.receive() == "431[1]"
        (refused,) = await plain.wait(records.Refused)
        assert (refused.socket, refused.message) == ("", "Unable to connect")
        (received,) = await plain.wait(records.EventReceived)
        (live,) = plain.tap.sync().sockets
        assert received.socket == live.socket.id
    (gone,) = await plain.wait(records.Disconnected)
    assert gone.socket == received.socket


async def test_a_request_that_becomes_no_connection_is_told(plain: Stock) -> None:
    import httpx

    async with httpx.AsyncClient() as http:
        await http.get(f"{plain.url}/socket.io/?EIO=3&transport=polling")
        await http.get(f"{plain.url}/socket.io/?EIO=4&transport=polling", headers={"Origin": "http://evil"})
    version, origin = await plain.wait(records.EngineRefused, 2)
    assert version.status == 400
    assert "unsupported version" in version.message
    assert (origin.origin, "not an accepted origin" in origin.message) == ("http://evil", True)


async def test_an_emit_is_one_record_with_how_many_got_it(plain: Stock) -> None:
    url = plain.url
    async with client(url, {"name": "a"}) as a, client(url, {"name": "b"}), client(url, {"name": "c"}):
        await plain.wait(records.Connected, 3)
        await plain.io.emit("all")
        await plain.io.emit("lobby", "x", room="lobby", skip_sid=a.id)
        await plain.io.emit("two", room=["lobby", a.id])
        await plain.io.emit("empty", room="nowhere")
        await plain.io.emit("one", to=a.id)
        await plain.io.emit("elsewhere", namespace="/none")
    sent = {record.event: (record.sockets, record.rooms, record.socket) for record in plain.of(records.EventSent)}
    assert sent == {
        "all": (3, (), ""),
        "lobby": (2, ("lobby",), ""),
        "two": (3, ("lobby", a.id), ""),
        "empty": (0, ("nowhere",), ""),
        "one": (1, (a.id,), a.id),
        "elsewhere": (0, (), ""),
    }


async def test_what_the_other_servers_of_a_cluster_emit_is_told() -> None:
    managers: list[Bus] = []
    sio = make(client_manager=Bus(managers))
    other = Bus(managers, write_only=True)
    tap = Tap("x")
    attach(tap, sio)
    async with serve(socketio.ASGIApp(sio)) as url, client(url, {"name": "bob"}) as bob:
        watched = Watched(sio, url, tap)
        await other.emit("from elsewhere", {"n": 1, "b": b"\x00"}, room="lobby")
        assert await receive(bob) == ["from elsewhere", {"n": 1, "b": b"\x00"}]
        await sio.emit("from here", (1, 2), room="lobby")
        assert await receive(bob) == ["from here", 1, 2]
        await sio.emit("here alone", None, to=bob.id, ignore_queue=True)
        assert await receive(bob) == ["here alone"]
        await other.emit("to nobody", b"\x00", namespace="/empty", room="vip")
        sent = await watched.wait(records.EventSent, 4)
        assert [(each.values, each.nsp, each.rooms, each.sockets) for each in sent] == [
            (["from elsewhere", {"n": 1, "b": b"\x00"}], "/", ("lobby",), 1),
            (["from here", 1, 2], "/", ("lobby",), 1),
            (["here alone"], "/", (bob.id,), 1),
            (["to nobody", b"\x00"], "/empty", ("vip",), 0),
        ]


async def test_an_emit_that_is_being_published_lends_its_rooms_to_no_other() -> None:
    managers: list[Bus] = []
    sio = make(client_manager=(bus := Bus(managers)))
    other = Bus(managers, write_only=True)
    tap = Tap("x")
    attach(tap, sio)
    async with serve(socketio.ASGIApp(sio)) as url, client(url, {"name": "bob"}) as bob:
        watched = Watched(sio, url, tap)
        bus.open.clear()
        publishing = asyncio.ensure_future(sio.emit("a", 1, namespace="/empty", room="vip"))
        await other.emit("b", 2)
        assert await receive(bob) == ["b", 2]
        bus.open.set()
        await publishing
        sent = await watched.wait(records.EventSent, 2)
        assert [(each.event, each.nsp, each.rooms, each.sockets) for each in sent] == [
            ("a", "/empty", ("vip",), 0),
            ("b", "/", (), 1),
        ]


async def test_rtt_is_measured(plain: Stock) -> None:
    async with client(plain.url, {"name": "a"}):
        (heartbeat, *_) = await plain.wait(records.EngineHeartbeat)
        assert 0 < heartbeat.rtt < 5


async def test_sessions_are_attributes_and_only_what_changed_is_told(plain: Stock) -> None:
    async with client(plain.url, {"name": "bob"}) as socket:
        await plain.wait(records.Connected)
        async with plain.io.session(socket.id) as session:
            session["role"] = "admin"
        await plain.io.save_session(socket.id, {"role": "admin"})
    made = plain.of(records.AttributeSet, records.AttributeDeleted)
    assert [(record.kind, record.name) for record in made] == [
        ("attribute_set", "name"),
        ("attribute_set", "role"),
        ("attribute_deleted", "name"),
    ]


async def test_commands_are_carried_out_by_the_stock_server(plain: Stock) -> None:
    async with client(plain.url, {"name": "a"}) as a, client(plain.url, {"name": "b"}) as b:
        await plain.wait(records.Connected, 2)
        asked = asyncio.ensure_future(execute([plain.io], Emit(rooms=(a.id,), event="q", args="[1]", ack=5.0)))
        event = await asyncio.wait_for(a.receive(), 20)
        await a.ack(event, {"ok": True})
        result = await asked
        assert (result.ok, result.sockets, result.acks[0].data) == (True, 1, '[{"ok":true}]')
        as_b = Emit(rooms=(a.id, b.id), event="private message", args='["x"]', sender=b.id)
        assert (await execute([plain.io], as_b)).sockets == 1
        assert await receive(a) == ["private message", "x"]
        late = await execute([plain.io], Emit(rooms=(b.id,), event="q", ack=0.1))
        assert (late.ok, late.acks[0].data) == (True, None)
        assert (await execute([plain.io], Disconnect(sockets=(a.id,)))).ok
        with pytest.raises(Closed, match="io server disconnect"):
            await receive(a)
        assert "not connected" in (await execute([plain.io], Disconnect(sockets=(a.id,)))).error
        assert (await execute([plain.io], Disconnect(sockets=(b.id,), close=True))).ok
        assert await poll(lambda: b._client.engine.reason, 20)
    reasons = [record.reason for record in plain.of(records.Disconnected)]
    assert reasons == ["server disconnect", "server disconnect"]


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (Emit(event="connect", rooms=("x",)), "reserved"),
        (Emit(event="", rooms=("x",)), "needs a name"),
        (Emit(event="hi", args="{"), "not JSON"),
        (Emit(event="hi", args="{}"), "must be a JSON list"),
        (Emit(event="hi", rooms=("nowhere",)), "no socket of / is in nowhere"),
        (Emit(event="hi", sender="nobody"), "socket nobody is not connected"),
        (Disconnect(sockets=("nobody",)), "socket nobody is not connected"),
    ],
    ids=str,
)
async def test_a_command_that_cannot_be_done_says_why(plain: Stock, command: records.Command, error: str) -> None:
    result = await execute([plain.io], command)
    assert not result.ok
    assert error in result.error


async def test_a_census_says_what_the_records_said(plain: Stock) -> None:
    async with client(plain.url, {"name": "a"}), client(plain.url, {"name": "b"}, transports=["polling"]):
        await plain.wait(records.Connected, 2)
        before = plain.tap.sync()
        plain.tap.census(census(plain.io))
        (after,) = plain.tap.drain()
        assert isinstance(after, records.Sync)
        assert {each.socket for each in map(_plain, after.sockets)} == {
            each.socket for each in map(_plain, before.sockets)
        }


class _plain:  # noqa: N801  a key, not a class
    """What a census can know of a socket."""

    def __init__(self, sync: records.SocketSync) -> None:
        socket = sync.socket
        attributes = tuple(sorted(socket.attributes.items()))
        self.socket = (socket.id, socket.engine, socket.rooms, attributes, socket.handshake.auth)


async def test_nothing_stays_on_the_instance_and_no_class_is_touched() -> None:
    classes = {name: dict(vars(kind)) for name, kind in (("s", socketio.AsyncServer), ("e", AsyncSocket))}
    sio = make()
    before = [dict(vars(each)) for each in (sio, sio.eio, sio.manager)], dict(sio.eio.handlers)
    hooks = StockHooks(Tap("x"), sio)
    hooks.install()
    assert vars(sio) != before[0][0]
    hooks.remove()
    assert ([dict(vars(each)) for each in (sio, sio.eio, sio.manager)], dict(sio.eio.handlers)) == before
    assert {name: dict(vars(kind)) for name, kind in (("s", socketio.AsyncServer), ("e", AsyncSocket))} == classes


async def test_a_gap_is_told_and_a_census_makes_it_right() -> None:
    from server_core.ring import Ring

    sio = make()
    tap = Tap("x", ring=Ring(max_entries=3))
    asked: list[bool] = []
    tap.on_loss = lambda: asked.append(True)
    attach(tap, sio)
    async with serve(socketio.ASGIApp(sio)) as url, client(url, {"name": "bob"}) as socket:
        assert await socket.emit_with_ack("echo", 1, timeout=20) == [1]
        gap = tap.drain()[0]
        assert isinstance(gap, records.Gap)
        assert gap.lost > 0
        assert asked == [True]
        tap.census(census(sio))
        tap.drain()
        (live,) = tap.sync().sockets
        assert (live.socket.id, "lobby" in live.socket.rooms) == (socket.id, True)
        await socket.emit_with_ack("echo", 2, timeout=20)
        assert any(isinstance(record, records.EventReceived) for record in tap.drain())
