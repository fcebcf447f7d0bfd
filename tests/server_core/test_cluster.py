"""Several servers on one Redis, as one; and beside a stock server."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
import socketio

from console.wire.client import ClientSocket
from server_core import Server, Socket, SocketError, cluster, records
from server_core.cluster import Cluster
from server_core.control import execute
from server_core.remote import RemoteSocket
from server_core.tap import Tap
from server_core.watch import attach
from tests.support.serving import client, reach, receive, serve
from tests.support.waiting import poll


class Node:
    """One server of the cluster, and two clients of it, in the rooms `all` and their own name's."""

    def __init__(self, io: Any, url: str) -> None:
        self.io = io
        self.url = url
        self.clients: list[ClientSocket] = []

    @property
    def ids(self) -> list[str]:
        return [each.id for each in self.clients]


@contextlib.asynccontextmanager
async def node(io: Any) -> AsyncIterator[Node]:
    async with serve(socketio.ASGIApp(io)) as url, contextlib.AsyncExitStack() as stack:
        made = Node(io, url)
        for name in ("first", "second"):
            made.clients.append(await stack.enter_async_context(client(url, {"name": name})))
        for each, name in zip(made.clients, ("first", "second"), strict=True):
            await io.enter_room(each.id, "all")
            await io.enter_room(each.id, name)
        yield made
        await io.shutdown()


@contextlib.asynccontextmanager
async def cluster_of(redis: str, count: int = 2, stock: bool = False) -> AsyncIterator[list[Node]]:
    channel = secrets.token_hex(4)
    async with contextlib.AsyncExitStack() as stack:
        nodes: list[Node] = []
        for index in range(count):
            manager = socketio.AsyncRedisManager(redis, channel=channel)
            is_stock = stock and index == 0
            io: Any = socketio.AsyncServer(client_manager=manager, async_mode="asgi") if is_stock else Server(manager)
            nodes.append(await stack.enter_async_context(node(io)))
            if not is_stock:
                io.on("connection", lambda _socket: None)
        ours = [each.io.manager for each in nodes if isinstance(each.io, Server)]
        assert await poll(lambda: all(len(manager.others) == len(ours) - 1 for manager in ours), 20)
        if stock:  # it says nothing of itself: wait until it listens
            await reach(nodes[0].clients[0], nodes[1].io.emit)
        yield nodes


async def nothing_for(each: ClientSocket, io: Any) -> None:
    """That nothing came: what is sent now is the next."""
    await io.emit("marker", to=each.id)
    assert await receive(each) == ["marker"]


async def test_emits_reach_the_sockets_of_every_server(redis: str) -> None:
    async with cluster_of(redis) as (here, there):
        io: Server = here.io
        await io.to("all").except_("second").emit("hi", b"\x00\xff", {"n": [1]})
        for each in (here.clients[0], there.clients[0]):
            assert await receive(each) == ["hi", b"\x00\xff", {"n": [1]}]
        await nothing_for(here.clients[1], io)
        await nothing_for(there.clients[1], io)
        await io.to(there.ids[1]).emit("private")
        assert await receive(there.clients[1]) == ["private"]
        sender = io.of("/").sockets[here.ids[0]]
        await sender.to("all").emit("from one")
        for each in (here.clients[1], *there.clients):
            assert await receive(each) == ["from one"]
        await nothing_for(here.clients[0], io)


async def test_local_emits_stay_where_they_are_and_empty_ones_reach_nobody(redis: str) -> None:
    async with cluster_of(redis) as (here, there):
        io: Server = here.io
        await io.to("all").local.emit("here")
        await io.to([]).emit("nobody")
        for each in here.clients:
            assert await receive(each) == ["here"]
        await io.volatile.to("all").emit("volatile")
        assert await receive(here.clients[0]) == ["volatile"]
        assert await receive(there.clients[0]) == ["volatile"]


async def test_a_broadcast_gathers_the_answers_of_every_server(redis: str) -> None:
    async with cluster_of(redis) as (here, there):
        io: Server = here.io
        asked = asyncio.ensure_future(io.to("all").timeout(5).emit_with_ack("who", 1))
        everybody = [*here.clients, *there.clients]
        for each in everybody:
            event = await asyncio.wait_for(each.receive(), 20)
            assert (event.name, event.args) == ("who", [1])
            await each.ack(event, each.id)
        assert sorted(await asked) == sorted(each.id for each in everybody)


async def test_a_broadcast_that_is_not_answered_by_all_has_the_answers_of_the_others(redis: str) -> None:
    async with cluster_of(redis) as (here, there):
        asked = asyncio.ensure_future(here.io.to("all").timeout(0.5).emit_with_ack("who"))
        for each in (here.clients[0], there.clients[1]):
            event = await asyncio.wait_for(each.receive(), 20)
            await each.ack(event, each.id)
        with pytest.raises(TimeoutError) as caught:
            await asked
        responses = caught.value.responses  # type: ignore[attr-defined]
        assert sorted(responses) == sorted([here.ids[0], there.ids[1]])


async def test_sockets_are_fetched_from_every_server(redis: str) -> None:
    async with cluster_of(redis) as (here, there):
        there.io.of("/").sockets[there.ids[0]].data["level"] = 3
        found = await here.io.to("first").fetch_sockets()
        assert {socket.id for socket in found} == {here.ids[0], there.ids[0]}
        own, remote = sorted(found, key=lambda socket: isinstance(socket, RemoteSocket))
        assert isinstance(own, Socket)
        assert (remote.data, remote.rooms) == ({"level": 3}, {there.ids[0], "all", "first"})
        assert remote.handshake["auth"] == {"name": "first"}
        await remote.emit("direct")
        assert await receive(there.clients[0]) == ["direct"]
        await remote.join("moved")
        await remote.leave("first")
        assert await poll(lambda: there.io.manager.get_rooms(there.ids[0], "/") == [there.ids[0], "all", "moved"], 20)
        await remote.disconnect()
        assert await poll(lambda: there.clients[0].reason == "io server disconnect", 20)
        assert len(await here.io.fetch_sockets()) == 3


async def test_sockets_are_moved_and_disconnected_on_every_server(redis: str) -> None:
    async with cluster_of(redis) as (here, there):
        await here.io.to("first").sockets_join(["a", "b"])
        assert await poll(lambda: {"a", "b"} <= set(there.io.manager.get_rooms(there.ids[0], "/")), 20)
        await here.io.to("a").sockets_leave("b")
        assert await poll(lambda: "b" not in there.io.manager.get_rooms(there.ids[0], "/"), 20)
        await here.io.to("second").disconnect_sockets(close=True)
        assert await poll(lambda: here.clients[1].reason and there.clients[1].reason, 20)
        assert (here.clients[0].reason, there.clients[0].reason) == ("", "")


async def test_servers_send_each_other_events_and_answers(redis: str) -> None:
    async with cluster_of(redis, 3) as nodes:
        for index, each in enumerate(nodes):
            each.io.of("/").on("sum", lambda *values, index=index: [index, sum(values)])
        answers = await nodes[0].io.server_side_emit_with_ack("sum", 1, 2)
        assert sorted(answers) == [[1, 3], [2, 3]]
        got: list[Any] = []
        nodes[2].io.of("/").on("note", lambda *values: got.append(values))
        await nodes[0].io.server_side_emit("note", b"x", None)
        assert await poll(lambda: got, 20) == [(b"x", None)]


async def test_a_handler_that_raises_elsewhere_is_told_at_once(redis: str) -> None:
    async with cluster_of(redis, 3) as nodes:
        nodes[1].io.of("/").on("half", lambda number: number / 2)
        nodes[2].io.of("/").on("half", lambda number: number / 0)
        tap = Tap("there")
        attach(tap, nodes[2].io)
        with pytest.raises(SocketError, match='handler of "half"') as raised:
            await nodes[0].io.server_side_emit_with_ack("half", 3)
        assert getattr(raised.value, "responses", None) == [1.5]
        (told,) = [record for record in tap.drain() if isinstance(record, records.HandlerException)]
        assert (told.where, told.type, told.nsp) == ("on 'half' from another server", "ZeroDivisionError", "/")


async def test_a_namespace_that_others_do_not_have_answers_nothing(redis: str) -> None:
    async with cluster_of(redis) as (here, _there):
        assert await here.io.of("/only-here").server_side_emit_with_ack("half", 3) == []


async def test_none_is_the_same_argument_on_every_server(redis: str) -> None:
    async with cluster_of(redis) as (here, there):
        for values in ([None], [[1, 2]], [], ["a", None]):
            await here.io.of("/").emit("x", *values)
            for each in (here.clients[0], there.clients[0]):
                assert await receive(each) == ["x", *values]


async def test_a_server_that_only_writes_says_nothing_of_itself(redis: str) -> None:
    channel = secrets.token_hex(4)
    published: list[str] = []

    class Noting(socketio.AsyncRedisManager):
        async def _publish(self, data: dict[str, Any]) -> None:
            published.append(data["method"])
            await super()._publish(data)

    outside = Server(Noting(redis, channel=channel, write_only=True))
    async with node(outside) as writing:
        assert [each.id for each in await outside.fetch_sockets()] == writing.ids
        await outside.emit("hi")
        assert await receive(writing.clients[0]) == ["hi"]
    assert set(published) <= {"emit", "socketscope:fetch_sockets"}


async def test_a_server_that_leaves_is_not_waited_for(redis: str) -> None:
    async with cluster_of(redis) as (here, there):
        await there.io.manager.close()
        assert await poll(lambda: not here.io.manager.others, 20)
        assert await here.io.server_side_emit_with_ack("anyone") == []


async def test_a_server_that_falls_silent_is_given_up(redis: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "HEARTBEAT_INTERVAL", 0.1)
    monkeypatch.setattr(cluster, "HEARTBEAT_TIMEOUT", 0.5)
    async with cluster_of(redis) as (here, there):
        silent: Cluster = there.io.manager
        assert silent._beating
        silent._beating.cancel()
        there.io.manager.thread.cancel()
        asked = asyncio.ensure_future(here.io.server_side_emit_with_ack("anyone"))
        assert await asyncio.wait_for(asked, 4) == []
        assert not here.io.manager.others


async def test_stock_servers_and_ours_work_side_by_side(redis: str) -> None:
    async with cluster_of(redis, 2, stock=True) as (stock, ours):
        await ours.io.to("all").emit("from ours", 1)
        await stock.io.emit("from stock", 2, room="all", skip_sid=ours.ids[1])
        for each in (*stock.clients, ours.clients[0]):
            assert sorted([await receive(each), await receive(each)]) == [["from ours", 1], ["from stock", 2]]
        assert await receive(ours.clients[1]) == ["from ours", 1]
        asked = asyncio.ensure_future(stock.io.call("ask", to=ours.ids[1], timeout=20))
        event = await asyncio.wait_for(ours.clients[1].receive(), 20)
        assert event.name == "ask"
        await ours.clients[1].ack(event, "answer")
        assert await asked == "answer"
        await stock.io.enter_room(ours.ids[0], "moved")
        assert await poll(lambda: "moved" in ours.io.manager.get_rooms(ours.ids[0], "/"), 20)
        await ours.io.disconnect(stock.ids[0])
        assert await poll(lambda: stock.clients[0].reason == "io server disconnect", 20)
        await stock.io.disconnect(ours.ids[0])
        assert await poll(lambda: ours.clients[0].reason == "io server disconnect", 20)


async def test_a_managers_own_methods_stay_and_its_class_is_left_alone(redis: str) -> None:
    class Counting(socketio.AsyncManager):
        count = 0

        async def emit(self, *args: Any, **options: Any) -> None:
            self.count += 1
            await super().emit(*args, **options)

    manager = Counting()
    io = Server(manager)
    await io.emit("x")
    assert (manager.count, type(manager).__name__, Counting.__mro__[1]) == (1, "Counting", socketio.AsyncManager)
    other = socketio.AsyncRedisManager(redis)
    assert type(other) is socketio.AsyncRedisManager


@pytest.mark.parametrize("stock", [False, True], ids=["own", "stock"])
async def test_a_consoles_emit_reaches_the_rooms_of_other_servers(redis: str, stock: bool) -> None:
    async with cluster_of(redis, stock=stock) as (one, two):
        await two.io.enter_room(two.ids[0], "there")
        result = await execute([one.io], records.Emit(rooms=("there",), event="news", args='[{"n": 1}]'))
        assert (result.ok, result.sockets) == (True, 0)
        assert await receive(two.clients[0]) == ["news", {"n": 1}]
