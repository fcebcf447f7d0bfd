"""What can't be attached to, each a real server with one thing wrong: one line says what to change."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.command import Done, socketscope
from tests.support.peers import node_server, peer
from tests.support.run import SOCKETSCOPE, Running
from tests.support.terminal import Terminal
from tests.support.tls import certificate

ADMIN = ("--user", "admin")


def line(done: Done) -> str:
    """The one line that a command ended with, the server being out of reach or refusing."""
    assert (done.code, done.out) == (3, ""), done
    (only,) = done.err.splitlines()
    assert only.startswith("socketscope: ")
    return only.removeprefix("socketscope: ")


@contextlib.asynccontextmanager
async def serving(what: str, folder: Path) -> AsyncIterator[str]:
    """A real server of a kind; its URL."""
    async with contextlib.AsyncExitStack() as stack:
        match what:
            case "not instrumented":
                url, _ = await stack.enter_async_context(node_server(instrumented=False))
            case "version 2" | "version 3":
                server = node_server(version=what[-1], instrumented=False)
                url, _ = await stack.enter_async_context(server)
            case "tls":
                made = certificate(folder)
                files = {"key": str(made.key), "cert": str(made.certificate)}
                url, _ = await stack.enter_async_context(node_server(tls=files))
            case "a web server":
                command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
                web = await stack.enter_async_context(Running(command, cwd=folder))
                port = (await web.wait_line(r"port (\d+)"))[1]
                url = f"http://127.0.0.1:{port}"
            case "no web server":

                async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                    writer.write(b"220 mail.example ESMTP\r\n")
                    await reader.read(100)
                    writer.close()

                mail = await stack.enter_async_context(await asyncio.start_server(greet, "127.0.0.1", 0))
                url = f"http://127.0.0.1:{mail.sockets[0].getsockname()[1]}"
            case _:
                url, _ = await stack.enter_async_context(peer(what))
        yield url


LOGINS = {
    (*ADMIN, "--password", "wrong"): "check --user and --password",
    ("--token", "x"): "check --token",
    (): "it wants --user and --password, or --token",
    (*ADMIN, "--namespace", "/nope"): "(--namespace)",
}
WRONG: dict[str, dict[tuple[str, ...], str]] = {
    "node": {**LOGINS, (*ADMIN, "--path", "/elsewhere/"): "use --path /socket.io/"},
    "stock": {**LOGINS, (*ADMIN, "--namespace", "/chat"): "no admin is there"},
    "own": LOGINS,
    "not instrumented": {ADMIN: "the server is not instrumented"},
    "version 2": dict.fromkeys((ADMIN, (*ADMIN, "--transport", "polling")), "it is Socket.IO 1 or 2: upgrade the"),
    "version 3": {ADMIN: "the server is not instrumented"},
    "a web server": {ADMIN: "answers HTTP, but not Socket.IO at /socket.io/"},
    "no web server": {ADMIN: "something else listens there"},
}


@pytest.mark.parametrize("server", WRONG)
async def test_one_line_says_what_to_change(js: None, server: str, tmp_path: Path) -> None:
    async with serving(server, tmp_path) as url:
        done = await asyncio.gather(*(socketscope("rooms", url, *options) for options in WRONG[server]))
    said = dict(zip(WRONG[server], map(line, done), strict=True))
    assert {options: said[options] for options, part in WRONG[server].items() if part not in said[options]} == {}


async def test_http_where_the_server_wants_tls_and_the_other_way_round(js: None, tmp_path: Path) -> None:
    async with serving("tls", tmp_path) as url, peer("node") as (plain, _):
        secure = url.replace("127.0.0.1", "localhost")
        wrong = [
            (secure.replace("https", "http"), f"use {secure}"),
            (secure, "use --insecure for a self-signed one"),
            (plain.replace("http", "https"), f"use {plain}"),
        ]
        for given, says in wrong:
            assert says in line(await socketscope("sockets", given, *ADMIN)), given
        assert (await socketscope("sockets", secure, *ADMIN, "--insecure", "--json")).json == []


async def test_nothing_listens() -> None:
    assert "nothing listens at 127.0.0.1:9: start the server" in line(
        await socketscope("sockets", "http://127.0.0.1:9", *ADMIN)
    )


@pytest.mark.parametrize("kind", ["version 2", "node"])
async def test_the_console_says_it_before_its_screen(js: None, kind: str, tmp_path: Path) -> None:
    says = {"version 2": "it is Socket.IO 1 or 2", "node": "check --token"}[kind]
    async with serving(kind, tmp_path) as url:
        terminal = Terminal([*SOCKETSCOPE, "attach", url, "--token", "x"], columns=200, lines=24)
        async with terminal:
            await terminal.wait_for(says)
            assert await terminal.wait_exit() == 3
            assert b"\x1b[?1049h" not in terminal.output


@pytest.mark.parametrize(
    ("version", "code", "says"),
    [
        ("2", 3, "the server speaks Engine.IO 3: it is Socket.IO 1 or 2: upgrade the server to Socket.IO 4"),
        ("3", 0, "Engine.IO 4 answers: the server is Socket.IO 3 or 4"),
    ],
)
async def test_the_doctor_knows_old_versions(js: None, version: str, code: int, says: str, tmp_path: Path) -> None:
    async with serving(f"version {version}", tmp_path) as url:
        said = await socketscope("doctor", url)
        assert (said.code, said.err) == (code, "")
        assert says in said.out
        found = [json.loads(each) for each in (await socketscope("doctor", url, "--json")).out.splitlines()]
        levels = {each["step"]: each["level"] for each in found}
        assert (levels["engine"], levels.get("namespace", "")) == (("error", "") if code else ("ok", "ok"))
