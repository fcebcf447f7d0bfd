"""Commands that ask a server something, or have it do one thing, and end."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import socketio

from console.wire.client import ClientSocket
from server_core import Server, instrument
from tests.support.admin_client import LOGIN
from tests.support.command import socketscope
from tests.support.peers import peer
from tests.support.run import SOCKETSCOPE
from tests.support.serving import client, receive, serve
from tests.support.terminal import Terminal
from tests.support.waiting import poll


class Chat:
    """An instrumented server with bob and eve, who are in the lobby."""

    def __init__(self, io: Server, url: str, bob: ClientSocket, eve: ClientSocket) -> None:
        self.io = io
        self.url = url
        self.bob = bob
        self.eve = eve
        self.login = (url, "--user", "admin")


@pytest.fixture
async def chat() -> AsyncIterator[Chat]:
    io = Server()

    @io.on("connection")
    async def connection(socket: Any) -> None:
        socket.user = {"name": socket.handshake.auth["name"], "token": "s3cret"}
        await socket.join("lobby")

    io.of("/other").on("connection", connection)
    instrument(io, LOGIN)
    async with serve(io.app) as url, client(url, {"name": "bob"}) as bob, client(url, {"name": "eve"}) as eve:
        yield Chat(io, url, bob, eve)


async def test_sockets_as_a_table_and_as_json(chat: Chat) -> None:
    table = await socketscope("sockets", *chat.login)
    assert table.code == 0, table.err
    for text in (chat.bob.id, chat.eve.id, "bob", "websocket", "127.0.0.1", "lobby"):
        assert text in table.out
    assert table.err.strip() == "2 sockets"
    elsewhere = await socketscope("sockets", *chat.login, "--nsp", "/other")
    assert (elsewhere.code, elsewhere.err.strip()) == (0, "0 of 2 sockets")
    found = (await socketscope("sockets", *chat.login, "--json", "--where", "attr.user.name:bob")).json
    assert [each["id"] for each in found] == [chat.bob.id]
    assert found[0].keys() >= {"id", "nsp", "transport", "address", "rooms", "attributes", "handshake"}
    assert found[0]["attributes"]["user"]["name"] == "bob"
    assert "s3cret" not in json.dumps(found)
    shown = await socketscope("sockets", *chat.login, "--json", "--show-secrets")
    assert "s3cret" in shown.out


async def test_rooms(chat: Chat) -> None:
    (lobby,) = (await socketscope("rooms", *chat.login, "--json")).json
    assert (lobby["room"], lobby["nsp"], sorted(lobby["members"])) == ("lobby", "/", sorted([chat.bob.id, chat.eve.id]))
    assert len((await socketscope("rooms", *chat.login, "--json", "--all")).json) == 3
    table = await socketscope("rooms", *chat.login)
    assert "lobby" in table.out
    assert "bob" in table.out
    assert table.err.strip() == "1 room"
    for query, found in (("members>1", 1), ("members>2", 0), ("who:bob", 1), ("nsp:/other", 0)):
        of_them = await socketscope("rooms", *chat.login, "--where", query)
        assert of_them.err.strip() == f"{found} of 1 room", query
        assert ("lobby" in of_them.out) is bool(found)


async def test_emit_to_a_name_a_room_a_query_and_everybody(chat: Chat) -> None:
    sent = await socketscope("emit", *chat.login, "news", '["hi", {"n": 1}]', "--to", "bob")
    assert (sent.code, sent.out.strip()) == (0, '"news" sent to 1 socket')
    assert await receive(chat.bob) == ["news", "hi", {"n": 1}]
    for whom in (("--to", "lobby"), ("--where", "room:lobby"), ("--everybody",)):
        done = await socketscope("emit", *chat.login, "all", *whom, "--json")
        assert done.json == {"ok": True, "sockets": 2}
        assert await receive(chat.bob) == await receive(chat.eve) == ["all"]


async def test_emit_with_acks(chat: Chat) -> None:
    asking = asyncio.ensure_future(socketscope("emit", *chat.login, "question", "--to", "bob", "--ack", "5", "--json"))
    question = await asyncio.wait_for(chat.bob.receive(), 20)
    await chat.bob.ack(question, 42, {"x": 1})
    (ack,) = (await asking).json["acks"]
    assert (ack["socket"], ack["data"]) == (chat.bob.id, [42, {"x": 1}])


async def test_join_and_leave(chat: Chat) -> None:
    rooms = chat.io.manager.rooms["/"]
    assert (
        await socketscope("join", *chat.login, "bob", chat.eve.id[:8], "vip")
    ).out.strip() == "joined vip: 2 sockets"
    assert set(rooms["vip"]) == {chat.bob.id, chat.eve.id}
    assert (await socketscope("leave", *chat.login, "--where", "attr.user.name:eve", "vip")).code == 0
    assert set(rooms["vip"]) == {chat.bob.id}


async def test_disconnect_of_several_is_asked_about(chat: Chat) -> None:
    refused = await socketscope("disconnect", *chat.login, "--where", "room:lobby")
    assert (refused.code, refused.err.strip()) == (2, "socketscope: this would disconnect 2 sockets: say --yes")
    assert not chat.bob.reason
    done = await socketscope("disconnect", *chat.login, "bob", "eve", "--close", "--yes")
    assert done.code == 0, done.err
    assert await poll(lambda: chat.bob.reason and chat.eve.reason, 20)
    assert (await socketscope("disconnect", *chat.login, "bob")).code == 5


async def test_events_follow(chat: Chat) -> None:
    following = asyncio.ensure_future(
        socketscope("events", *chat.login, "--follow", "--count", "3", "--json", "--where", "event:tick")
    )
    ticking = asyncio.ensure_future(tick(chat.bob))
    done = await asyncio.wait_for(following, 20)
    ticking.cancel()
    assert done.code == 0, done.err
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [(line["kind"], line["socket"], line["data"][0]) for line in lines] == [
        ("event_received", chat.bob.id, "tick")
    ] * 3
    ticking = asyncio.ensure_future(tick(chat.bob))
    text = await socketscope("events", *chat.login, "--for", "0.5")
    ticking.cancel()
    assert text.code == 0
    assert text.err.strip() == f"{len(text.out.splitlines())} records within 0.5 s"
    assert "bob" in text.out
    assert "tick" in text.out


async def tick(socket: ClientSocket) -> None:
    while True:
        await socket.emit("tick", 1)
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["emit", "URL", "x", "{}", "--to", "bob"], 2, "no list"),
        (["emit", "URL", "x", "[1", "--to", "bob"], 2, "not JSON"),
        (["emit", "URL", "x"], 2, "say to whom"),
        (["emit", "URL", "x", "--to", "bob", "--everybody"], 2, "say to whom"),
        (["emit", "URL", "connect", "--to", "bob"], 3, "reserved event name"),
        (["emit", "URL", "x", "--to", "nobody"], 5, "no socket of / is, or is in, nobody"),
        (["emit", "URL", "x", "--everybody", "--nsp", "/nope"], 5, "/nope has no socket"),
        (["rooms", "URL", "--where", "members>x"], 2, "--where"),
        (["join", "URL", "vip"], 2, "say whom"),
        (["join", "URL", "nobody", "vip"], 5, "nobody"),
        (["leave", "URL", "bob", "no such room"], 3, "room"),
        (["disconnect", "URL"], 2, "say whom"),
        (["disconnect", "URL", "--where", "attr.user.name:nobody"], 5, "matches the query"),
        (["sockets", "URL", "--where", "("], 2, "--where"),
        (["sockets", "URL", "--where", " "], 2, "empty"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
async def test_what_can_not_be_done_is_said_in_a_line(chat: Chat, arguments: list[str], code: int, says: str) -> None:
    url, *login = chat.login
    done = await socketscope(*[url if each == "URL" else each for each in arguments], *login)
    assert (done.code, says in done.err) == (code, True), done
    assert "Traceback" not in done.err
    assert len([line for line in done.err.splitlines() if line and not line.startswith(("Usage", "Try"))]) == 1


async def test_what_was_sent_is_written_out_before_the_connection_closes(js: None) -> None:
    from tests.support.peers import node_server

    async with node_server() as (url, _), client(url, {"name": "bob"}) as bob:
        for number in range(3):
            assert (await socketscope("emit", url, "--user", "admin", "n", f"[{number}]", "--to", bob.id)).code == 0
            assert await receive(bob) == ["n", number]
        polling = await socketscope("emit", url, "-u", "admin", "n", "[9]", "--to", bob.id, "--transport", "polling")
        assert polling.code == 0
        assert await receive(bob) == ["n", 9]


async def test_names_of_one_namespace_are_not_those_of_another(chat: Chat) -> None:
    async with client(chat.url, {"name": "bob"}, nsp="/other") as other:
        done = await socketscope("emit", *chat.login, "x", "--to", "bob", "--nsp", "/other")
        assert done.code == 0
        assert await receive(other) == ["x"]


async def test_peers_text_reaches_no_terminal_as_an_escape_sequence() -> None:
    io = Server()
    evil = "\x1b]52;c;aGk=\x07\x1b[31m"
    instrument(io, LOGIN)
    io.on("connection", lambda socket: setattr(socket, "user", socket.handshake.auth["name"]))
    async with serve(socketio.ASGIApp(io)) as url, client(url, {"name": evil}):
        for options in ((), ("--json",)):
            done = await socketscope("sockets", url, "-u", "admin", *options)
            assert done.code == 0
            assert "\x1b" not in done.out + done.err
            assert "\x07" not in done.out + done.err


@pytest.mark.parametrize("kind", ["own", "node"])
async def test_a_reader_that_goes_away_ends_it_quietly(js: None, kind: str) -> None:
    async with peer(kind) as (url, _), client(url, {"name": "bob"}) as bob:
        follow = f"{shlex.join(SOCKETSCOPE)} events {url} -u admin --password changeit -f"
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", f"{follow} | head -1; echo ended with ${{PIPESTATUS[0]}}"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        ticking = asyncio.ensure_future(tick(bob))
        out, err = await asyncio.wait_for(process.communicate(), 20)
        ticking.cancel()
    assert b"tick" in out
    assert out.splitlines()[-1] == b"ended with 0"
    assert err == b""


@pytest.mark.parametrize(("answer", "code"), [("\x03", 130), ("n\n", 5), ("y\n", 0)])
async def test_what_is_asked_on_a_terminal_can_be_left(chat: Chat, answer: str, code: int) -> None:
    command = [*SOCKETSCOPE, "disconnect", *chat.login, "--where", "room:lobby"]
    async with Terminal(command, cwd=Path(__file__).parents[3]) as terminal:
        await terminal.wait_for("Password of admin")
        if code == 130:
            terminal.write(answer)
            assert await terminal.wait_exit() == code
        else:
            terminal.type("changeit\n")
            await terminal.wait_for("disconnect 2 sockets of /?")
            terminal.type(answer)
            assert await terminal.wait_exit() == code
        assert "Traceback" not in terminal.text()
    assert bool(await poll(lambda: chat.bob.reason, 20 if code == 0 else 0.1)) is (code == 0)
