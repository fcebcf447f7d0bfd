"""Attaching to the servers of a cluster, of which each tells of the sockets of all."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
import socketio
from engineio.async_socket import AsyncSocket
from socketio.async_admin import InstrumentedAsyncServer

from console.link.attached import AttachedLink, Attachment
from server_core import records
from server_core.records import Disconnect, Emit, Join, Leave
from tests.support.admin_client import LOGIN
from tests.support.attached import attached, chat, sockets_of
from tests.support.peers import node_cluster, target
from tests.support.run import SOCKETSCOPE
from tests.support.serving import client, reach, receive, serve
from tests.support.terminal import Terminal
from tests.support.waiting import poll

BOTH = ("node-1", "node-2")


async def test_the_servers_of_a_cluster_get_an_emit_once(redis: str) -> None:
    def node() -> Any:
        return chat(client_manager=socketio.AsyncRedisManager(redis, channel="attached"))

    async with (
        node() as (one, here),
        node() as (other, there),
        client(here) as bob,
        client(there) as eve,
        attached(target(here), target(there)) as console,
    ):
        assert await poll(lambda: one.manager.others and other.manager.others, 20)
        await console.until(lambda state: state.socket_count() == 2)
        assert (await console.send(Emit(rooms=("lobby",), event="once"))).ok
        assert (await console.send(Emit(event="then"))).ok
        for socket in (bob, eve):
            assert await receive(socket) == ["once"]
            assert await receive(socket) == ["then"]
        await one.shutdown()
        await other.shutdown()


def stock_cluster(redis: str) -> list[socketio.AsyncServer]:
    """Two stock servers, watched."""

    def make() -> socketio.AsyncServer:
        manager = socketio.AsyncRedisManager(redis, channel="attached-stock")
        sio = socketio.AsyncServer(async_mode="asgi", client_manager=manager)
        sio.on("connect", lambda *_: None)
        return sio

    servers = [make(), make()]

    class Alone(InstrumentedAsyncServer):
        """Without what it changes on python-engineio's classes, which all tests share."""

        def instrument(self) -> None:
            before = dict(vars(AsyncSocket))
            super().instrument()
            for name, value in before.items():
                if callable(value):
                    setattr(AsyncSocket, name, value)

    for sio in servers:
        Alone(sio, auth=LOGIN, server_stats_interval=0.2)
    return servers


async def test_two_stock_servers_of_a_cluster_tell_of_each_others_sockets_once(redis: str) -> None:
    servers = stock_cluster(redis)
    async with (
        serve(socketio.ASGIApp(servers[0])) as here,
        serve(socketio.ASGIApp(servers[1])) as there,
        attached(target(here), target(there)) as console,
        client(here) as bob,
        client(there) as eve,
    ):
        await console.until(lambda state: state.socket(bob.id) and state.socket(eve.id))
        await reach(eve, servers[0].emit)
        await reach(bob, servers[1].emit)
        await asyncio.sleep(0.3)
        console.take()
        assert sorted(sockets_of(console)) == sorted([bob.id, eve.id])
        assert len(console.all(records.Connected)) == 2
        await bob.emit("hi")
        assert await poll(lambda: console.all(records.EventReceived), 20)
        assert (await console.send(Join(sockets=(bob.id, eve.id), rooms=("vip",)))).error == ""
        assert (await console.send(Emit(rooms=("vip",), event="once"))).ok
        assert await receive(bob) == await receive(eve) == ["once"]
        assert (await console.send(Emit(rooms=(bob.id,), event="next"))).ok
        assert await receive(bob) == ["next"]
        assert len(console.all(records.EventReceived)) == 1


async def test_a_stock_server_that_did_not_tell_first_acts_on_its_sockets_too(
    redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def claim(link: AttachedLink, attachment: Attachment, _nsp: str, _id: str) -> bool:
        link._shared = True
        return attachment is link.attachments[0]

    monkeypatch.setattr(AttachedLink, "claim", claim)
    servers = stock_cluster(redis)
    async with (
        serve(socketio.ASGIApp(servers[0])) as here,
        serve(socketio.ASGIApp(servers[1])) as there,
        attached(target(here), target(there)) as console,
        client(there) as eve,
    ):
        await console.until(lambda state: state.socket(eve.id))
        await reach(eve, servers[0].emit)
        joined = await console.send(Join(sockets=(eve.id,), rooms=("vip",)))
        assert (joined.ok, joined.sockets) == (True, 1), joined
        assert "vip" in servers[1].rooms(eve.id)
        left = await console.send(Leave(sockets=(eve.id,), rooms=("vip",)))
        assert left.ok, left
        gone = await console.send(Disconnect(sockets=(eve.id,)))
        assert gone.ok, gone
        assert await poll(lambda: eve.reason, 20)


async def test_nobody_tells_which_node_has_a_socket(js: None) -> None:
    """One URL of a cluster of Node.js: all of its sockets, and commands for them."""
    async with (
        node_cluster() as (near, far),
        client(near.url, {"name": "bob"}) as bob,
        client(far.url, {"name": "eve"}) as eve,
        attached(target(near.url)) as console,
    ):
        await console.until(lambda state: state.socket(bob.id) and state.socket(eve.id))
        await console.until(lambda state: [roster.info.nodes for roster in state.rosters.values()] == [BOTH])
        (roster,) = console.state.rosters.values()
        assert (roster.info.node, roster.info.pid) == ("", 0)
        joined = await console.send(Join(sockets=(bob.id, eve.id), rooms=("vip",)))
        assert (joined.ok, joined.sockets) == (True, 2), joined
        for rooms in (("vip",), (eve.id, bob.id), ()):
            sent = await console.send(Emit(rooms=rooms, event="news", args="[1]"))
            assert (sent.ok, sent.sockets) == (True, 2), sent
            assert await receive(bob) == await receive(eve) == ["news", 1]
        gone = await console.send(Disconnect(sockets=(eve.id,)))
        assert gone.ok, gone
        assert await poll(lambda: eve.reason, 20)


async def test_when_a_node_ends_the_other_tells_of_its_own(js: None) -> None:
    async with (
        node_cluster() as (near, far),
        client(near.url, {"name": "bob"}),
        client(far.url, {"name": "eve"}) as eve,
        attached(target(near.url), target(far.url)) as console,
    ):
        await console.until(lambda state: state.socket_count() == 2)
        assert await poll(lambda: {each.info.nodes for each in console.link.attachments} == {BOTH}, 20)
        teller = sockets_of(console)[eve.id]
        tell, other = (near, far) if teller in near.url else (far, near)
        # commands reach a socket that the other one tells of
        for each in console.link.attachments:
            assert each.connection
            assert each.connection.plain
            assert each.connection.plain.roster.sockets.keys() == sockets_of(console).keys()
        assert (await console.send(Join(sockets=(eve.id,), rooms=("vip",)))).ok
        assert (await console.send(Emit(rooms=("vip",), event="once"))).ok
        assert await receive(eve) == ["once"]

        os.kill(tell.pid, signal.SIGKILL)
        lost = await console.wait(records.ServerLost)
        assert lost.server == teller
        await console.until(lambda state: state.server_of(eve.id) in other.url or eve.reason)
        rosters = {name in other.url: roster for name, roster in console.state.rosters.items()}
        assert (rosters[True].lost, bool(rosters[False].lost)) == ("", True)
        assert rosters[False].sockets == {}
        assert "1 of 2 servers: lost" in console.link.status.why
        if not eve.reason:  # she is on the one that is left, and is reached through it
            assert (await console.send(Emit(rooms=(eve.id,), event="still here"))).ok
            assert await receive(eve) == ["still here"]


@pytest.mark.slow
async def test_a_node_is_not_asked_before_it_noticed_that_another_is_gone(js: None) -> None:
    """`@socket.io/admin-ui` asks all nodes who is there, waits for the dead one's answer in vain, throws, and dies."""
    async with (
        node_cluster() as (near, far),
        client(near.url, {"name": "bob"}) as bob,
        attached(target(near.url)) as console,
    ):
        (attachment,) = console.link.attachments
        assert await poll(lambda: attachment.info.nodes == BOTH, 20)
        os.kill(far.pid, signal.SIGKILL)
        assert attachment.connection
        assert console.link._loop
        asyncio.run_coroutine_threadsafe(attachment.connection.abort(), console.link._loop)
        await console.wait(records.ServerLost)
        gap = await console.wait(records.Gap, timeout=30)
        assert "out of reach for" in gap.why
        await asyncio.sleep(6)  # its patience with the dead one is 5 s
        assert await bob.emit_with_ack("echo", 1, timeout=20) == [1]


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (200, 50)])
async def test_the_console_says_what_is_not_told_and_what_is_lost(
    js: None, columns: int, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOCKETSCOPE_PASSWORD", "changeit")
    async with node_cluster() as (near, far), client(near.url, {"name": "bob"}), client(far.url, {"name": "eve"}):
        command = [*SOCKETSCOPE, "attach", near.url, far.url, "--user", "admin"]
        here = Path(__file__).parents[3]
        async with Terminal(command, columns=columns, lines=lines, cwd=here) as terminal:
            await terminal.wait_for(lambda text: "bob" in text and "eve" in text and "a node of" in text, 20)
            terminal.send("enter")
            await terminal.wait_for(re.compile(r"server +a node of node-1, node-2"))
            os.kill(far.pid, signal.SIGKILL)
            lost = re.compile(r"1 of 2 servers: lost " + far.url.removeprefix("http://") + ", retrying: ")
            await terminal.wait_for(lost)
            terminal.send("q")
            assert await terminal.wait_exit() == 0
