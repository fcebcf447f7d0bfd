"""What each kind of server lets the console see and do: every cell of the README's table, against real servers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from console.wire.client import Client, ClientSocket
from console.wire.engine import Engine
from console.wire.errors import WireError
from server_core import records
from server_core.records import Disconnect, Drop, Emit, Join, Leave, SetAttribute, Simulate
from tests.support.attached import Attached, attached
from tests.support.command import socketscope
from tests.support.peers import node_server, peer, target
from tests.support.run import Running
from tests.support.serving import client, receive
from tests.support.waiting import poll

#: Seconds between two pings of the servers here.
PING = 1.0
#: Seconds to wait for what comes for sure, however slow the machine.
LONG = 20.0
README = Path(__file__).parents[2] / "README.md"

#: The columns of the table, and the servers that stand for each.
COLUMNS = {
    "`server_core.instrument`": (("own", "development"), ("fastapi", "development")),
    "Node.js": (("node", "development"),),
    "`sio.instrument()`": (("stock", "development"), ("threaded", "development"), ("flask", "development")),
    "Node.js, production": (("node", "production"),),
    "`sio.instrument()`, production": (("stock", "production"),),
}


def table() -> dict[str, dict[str, str]]:
    """Row → column → cell."""
    lines = README.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| | `server_core.instrument`"))
    titles = [cell.strip() for cell in lines[start].split("|")[2:-1]]
    rows = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        name, *cells = [cell.strip() for cell in line.split("|")[1:-1]]
        rows[name] = dict(zip(titles, cells, strict=True))
    return rows


class Scene:
    """A console and two clients of one server."""

    def __init__(self, url: str, server: Running, console: Attached, bob: ClientSocket, patience: float) -> None:
        self.url = url
        self.server = server
        #: Seconds to wait for what may never be told.
        self.patience = patience
        self.console = console
        self.bob = bob
        #: Whether the table says that what is being checked can be seen, or done.
        self.expected = False

    async def seen(self, check: Callable[[], Any], timeout: float = 4.0) -> bool:
        """Whether it is so, soon."""

        def look() -> Any:
            self.console.take()
            return check()

        return bool(await poll(look, self.within(min(timeout, self.patience))))

    def within(self, timeout: float) -> float:
        """Seconds to wait: for what is to come, however slow the machine; for what is not, so many."""
        return LONG if self.expected else timeout

    async def knows(self, *sockets: ClientSocket) -> None:
        """Wait until the console knows them, or for a moment where it is told of nobody."""

        def known() -> bool:
            self.console.take()
            return all(self.console.state.socket(each.id) for each in sockets)

        await poll(known, LONG if self.patience >= 1 else self.patience)

    def has(self, kind: type[Any], **fields: Any) -> bool:
        return bool(self.console.all(kind, **fields))

    @property
    def socket(self) -> records.SocketInfo | None:
        return self.console.state.socket(self.bob.id)


async def sees_sockets(scene: Scene) -> bool:
    def whole() -> bool:
        socket, roster = scene.socket, scene.console.state.roster_of(scene.bob.id)
        if not socket or not roster:
            return False
        query, engine = socket.handshake.query, roster.engines.get(socket.engine)
        return bool(query.get("EIO") == "4" and "lobby" in socket.rooms and engine and engine.transport == "websocket")

    return await scene.seen(whole)


async def sees_attributes(scene: Scene) -> bool:
    return await scene.seen(lambda: scene.socket and scene.socket.attributes.get("user") == '{"name":"bob"}', 0.5)


async def sees_auth(scene: Scene) -> bool:
    return await scene.seen(lambda: scene.socket and "bob" in scene.socket.handshake.auth, 0.5)


async def sees_events(scene: Scene) -> bool:
    await scene.bob.emit("shout", "hi")
    assert (await receive(scene.bob))[0] == "shouted"
    both = await scene.seen(lambda: scene.has(records.EventReceived) and scene.has(records.EventSent))
    return both and scene.console.all(records.EventReceived)[0].args == ["hi"]


async def sees_acks(scene: Scene) -> bool:
    assert await scene.bob.emit_with_ack("echo", 1, timeout=20) == [1]
    acks = await scene.seen(lambda: scene.has(records.AckSent), 0.5)
    await scene.bob.emit("boom")
    exceptions = await scene.seen(lambda: any("it broke" in r.message for r in _exceptions(scene)), 0.5)
    assert acks == exceptions
    # the app went through it, and goes on
    assert await poll(lambda: "it broke" in scene.server.said(), 20)
    assert await scene.bob.emit_with_ack("echo", 2, timeout=20) == [2]
    return acks


def _exceptions(scene: Scene) -> list[records.HandlerException]:
    return scene.console.all(records.HandlerException, socket=scene.bob.id)


async def sees_refusals(scene: Scene) -> bool:
    with contextlib.suppress(WireError):
        async with client(scene.url, {"name": "mallory"}):
            pass
    return await scene.seen(lambda: scene.has(records.Refused, message="unknown user"), 0.5)


async def sees_round_trips(scene: Scene) -> bool:
    def measured() -> bool:
        scene.console.take()
        roster = scene.console.state.roster_of(scene.bob.id)
        engine = roster.engines.get(roster.sockets[scene.bob.id].engine) if roster else None
        return engine is not None and engine.rtt is not None and 0 < engine.rtt < PING

    found = await poll(measured, scene.within(2.5 * PING))  # it is pinged twice meanwhile
    assert bool(found) == scene.has(records.EngineHeartbeat)
    return bool(found)


async def sees_reasons(scene: Scene) -> bool:
    async with client(scene.url, {"name": "eve"}) as eve:
        await scene.knows(eve)
    return await scene.seen(lambda: any(r.reason for r in scene.console.all(records.Disconnected, socket=eve.id)), 2)


async def emits(scene: Scene) -> bool:
    result = await scene.console.send(Emit(rooms=(scene.bob.id,), event="hello", args="[1]"))
    if result.ok:
        assert await receive(scene.bob) == ["hello", 1]
    else:
        assert result.error
    return result.ok


async def emits_with_acks(scene: Scene) -> bool:
    async with client(scene.url, {"name": "eve"}) as eve:
        asking = asyncio.ensure_future(
            scene.console.send(Emit(rooms=(scene.bob.id,), event="question", ack=3, sender=eve.id))
        )
        reading = asyncio.ensure_future(scene.bob.receive())
        await asyncio.wait((asking, reading), timeout=scene.within(4), return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            await scene.bob.ack(reading.result(), "answer")
        result = await asking
        reading.cancel()
    assert result.ok or result.error
    return result.ok and [ack.data for ack in result.acks] == ['["answer"]']


async def joins(scene: Scene) -> bool:
    joined = await scene.console.send(Join(sockets=(scene.bob.id,), rooms=("vip",)))
    if not joined.ok:
        assert joined.error
        return False
    assert (await scene.console.send(Emit(rooms=("vip",), event="in"))).ok
    assert await receive(scene.bob) == ["in"]
    return (await scene.console.send(Leave(sockets=(scene.bob.id,), rooms=("vip",)))).ok


async def disconnects(scene: Scene) -> bool:
    async with client(scene.url, {"name": "eve"}) as eve:
        await scene.knows(eve)
        result = await scene.console.send(Disconnect(sockets=(eve.id,)))
        if not result.ok:
            assert result.error
            return False
        return await poll(lambda: eve.reason, 20) == "io server disconnect"


async def closes(scene: Scene) -> bool:
    both = Client(Engine(scene.url))
    await both.open()
    try:
        here, there = await both.connect("/", {"name": "eve"}), await both.connect("/chat", {"name": "eve"})
        await scene.knows(here, there)
        await scene.console.send(Disconnect(sockets=(here.id,), close=True))
        return bool(await poll(lambda: here.reason and there.reason, scene.within(1)))
    finally:
        await both.engine.abort()


async def simulates(scene: Scene) -> bool:
    results = [
        await scene.console.send(SetAttribute(socket=scene.bob.id, name="plan", value='"gold"')),
        await scene.console.send(Simulate(socket=scene.bob.id, event="echo", args="[1]")),
        await scene.console.send(Drop(sockets=(scene.bob.id,))),
    ]
    assert len({each.ok for each in results}) == 1
    assert all(each.ok or each.error for each in results)
    return results[0].ok


CHECKS: dict[str, Callable[[Scene], Awaitable[bool]]] = {
    "sockets, handshakes, rooms, transport": sees_sockets,
    "attributes": sees_attributes,
    "auth of the handshake": sees_auth,
    "events from and to clients": sees_events,
    "acks, exceptions": sees_acks,
    "refused connections": sees_refusals,
    "round trips": sees_round_trips,
    "disconnections with their reason": sees_reasons,
    "emit": emits,
    "emit with acks, as another socket": emits_with_acks,
    "join, leave": joins,
    "disconnect": disconnects,
    "close the whole connection": closes,
    "drop, simulate, set attributes": simulates,
}


def test_every_row_and_column_is_checked() -> None:
    rows = table()
    assert list(rows) == list(CHECKS)
    assert all(list(cells) == list(COLUMNS) for cells in rows.values())


@contextlib.asynccontextmanager
async def scene_of(kind: str, mode: str) -> AsyncIterator[Scene]:
    # a stock server in development mode tells of whom it knows; late ones too, but bob is there first
    async with (
        peer(kind, mode, PING) as (url, server),
        client(url, {"name": "bob"}) as bob,
        attached(target(url)) as console,
    ):
        yield Scene(url, server, console, bob, 0.3 if mode == "production" else 4.0)


@pytest.mark.parametrize(
    ("column", "kind", "mode"),
    [
        # these two are another python-socketio, with the same admin; they tell of rooms every 2 s
        pytest.param(column, *each, marks=[pytest.mark.slow] if each[0] in ("threaded", "flask") else [])
        for column, peers in COLUMNS.items()
        for each in peers
    ],
)
async def test_the_table_holds(js: None, column: str, kind: str, mode: str) -> None:
    expected = {name: cells[column] for name, cells in table().items()}
    found = {}
    async with scene_of(kind, mode) as scene:
        for name, check in CHECKS.items():
            scene.expected = expected[name] == "yes"
            found[name] = "yes" if await check(scene) else "no"
    assert found == expected


@pytest.mark.parametrize(
    "kind",
    ["node", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("stock", "threaded", "flask", "fastapi"))],
)
async def test_the_commands_do_their_one_thing(js: None, kind: str) -> None:
    """The real commands against each kind of server."""
    async with peer(kind) as (url, _), client(url, {"name": "bob"}) as bob:
        login = (url, "--user", "admin")
        assert await poll_command(
            "sockets", *login, "--json", check=lambda found: [each["id"] for each in found] == [bob.id]
        )
        (room,) = (await socketscope("rooms", *login, "--json")).json
        assert (room["room"], room["members"]) == ("lobby", [bob.id])
        joined = await socketscope("join", *login, bob.id, "vip")
        assert (joined.code, joined.out.strip()) == (0, "joined vip: 1 socket")
        sent = await socketscope("emit", *login, "news", '[{"n": 1}]', "--to", "vip")
        assert (sent.code, await receive(bob)) == (0, ["news", {"n": 1}])
        following = asyncio.ensure_future(
            socketscope("events", *login, "--follow", "--count", "1", "--where", "event:shout", "--json")
        )
        shouting = asyncio.ensure_future(shout(bob))
        assert '["shout' in (await asyncio.wait_for(following, 20)).out
        shouting.cancel()
        assert (await socketscope("leave", *login, bob.id, "vip")).code == 0
        gone = await socketscope("disconnect", *login, bob.id)
        assert (gone.code, gone.out.strip()) == (0, "disconnected: 1 socket")
        assert await poll(lambda: bob.reason, 20) == "io server disconnect"


async def poll_command(*arguments: str, check: Callable[[Any], bool]) -> bool:
    for _ in range(5):
        if check((await socketscope(*arguments)).json):
            return True
    return False


async def shout(socket: ClientSocket) -> None:
    while True:
        await socket.emit("shout", "hi")
        await asyncio.sleep(0.1)


async def test_a_node_server_with_the_msgpack_parser(js: None) -> None:
    async with node_server(parser="msgpack") as (url, _):
        app = Client(Engine(url), msgpack=True)
        await app.open()
        bob = await app.connect("/", {"name": "bob"})
        async with attached(target(url, msgpack=True)) as console:
            await console.until(lambda state: state.socket(bob.id))
            assert (await console.send(Emit(rooms=(bob.id,), event="hello", args='[{"n": 1}]'))).ok
            assert await receive(bob) == ["hello", {"n": 1}]
        wrong = await socketscope("sockets", url, "--user", "admin")
        assert (wrong.code, "--parser msgpack" in wrong.err) == (3, True), wrong
        await app.close()


@pytest.mark.parametrize("version", ["3", "4.4"])
async def test_an_older_node_server_that_does_not_tell_what_it_sends(js: None, version: str) -> None:
    async with (
        node_server(version=version) as (url, _),
        client(url, {"name": "bob"}) as bob,
        client(url, {"name": "eve"}) as eve,
        attached(target(url)) as console,
    ):
        await console.until(lambda state: state.socket(bob.id) and state.socket(eve.id))
        assert (await console.send(Join(sockets=(bob.id,), rooms=("vip",)))).ok
        for rooms, event in ((("lobby",), "one"), (("vip", "lobby", eve.id), "several"), ((), "everybody")):
            result = await console.send(Emit(rooms=rooms, event=event))
            assert (result.ok, result.sockets) == (True, 2), result
            assert [await receive(bob), await receive(eve)] == [[event], [event]]
        for socket in (bob, eve):  # each got each once
            assert await socket.emit_with_ack("echo", 1, timeout=20) == [1]
            with pytest.raises(TimeoutError):
                await receive(socket, 0.1)
        begun = time.monotonic()
        await socketscope("sockets", "http://127.0.0.1:9", "--user", "admin")  # no more than its start
        start = time.monotonic() - begun
        begun = time.monotonic()
        sent = await socketscope("emit", url, "--user", "admin", "--to", "vip", "--to", "lobby", "news", "[1]")
        assert (sent.code, sent.out) == (0, '"news" sent to 2 sockets\n'), sent
        assert await receive(bob) == await receive(eve) == ["news", 1]
        assert time.monotonic() - begun < 8 + 2 * start  # the machine may be busy
        assert (await console.send(Disconnect(sockets=(eve.id,)))).ok
        assert await poll(lambda: eve.reason, 20)
