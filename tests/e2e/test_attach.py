"""The real console on a terminal, attached to servers that run already."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from signal import Signals

import pytest

from console.wire.client import ClientSocket
from console.wire.errors import Closed
from tests.support import node, processes
from tests.support.command import socketscope
from tests.support.peers import node_server, peer, python_server
from tests.support.run import SOCKETSCOPE, Running
from tests.support.serving import client, receive
from tests.support.terminal import Terminal

HERE = Path(__file__).parents[2]


def console(*arguments: str, columns: int = 120, lines: int = 40) -> Terminal:
    return Terminal([*SOCKETSCOPE, "attach", *arguments], columns=columns, lines=lines, cwd=HERE)


@pytest.mark.parametrize(("kind", "columns", "lines"), [("node", 80, 24), ("own", 200, 50)])
async def test_the_password_is_asked_for_and_not_shown(js: None, kind: str, columns: int, lines: int) -> None:
    async with (
        peer(kind) as (url, _),
        client(url, {"name": "bob"}) as bob,
        console(url, "--user", "admin", columns=columns, lines=lines) as terminal,
    ):
        await terminal.wait_for("Password of admin")
        terminal.type("changeit\n")
        await terminal.wait_for("● live", 20)
        assert b"changeit" not in terminal.output
        await terminal.wait_for("bob")
        await bob.emit("shout", "hello console")
        await terminal.wait_for("hello console")
        assert (await receive(bob))[0] == "shouted"
        terminal.send("m")
        await terminal.wait_for('io.to("')
        if kind == "node":
            await terminal.wait_for("can't ask for acks")
        terminal.send("ctrl+s")
        event = await asyncio.wait_for(bob.receive(), 20)
        assert event.name == "private message"
        assert event.id is None
        await terminal.wait_for("1 socket")
        terminal.send("escape")
        await terminal.wait_gone("send ^s")
        terminal.send("d")
        await terminal.wait_for("Cancel")
        terminal.send("escape")
        await terminal.wait_gone("Cancel")
        terminal.send("q")
        assert await terminal.wait_exit() == 0


async def test_two_servers_in_one_console_and_one_goes_away(js: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCKETSCOPE_PASSWORD", "changeit")
    async with contextlib.AsyncExitStack() as stack:
        near, _ = await stack.enter_async_context(python_server("own"))
        far, process = await stack.enter_async_context(node_server())
        await stack.enter_async_context(client(near, {"name": "bob"}))
        await stack.enter_async_context(client(far, {"name": "zoe"}))
        async with console(near, far, "--user", "admin") as terminal:
            await terminal.wait_for("● live", 20)
            await terminal.wait_for(lambda text: "bob" in text and "zoe" in text and "server" in text)
            assert near.rpartition(":")[2] in _listed(terminal, "bob")
            assert far.rpartition(":")[2] in _listed(terminal, "zoe")
            process.signal(Signals.SIGKILL)
            await terminal.wait_for("out of reach")
            await terminal.wait_for(lambda _: "○" in _listed(terminal, "zoe"))
            assert "○" not in _listed(terminal, "bob")
            terminal.send("q")
            assert await terminal.wait_exit() == 0


def _listed(terminal: Terminal, name: str) -> str:
    """The row of a socket in the list."""
    return next((row for row in terminal.rows() if name in row and " ws " in row), "")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["http://127.0.0.1:9"], 3, "nothing listens"),
        (["http://127.0.0.1:9/chat"], 2, "--path"),
        (["ftp://x"], 2, "no URL"),
        (["http://x", "--user", "a", "--token", "b"], 2, "give one"),
        (["http://x", "--header", "nothing"], 2, "NAME:VALUE"),
        ([], 2, "URL"),
    ],
)
async def test_what_can_not_be_attached_to(arguments: list[str], code: int, says: str) -> None:
    done = await socketscope("sockets" if code == 3 else "attach", *arguments)
    assert (done.code, says in done.err) == (code, True), done


async def test_a_user_without_a_password_and_without_a_terminal() -> None:
    without = await socketscope("sockets", "http://x", "--user", "a", env={"SOCKETSCOPE_PASSWORD": ""})
    assert (without.code, "SOCKETSCOPE_PASSWORD" in without.err) == (2, True)


async def test_an_unreachable_server_ends_before_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console("http://127.0.0.1:9", "--token", "x") as terminal:
        await terminal.wait_for("nothing listens at 127.0.0.1:9")
        assert await terminal.wait_exit() == 3
        assert b"\x1b[?1049h" not in terminal.output


@contextlib.asynccontextmanager
async def many(url: str, count: int) -> AsyncIterator[Running]:
    """So many JavaScript clients of a server, connected."""
    command = ["bash", "-c", f"exec {node.install()} load.mjs {url} {count} < <(sleep 600)"]
    async with Running(command, cwd=node.JS) as running:
        await running.wait_line("^ready$", timeout=60)
        try:
            yield running
        finally:
            processes.kill_all(running.mark)


@pytest.mark.slow
async def test_a_node_server_with_a_thousand_sockets(js: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every view fills, acting works, and keys are answered at once."""
    monkeypatch.setenv("SOCKETSCOPE_PASSWORD", "changeit")
    async with (
        node_server() as (url, server),
        many(url, 1_000),
        client(url, {"name": "bob"}) as bob,
        console(url, "--user", "admin", columns=160, lines=45) as terminal,
    ):
        await terminal.wait_for(re.compile(r"Sockets 1.?001"), 30)
        found = (await socketscope("rooms", url, "--user", "admin", "--json")).json
        assert [(room["room"], room["sockets"]) for room in found] == [("lobby", 1_001)]
        shouting = asyncio.ensure_future(_shout(bob))
        await terminal.wait_for("shouted", 20)
        terminal.send("3")
        await terminal.wait_for("[3 Events]")
        terminal.send("1")
        await terminal.wait_for("[1 Sockets]")
        waits = []
        for _ in range(5):
            start = time.monotonic()
            terminal.send("?")
            await terminal.wait_for("close esc")
            waits.append(time.monotonic() - start)
            terminal.send("escape")
            await terminal.wait_gone("close esc")
        assert sorted(waits)[len(waits) // 2] < 1.0, waits
        joined = await socketscope("join", url, "--user", "admin", "--where", "attr.user.name:user1*", "vip", "--json")
        assert joined.json["ok"], joined
        assert joined.json["sockets"] >= 100
        sent = await socketscope("emit", url, "--user", "admin", "--to", bob.id, "private", "[1]")
        assert sent.code == 0, sent.err
        while (await receive(bob))[0] != "private":
            pass
        gone = await socketscope("disconnect", url, "--user", "admin", "--where", "room:vip", "--yes", "--json")
        assert gone.json["sockets"] >= 100, gone
        shouting.cancel()
        assert server.process.returncode is None
        terminal.send("q")
        assert await terminal.wait_exit() == 0


async def _shout(socket: ClientSocket) -> None:
    with contextlib.suppress(Closed):
        while True:
            await socket.emit("shout", "to a thousand")
            await asyncio.sleep(0.5)
