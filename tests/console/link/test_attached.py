"""Attaching to servers that run already: several at once, going away and coming back, and what is never sent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.link.attached import AttachedLink
from console.link.base import LinkState
from console.link.plain import PlainReader
from console.link.plain_commands import RESERVED, Unable, check
from console.wire.target import Target
from server_core import Server, records
from server_core.records import Command, Disconnect, Drop, Emit, Join, Leave, Sync
from tests.support.admin_client import LOGIN
from tests.support.attached import Attached, attached, chat, sockets_of
from tests.support.peers import node_server, target
from tests.support.serving import client, receive, serve
from tests.support.waiting import poll


async def test_several_servers_are_watched_as_one() -> None:
    async with (
        chat() as (_, here),
        chat() as (there_io, there),
        client(here, {"name": "bob"}) as bob,
        client(there, {"name": "eve"}) as eve,
        attached(target(here), target(there)) as console,
    ):
        await console.until(lambda state: state.socket_count() == 2)
        names = [each.name for each in console.link.attachments]
        assert sockets_of(console) == {bob.id: names[0], eve.id: names[1]}
        joined = await console.send(Join(sockets=(bob.id, eve.id), rooms=("vip",)))
        assert (joined.ok, joined.sockets) == (True, 2)
        assert set(there_io.manager.rooms["/"]["vip"]) == {eve.id}
        one = await console.send(Emit(rooms=(eve.id,), event="only"))
        assert (one.ok, one.sockets) == (True, 1)
        all_of = await console.send(Emit(rooms=("vip",), event="all"))
        assert (all_of.ok, all_of.sockets) == (True, 2)
        assert await receive(eve) == ["only"]
        assert await receive(eve) == await receive(bob) == ["all"]
        wrong = await console.send(Disconnect(sockets=(eve.id, "nobody")))
        assert not wrong.ok
        assert await poll(lambda: eve.reason, 20)


async def test_a_server_that_goes_away_marks_its_sockets_alone_and_comes_back() -> None:
    async with chat() as (_, here), client(here) as bob, contextlib.AsyncExitStack() as stack:
        _, there = await stack.enter_async_context(chat())
        eve = await stack.enter_async_context(client(there))
        async with attached(target(here), target(there)) as console:
            await console.until(lambda state: state.socket_count() == 2)
            near, far = [each.name for each in console.link.attachments]
            connection = console.link.attachments[1].connection
            assert connection
            for each in list(console.link.attachments):
                if each.name == far and each.connection and console.link._loop:
                    asyncio.run_coroutine_threadsafe(each.connection.abort(), console.link._loop)
            lost = await console.wait(records.ServerLost)
            assert lost.server == far
            gap = await console.wait(records.Gap)
            assert (gap.server, gap.lost) == (far, 0)
            assert "out of reach for" in gap.why
            console.take()
            assert sockets_of(console) == {bob.id: near, eve.id: far}
            assert {roster.lost for roster in console.state.rosters.values()} == {""}
            kinds = [type(r) for r in console.records if r.server == far]
            assert kinds.index(records.ServerLost) < kinds.index(records.Gap) < len(kinds) - kinds[::-1].index(Sync)


async def test_what_is_lost_stays_marked_while_it_is_away() -> None:
    async with contextlib.AsyncExitStack() as stack:
        _, url = await stack.enter_async_context(chat())
        eve = await stack.enter_async_context(client(url))
        async with attached(target(url)) as console:
            await console.until(lambda state: state.socket(eve.id))
            await stack.aclose()  # the server is gone
            await console.wait(records.ServerLost)
            (roster,) = console.state.rosters.values()
            assert roster.lost
            assert roster.sockets or console.all(records.Disconnected)
            assert await poll(lambda: console.link.status.state is LinkState.LOST, 20)
            assert "nothing listens" in await _why(console)
            answer = await console.send(Disconnect(sockets=(eve.id,)))
            assert "not connected to the server" in answer.error


async def _why(console: Attached) -> str:
    await poll(lambda: "listens" in console.link.status.why, 20)
    return console.link.status.why


@pytest.mark.parametrize(
    ("lost", "state", "says"),
    [
        ((), LinkState.LIVE, ""),
        ((1,), LinkState.LIVE, "2 of 3 servers: lost b:2, retrying: it is gone"),
        ((0, 2), LinkState.LIVE, "1 of 3 servers: lost a:1, c:3, retrying: a:1: it is gone; c:3: it is gone"),
        ((0, 1, 2), LinkState.LOST, "a:1: it is gone; b:2: it is gone; c:3: it is gone. Trying again"),
    ],
)
def test_how_many_of_several_servers_are_lost(lost: tuple[int, ...], state: LinkState, says: str) -> None:
    link = AttachedLink([Target(url=url) for url in ("http://a:1", "http://b:2", "http://c:3")])
    for number, attachment in enumerate(link.attachments):
        attachment.why = "it is gone" if number in lost else ""
    link.heard(())
    assert (link.status.state, link.status.why) == (state, says)


async def test_one_server_under_two_names_is_watched_once() -> None:
    async with chat() as (_, url), client(url) as bob:
        other = url.replace("127.0.0.1", "localhost")
        link = AttachedLink([target(url), target(other)])
        link.start()
        try:
            first = await asyncio.wrap_future(link.first)
            assert sorted(map(bool, first)) == [False, True]
            assert "the same server" in "".join(first)
            console = Attached(link)
            await console.until(lambda state: state.socket_count() == 1)
            assert (await console.send(Emit(rooms=(bob.id,), event="x"))).sockets == 1
        finally:
            await asyncio.to_thread(link.stop)


async def test_a_read_only_console_sends_nothing() -> None:
    async with chat() as (_, url), client(url) as bob:
        link = AttachedLink([target(url)], read_only=True)
        link.start()
        try:
            console = Attached(link)
            await console.until(lambda state: state.socket(bob.id))
            (roster,) = console.state.rosters.values()
            assert roster.info.features == ("READ_ONLY",)
            assert "--read-only" in (await console.send(Disconnect(sockets=(bob.id,)))).error
            assert not bob.reason
        finally:
            await asyncio.to_thread(link.stop)


# what takes a server down


def reader() -> PlainReader:
    made = PlainReader("node")
    made.config({"supportedFeatures": ["EMIT", "JOIN", "LEAVE", "DISCONNECT", "AGGREGATED_EVENTS", "ALL_EVENTS"]})
    made.read("server_stats", [{"serverId": "n", "namespaces": [{"name": "/"}, {"name": "/chat"}]}], 0.0)
    return made


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    ("command", "says"),
    [
        *((Emit(event=name), "reserved") for name in sorted(RESERVED)),
        (Emit(event=""), "needs a name"),
        (Emit(event="x", nsp="/made-up"), "has shown no namespace"),
        (Join(nsp="/made-up", sockets=("a",), rooms=("r",)), "has shown no namespace"),
        (Leave(nsp="/made-up", sockets=("a",), rooms=("r",)), "has shown no namespace"),
        (Disconnect(nsp="/made-up", sockets=("a",)), "has shown no namespace"),
        (Emit(event="x", nsp="/admin"), "has shown no namespace"),
        (Emit(event="x", args=nested(5_000)), "nested"),
        (Emit(event="x", args=nested(300)), "nested"),
        (Emit(event="x", args='["' + "x" * 1_000_000 + '"]'), "more than the server takes"),
        (Emit(event="x", args="{}"), "list"),
        (Emit(event="x", args="nothing"), "not JSON"),
        (Emit(event="x", ack=1.0), "acks"),
        (Join(sockets=("a",), rooms=("",)), "name"),
        (Join(sockets=("a",), rooms=()), "name"),
        (Disconnect(sockets=()), "no socket"),
        (Drop(sockets=("a",)), "server_core.instrument"),
    ],
    ids=str,
)
def test_what_takes_a_node_server_down_is_never_sent(command: Command, says: str) -> None:
    with pytest.raises(Unable, match=says):
        check(command, reader())


@pytest.mark.parametrize("auth", [{}, {"username": "admin"}, {"password": "x"}, LOGIN])
def test_a_login_always_has_a_password(auth: dict[str, str]) -> None:
    """A Node server dies of a client that has none."""
    login = Target(url="http://x", auth=auth).login
    assert isinstance(login["password"], str)
    assert isinstance(login["username"], str)


names = (
    st.sampled_from(sorted(RESERVED)) | st.sampled_from(["x", "__proto__", "error", "data", ""]) | st.text(max_size=8)
)
payloads = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
rooms = st.lists(st.sampled_from(["lobby", "__proto__", "constructor"]) | st.text(max_size=5), max_size=3).map(tuple)
namespaces = st.sampled_from(["/", "/chat", "/made-up", "", "chat", "/admin"])


@st.composite
def commands(draw: st.DrawFn, ids: tuple[str, ...]) -> Command:
    sockets = draw(st.lists(st.sampled_from(ids) | st.text(max_size=6), max_size=3).map(tuple))
    nsp = draw(namespaces)
    match draw(st.sampled_from(["emit", "join", "leave", "disconnect"])):
        case "emit":
            text = draw(st.lists(payloads, max_size=3).map(_json) | st.text(max_size=10))
            attachments = draw(st.lists(st.binary(max_size=4), max_size=2).map(tuple))
            to = draw(rooms)
            return Emit(nsp=nsp, rooms=to, event=draw(names), args=text, attachments=attachments)
        case "join":
            return Join(nsp=nsp, sockets=sockets, rooms=draw(rooms))
        case "leave":
            return Leave(nsp=nsp, sockets=sockets, rooms=draw(rooms))
    return Disconnect(nsp=nsp, sockets=sockets, close=draw(st.booleans()))


def _json(value: Any) -> str:
    return json.dumps(value)


async def test_a_node_server_survives_whatever_the_console_sends(js: None) -> None:
    async with (
        node_server() as (url, node),
        client(url, {"name": "bob"}) as bob,
        client(url, {"name": "eve"}) as eve,
        attached(target(url)) as console,
    ):
        await console.until(lambda state: state.socket(bob.id) and state.socket(eve.id))
        loop = asyncio.get_running_loop()

        @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(commands(("nobody", eve.id)))
        def send(command: Command) -> None:
            future = console.link.send(command)
            # what is refused is answered at once; what waits for a confirmation is not waited for
            with contextlib.suppress(TimeoutError):
                future.result(0.02)

        await loop.run_in_executor(None, send)
        for auth in ({"username": "admin"}, {"password": "changeit"}, {}, {"username": "", "password": ""}):
            failing = Target(url=url, auth=auth)
            link = AttachedLink([failing])
            link.start()
            assert "refused the login" in (await asyncio.wrap_future(link.first))[0]
            await asyncio.to_thread(link.stop)
        assert node.process.returncode is None
        assert await bob.emit_with_ack("echo", "alive", timeout=20) == ["alive"]
        assert (await console.send(Emit(rooms=(bob.id,), event="last", args="[1]"))).ok
        async with asyncio.timeout(5):
            while await receive(bob) != ["last", 1]:
                pass


# what can go wrong


async def first_error(to: Target) -> str:
    link = AttachedLink([to])
    link.start()
    try:
        (why,) = await asyncio.wait_for(asyncio.wrap_future(link.first), 30)
        return why
    finally:
        await asyncio.to_thread(link.stop)


async def test_each_failure_says_what_to_change_in_a_line() -> None:
    async def http(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        await send({"type": "http.response.start", "status": 404, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<h1>nothing</h1>"})

    async def version_2(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await send(
                {"type": "websocket.send", "text": '0{"sid":"x","upgrades":[],"pingInterval":1,"pingTimeout":1}'}
            )
            await send({"type": "websocket.send", "text": "40"})
            await receive()
            await send({"type": "websocket.send", "text": '44/admin,"Invalid namespace"'})
            await receive()
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        body = b'85:0{"sid":"x","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":5000}2:40'
        await send({"type": "http.response.body", "body": body})

    plain = Server()
    async with chat() as (_, url), serve(plain.app) as bare, serve(http) as page, serve(version_2) as old:
        found = {
            "password": await first_error(Target(url=url, auth={**LOGIN, "password": "wrong"})),
            "no login": await first_error(Target(url=url)),
            "token": await first_error(Target(url=url, auth={"token": "x"})),
            "namespace": await first_error(target(url, namespace="/nope")),
            "not instrumented": await first_error(target(bare)),
            "not socket.io": await first_error(target(page)),
            "path": await first_error(target(url, path="/elsewhere/")),
            "refused": await first_error(target("http://127.0.0.1:9")),
            "tls": await first_error(target(url.replace("http", "https"))),
            "dns": await first_error(target("http://no-such-host.invalid")),
            "version": await first_error(target(old)),
        }
    says = {
        "password": "check --user and --password",
        "no login": "it wants --user and --password, or --token",
        "token": "check --token",
        "namespace": "--namespace",
        "not instrumented": "not instrumented",
        "not socket.io": "--path",
        "path": "use --path /socket.io/",
        "refused": "nothing listens",
        "tls": "use http://",
        "dns": "not known",
        "version": "Socket.IO 1 or 2",
    }
    assert {name: says[name] in why for name, why in found.items()} == dict.fromkeys(says, True), found
    assert all("\n" not in why and "Traceback" not in why for why in found.values())


def test_insecure_takes_any_certificate() -> None:
    context = Target(url="https://x", insecure=True).tls
    assert context
    assert context.verify_mode is ssl.CERT_NONE
    assert Target(url="https://x").tls is None
