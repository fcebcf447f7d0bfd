"""A link that comes late, or lost records in between, has the state of one that was there from the start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from console.link.base import LinkState
from console.link.hosted import HostedLink
from console.link.inbox import Inbox
from console.state.state import State
from server_core.host_config import HostConfig
from server_core.records import AnyRecord, Connected, Gap
from tests.support.admin_reader import AdminReader
from tests.support.js_client import JsClient, JsSocket
from tests.support.run import APPS
from tests.support.waiting import poll

pytestmark = pytest.mark.usefixtures("js")

TARGETS = ("stock:sio", "own:io")


class Watching:
    """A console without screens: the link's records, folded as they come."""

    def __init__(self, link: HostedLink) -> None:
        self.link = link
        self.records: list[AnyRecord] = []
        self.state = State()

    def fold(self) -> State:
        records = self.link.take()
        self.records += records
        self.state.apply(records)
        return self.state


@asynccontextmanager
async def hosted(target: str) -> AsyncIterator[Watching]:
    """A link on a hosted app, from its start to its end."""
    link = HostedLink(HostConfig(target=target, app_dir=str(APPS), port=0))
    watching = Watching(link)
    link.start()
    try:
        live = await poll(lambda: watching.fold() and link.status.state is LinkState.LIVE, 15)
        assert live, link.status
        yield watching
    finally:
        await asyncio.to_thread(link.stop)


def folded(records: list[AnyRecord]) -> State:
    state = State()
    state.apply(records)
    return state


async def same(one: Callable[[], State], other: Callable[[], State], marker: JsSocket, room: str) -> None:
    """Both know of all that happened until now, and are the same; what is different fails the test."""
    await marker.call("join", room)

    def caught_up(state: State) -> bool:
        return any(("/", room) in roster.rooms for roster in state.rosters.values())

    await poll(lambda: caught_up(one()) and caught_up(other()) and one().rosters == other().rosters, 20)
    left, right = one().rosters, other().rosters
    assert caught_up(one())
    assert caught_up(other())
    assert left.keys() == right.keys()
    for server in left:
        for name, value in vars(left[server]).items():
            assert value == vars(right[server])[name], name


async def live_through(client: JsClient, name: str, target: str) -> JsSocket:
    """Some of everything that changes the state."""
    socket = await client.connect(auth={"name": name})
    await socket.call("join", "dev")
    await socket.call("join", "ops")
    await socket.emit("leave", "ops")
    await socket.emit("rename", f"{name} the second")
    await socket.emit("private message", socket.id, "note to self")
    await socket.call("echo", name)
    await socket.call("upload", b"abc")
    if target == "stock:sio":
        await client.connect("/counter")
        await client.connect("/chat")
    return socket


@pytest.mark.parametrize("target", TARGETS)
async def test_a_late_reader_sees_the_same(target: str) -> None:
    async with hosted(target) as early:
        url = early.link.url
        async with (
            JsClient(url) as one,
            JsClient(url, transports=["polling"]) as two,
            JsClient(url) as gone,
            JsClient(url) as new,
        ):
            alice = await live_through(one, "alice", target)
            await live_through(two, "bob", target)
            left = await live_through(gone, "carol", target)
            await left.disconnect()
            async with AdminReader(early.link) as late:
                await same(early.fold, lambda: folded(late.records), alice, "one")
                await live_through(new, "dora", target)
                await two.drop()
                await same(early.fold, lambda: folded(late.records), alice, "two")
            (roster,) = early.fold().rosters.values()
            assert roster.sockets[alice.id].rooms == {alice.id, "lobby", "dev", "one", "two"}
            assert roster.counters[alice.id].received >= 8
            assert left.id not in roster.sockets


@pytest.mark.parametrize("target", TARGETS)
async def test_a_reader_that_was_too_slow_sees_the_same_after_its_gap(target: str) -> None:
    async with hosted(target) as early, AdminReader(early.link) as slow:
        url = early.link.url
        async with JsClient(url, transports=["websocket"]) as one, JsClient(url) as two:
            alice = await one.connect(auth={"name": "alice"})
            await poll(lambda: any(isinstance(record, Connected) for record in slow.records), 20)
            slow.stall()
            for _ in range(60):
                await alice.call("echo", "x" * 800_000)
                early.fold()
            await live_through(two, "bob", target)
            await slow.go_on()
            await same(early.fold, lambda: folded(slow.records), alice, "last")
            gaps = [record for record in slow.records if isinstance(record, Gap)]
            assert gaps
            assert gaps[0].lost > 0
            assert not any(isinstance(record, Gap) for record in early.records)


@pytest.mark.parametrize("target", TARGETS)
async def test_a_link_whose_screen_was_too_slow_sees_the_same_after_its_gap(target: str) -> None:
    async with hosted(target) as slow, AdminReader(slow.link) as other:
        slow.link._inbox = Inbox(max_records=50)
        url = slow.link.url
        async with JsClient(url, transports=["websocket"]) as one, JsClient(url) as two:
            alice = await live_through(one, "alice", target)
            for number in range(100):
                await alice.call("echo", number)
            await live_through(two, "bob", target)
            await same(slow.fold, lambda: folded(other.records), alice, "last")
            gaps = [record for record in slow.records if isinstance(record, Gap)]
            assert sum(gap.lost for gap in gaps) > 50
            assert slow.state.lost == sum(gap.lost for gap in gaps)
