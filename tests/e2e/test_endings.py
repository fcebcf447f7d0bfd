"""However the console ends, it leaves no process behind and the terminal as it was."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import pytest

from tests.support import processes
from tests.support.console import Console, chatting
from tests.support.js_client import JsClient
from tests.support.run import APPS, SOCKETSCOPE, Running
from tests.support.terminal import Terminal
from tests.support.waiting import poll

pytestmark = pytest.mark.usefixtures("js")

#: Seconds in which everything must be gone.
A_FEW_SECONDS = 8.0

ENDINGS: dict[str, Callable[[Console], None]] = {
    "quit": lambda console: console.send("q"),
    "SIGTERM": lambda console: console.signal(signal.SIGTERM),
    "SIGHUP": lambda console: console.hang_up(),
    "SIGKILL": lambda console: console.signal(signal.SIGKILL),
}


@pytest.mark.parametrize("how", ENDINGS)
@pytest.mark.parametrize("target", [None, "stock:sio", "own:io"], ids=["demo", "stock", "own"])
async def test_no_process_is_left(how: str, target: str | None) -> None:
    async with Console(target) as console:
        await console.live()
        if target is None:
            await console.wait_for(lambda _: len(processes.marked(console.mark)) >= 3)  # console, child, traffic
        async with JsClient(console.url) as one, JsClient(console.url, transports=["polling"]) as two:
            alice = await one.connect(auth={"name": "alice"})
            bob = await two.connect(auth={"name": "bob"})
            await console.wait_for("alice")
            assert len(processes.marked(console.mark)) >= 2
            ENDINGS[how](console)
            assert await processes.gone(console.mark, A_FEW_SECONDS) == []
            code = await console.wait_exit()
            assert code == (-signal.SIGKILL if how == "SIGKILL" else 0)
            for socket in (alice, bob):
                assert await socket.wait_disconnect()
        if how in ("quit", "SIGTERM"):
            assert b"\x1b[?1049l" in console.output
            assert console.output.rstrip().endswith(b"\x1b[?25h") or b"\x1b[?25h" in console.output[-400:]
            assert b"Traceback" not in console.output


@pytest.mark.parametrize("how", ["SIGTERM", "SIGHUP", "SIGKILL"])
async def test_no_process_is_left_when_it_ends_while_it_starts(how: str) -> None:
    async with Console("stock:sio") as console:
        found = await poll(lambda: len(processes.marked(console.mark)) >= 2, A_FEW_SECONDS, 0.005)
        assert found
        ENDINGS[how](console)
        assert await processes.gone(console.mark, A_FEW_SECONDS) == []
        assert b"Traceback" not in console.output


@pytest.mark.parametrize("how", list(ENDINGS))
async def test_no_process_is_left_of_an_app_that_hangs(how: str) -> None:
    async with chatting("stock:sio") as (console, _, alice):
        await alice.emit("block", 60)
        await console.wait_for("blocked")
        ENDINGS[how](console)
        assert await processes.gone(console.mark, 2 * A_FEW_SECONDS) == []


async def test_what_the_app_started_ends_with_it() -> None:
    async with Console("parent:sio") as console:
        await console.live()
        found = await poll(lambda: any("sleep(600)" in each.command for each in processes.marked(console.mark)), 20)
        assert found
        console.send("q")
        assert await processes.gone(console.mark, A_FEW_SECONDS) == []
        assert await console.wait_exit() == 0


async def test_a_second_console_beside_the_first_disturbs_neither() -> None:
    async with Console("stock:sio") as one, Console("stock:sio") as two:
        await asyncio.gather(one.live(), two.live())
        one.send("q")
        assert await one.wait_exit() == 0
        async with JsClient(two.url) as client:
            alice = await client.connect(auth={"name": "alice"})
            await two.wait_for(alice.id[:8])


async def test_without_a_terminal_it_says_how_to_do_without() -> None:
    async with Running([*SOCKETSCOPE, "--port", "0"]) as running:
        assert await running.wait_exit() == 2
        (line,) = running.stderr
        assert "--headless" in line
        assert running.stdout == []


async def test_ctrl_c_ends_a_headless_server_on_a_terminal() -> None:
    async with Terminal([*SOCKETSCOPE, "run", "stock:sio", "--headless", "--port", "0"], cwd=APPS) as terminal:
        await terminal.wait_for("listening on http://127.0.0.1:")
        terminal.send("ctrl+c")
        assert await terminal.wait_exit() == 0
