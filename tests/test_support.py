"""The tests' own instruments, against servers and commands that are none of ours."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import processes
from tests.support.js_client import JsClient
from tests.support.run import plain_uvicorn
from tests.support.terminal import Terminal

ROOT = Path(__file__).parent.parent


@pytest.mark.usefixtures("js")
@pytest.mark.parametrize(
    ("options", "transport"),
    [
        ({"transports": ["websocket"]}, "websocket"),
        ({"transports": ["polling"]}, "polling"),
        ({}, "websocket"),
    ],
)
async def test_js_client_speaks_every_transport(options: dict[str, Any], transport: str) -> None:
    async with plain_uvicorn("stock:app") as server, JsClient(server.url, **options) as client:
        alice = await client.connect(auth={"name": "alice"})
        if options:
            assert client.reports[1]["transport"] == transport
        else:
            assert (await client.wait_for("upgrade"))["transport"] == transport
        assert await alice.call("echo", 1, "zwei", b"\x00\x01", None) == [1, "zwei", b"\x00\x01", None]
        assert await alice.call("upload", b"abc") == [{"size": 3, "copy": b"abc"}]
        assert await alice.wait_args("uploaded") == [{"parts": [b"cba", b""]}]
        await alice.emit("kick me")
        assert await alice.wait_disconnect() == "io server disconnect"


@pytest.mark.usefixtures("js")
async def test_js_client_reports_refusals_and_answers_acks() -> None:
    async with plain_uvicorn("stock:app") as server, JsClient(server.url) as client:
        refused = await client.try_connect(auth={"name": "mallory"})
        assert (refused.kind, refused["message"], refused["data"]) == (
            "connect_error",
            "unknown user",
            {"retry": False},
        )
        alice = await client.connect(auth={"name": "alice"})
        await alice.emit("ask me", "how are you?")
        question = await alice.wait_event("question")
        assert question["args"] == ["how are you?"]
        await alice.answer(question, "fine")
        assert (await alice.ask("boom", timeout=0.3))["error"] == "operation has timed out"


async def test_terminal_shows_what_a_person_would_see() -> None:
    script = "import os; print('\\x1b[1mbold\\x1b[0m', os.get_terminal_size().columns); print('got', input('name? '))"
    async with Terminal([sys.executable, "-c", script], columns=50, lines=5) as terminal:
        await terminal.wait_for("name?")
        assert "bold 50" in terminal.text()
        assert terminal.screen.buffer[0][0].bold
        assert b"\x1b[1mbold" in terminal.output
        terminal.type("bob")
        terminal.send("enter")
        await terminal.wait_for(re.compile("got bob"))
        assert await terminal.wait_exit() == 0


async def test_terminal_interrupts_also_where_the_tests_are_not_to_be_interrupted() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell has it for what it runs in the background
    try:
        async with Terminal([sys.executable, "-c", "import time; print('up'); time.sleep(60)"]) as terminal:
            await terminal.wait_for("up")
            terminal.send("ctrl+c")
            assert await terminal.wait_exit() == -signal.SIGINT
    finally:
        signal.signal(signal.SIGINT, before)


async def test_terminal_hangs_up() -> None:
    async with Terminal([sys.executable, "-c", "import time; print('up'); time.sleep(60)"]) as terminal:
        await terminal.wait_for("up")
        terminal.hang_up()
        assert await terminal.wait_exit() == -signal.SIGHUP


async def test_children_of_children_are_found(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],"
        " start_new_session=True); print('up'); input()"
    )
    async with Terminal([sys.executable, "-c", script], cwd=tmp_path) as terminal:
        await terminal.wait_for("up")
        (child,) = processes.children(terminal.mark, terminal.pid)
        terminal.signal(signal.SIGKILL)
        assert [left.pid for left in await processes.gone(terminal.mark, 0.2)] == [child.pid]
        processes.kill_all(terminal.mark)
        assert await processes.gone(terminal.mark) == []


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="the race is that of /proc")
def test_a_child_is_found_from_its_first_instant() -> None:
    mark = processes.new_mark()
    try:
        for _ in range(100):  # one of four was missed while its `exec` had not quite ended
            child = subprocess.Popen(["sleep", "60"], env={**os.environ, processes.MARK: mark})
            assert processes.from_proc(child.pid, f"{processes.MARK}={mark}")
    finally:
        processes.kill_all(mark)


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_a_skip_fails_the_run_where_ci_is_true(ci: str, code: int, tmp_path: Path) -> None:
    test = tmp_path / "test_skips.py"
    test.write_text("import pytest\n\ndef test_skips():\n    pytest.skip('no reason')\n\ndef test_runs():\n    pass\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "--rootdir", str(tmp_path), str(test)]
    done = subprocess.run(command, env={**os.environ, "CI": ci}, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stdout
    assert ("which fails the run" in done.stdout) == bool(code)
