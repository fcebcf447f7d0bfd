"""`--reload` as a person uses it: an editor beside the console, clients that come back by themselves."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from server_core.recording import read
from tests.support.console import Console
from tests.support.js_client import JsClient
from tests.support.run import SOCKETSCOPE, Server

pytestmark = pytest.mark.usefixtures("js")

APPS = {
    "own": """
from server_core import Server

import answers

io = Server(cors_allowed_origins="*")

@io.on("connection")
def connection(socket):
    socket.on("ask", lambda: answers.ANSWER)
""",
    "stock": """
import socketio

import answers

io = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")

@io.on("ask")
def ask(sid):
    return answers.ANSWER
""",
}
#: How the client comes back.
AT_ONCE: dict[str, Any] = {"reconnectionDelay": 100, "reconnectionDelayMax": 200}


@pytest.fixture(params=list(APPS))
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(APPS[request.param])
    answer(tmp_path, "1")
    return tmp_path


def answer(project: Path, expression: str) -> None:
    (project / "answers.py").write_text(f"ANSWER = {expression}\n")


async def test_saving_a_file_runs_the_new_code_and_keeps_what_was_seen(project: Path) -> None:
    async with Console("main:io", "--reload", cwd=project) as console:
        await console.live()
        url = console.url
        async with JsClient(url, reconnection=True, **AT_ONCE) as client:
            alice = await client.connect()
            await console.wait_for(alice.id[:8])
            assert await alice.call("ask") == [1]
            # a save: what was seen stays, the cut is marked, the client comes back by itself and is seen
            answer(project, "2")
            assert await alice.wait_disconnect() in ("transport close", "transport error")
            again = await client.wait_for("connect", "/", timeout=20)
            assert await alice.call("ask") == [2]
            await console.wait_for(again["id"][:8])
            await console.wait_for(re.compile(r"server +reloaded +answers\.py"))
            await console.filter("id:" + alice.id)
            await console.wait_for(re.compile(r"✓ .*ack of ask .*\[1\]"))
            console.send("escape")
            # a mistake: its traceback is in the log, and the next save is enough
            answer(project, "(3")
            text = await console.wait_for("could not be loaded", 20)
            assert "the next save tries again" in text
            await console.wait_for(re.compile(r"■ server +not started +the target could not"))
            await console.view(6)
            text = await console.wait_for("SyntaxError")
            assert "answers.py" in text
            answer(project, "3")
            await console.wait_gone("could not be loaded", 20)
            await client.wait_for("connect", "/", timeout=20)
            assert await alice.call("ask") == [3]
            assert console.url == url


async def test_a_client_that_comes_back_at_once_waits_for_the_new_code(project: Path) -> None:
    command = [*SOCKETSCOPE, "run", "main:io", "--headless", "--reload", "--port", "0"]
    at_once: dict[str, Any] = {"reconnectionDelay": 1, "reconnectionDelayMax": 1}
    async with (
        Server(command, r"^listening on (\S+)$", "stdout", cwd=project) as server,
        JsClient(server.url, reconnection=True, **at_once) as client,
    ):
        alice = await client.connect()
        for number in range(2, 5):
            answer(project, str(number))
            await alice.wait_disconnect()
            await client.wait_for("connect", "/", timeout=20)
            assert await alice.call("ask") == [number]


@pytest.mark.parametrize("project", ["own"], indirect=True)
async def test_headless_keeps_the_terminal_and_one_recording(project: Path) -> None:
    command = [*SOCKETSCOPE, "run", "main:io", "--headless", "--reload", "--port", "0", "--record", "all.siorec"]
    async with Server(command, r"^listening on (\S+)$", "stdout", cwd=project) as server:
        async with JsClient(server.url, reconnection=True, **AT_ONCE) as client:
            alice = await client.connect()
            assert await alice.call("ask") == [1]
            answer(project, "(2")
            await server.wait_line("SyntaxError", "stderr")
            await server.wait_line("could not be loaded; the next save tries again", "stderr")
            answer(project, "2")
            await client.wait_for("connect", "/", timeout=20)
            assert await alice.call("ask") == [2]
        assert await server.end(signal.SIGINT) == 0
    assert server.stdout == [f"listening on {server.url}"] * 2
    records = read(project / "all.siorec").records
    kinds = [record.kind for record in records]
    assert kinds.count("server_started") == 2
    assert kinds.count("server_reloaded") == 2
    assert kinds.count("ack_sent") == 2
    assert any("SyntaxError" in getattr(record, "text", "") for record in records)


async def test_a_debugger_in_a_handler_has_the_terminal(tmp_path: Path) -> None:
    from tests.support.terminal import Terminal

    (tmp_path / "main.py").write_text(APPS["own"])
    answer(tmp_path, "breakpoint()")
    async with Terminal([*SOCKETSCOPE, "run", "main:io", "--headless", "--reload", "--port", "0"], cwd=tmp_path) as it:
        await it.wait_for("(Pdb)", 20)
        it.type("6 * 7\n")
        await it.wait_for(re.compile(r"^42", re.MULTILINE))
        it.type("continue\n")
        await it.wait_for("listening on", 20)
        it.send("ctrl+c")
        assert await it.wait_exit() == 0


@pytest.mark.parametrize("project", ["own"], indirect=True)
async def test_nothing_is_left_when_the_one_who_watches_is_killed(project: Path) -> None:
    command = [*SOCKETSCOPE, "run", "main:io", "--headless", "--reload", "--port", "0"]
    async with Server(command, r"^listening on (\S+)$", "stdout", cwd=project) as server:
        server.signal(signal.SIGKILL)
        assert await server.process.wait() == -signal.SIGKILL
    # leaving waits for the hosted process, and fails when it stays


async def test_reload_options_without_reload_are_refused() -> None:
    from tests.support.run import Running

    command = [sys.executable, "-m", "console", "run", "own:io", "--reload-include", "*.html"]
    async with Running(command) as run:
        assert await run.wait_exit() == 2
        assert run.stderr == [
            "socketscope: --reload-dir, --reload-include and --reload-exclude need --reload",
        ]
