"""A hosted server that starts again when its files change."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from console.link.base import LinkState
from console.link.changes import Changes, ReloadRules
from console.link.hosted import HostedLink
from console.wire.errors import Closed
from server_core import records
from server_core.host_config import HostConfig
from tests.console.link.test_hosted import Hosted
from tests.support.serving import client
from tests.support.waiting import poll

APP = """
import socketio
import version

sio = socketio.AsyncServer(async_mode="asgi")

@sio.on("version")
def tell(sid):
    return version.VERSION

@sio.on("hang")
def hang(sid):
    import time
    while True:
        time.sleep(1)
"""


def save(folder: Path, name: str, text: str) -> None:
    """As editors do: the new text in another file first, then in place of the old one."""
    new = folder / f".{name}.new"
    new.write_text(text)
    os.replace(new, folder / name)


@contextlib.asynccontextmanager
async def reloading(folder: Path, target: str = "app:sio", **options: Any) -> AsyncIterator[Hosted]:
    if target == "app:sio":
        save(folder, "app.py", APP)
        save(folder, "version.py", "VERSION = 1")
    rules = ReloadRules((folder,))
    link = HostedLink(HostConfig(target=target, port=0, app_dir=str(folder), **options), reload=rules)
    link.start()
    try:
        here = Hosted(link)
        await here.status(LinkState.LIVE)
        yield here
    finally:
        await asyncio.to_thread(link.stop)


def reloads(here: Hosted) -> list[set[str]]:
    here.look()
    found = [each for each in here.records if isinstance(each, records.ServerReloaded)]
    return [{Path(file).name for file in each.files} for each in found]


def kinds(here: Hosted) -> list[str]:
    return [each.kind for each in here.records]


async def version(here: Hosted) -> Any:
    async with client(here.link.url) as one:
        return (await one.emit_with_ack("version", timeout=20))[0]


async def test_a_change_is_told_and_the_new_code_runs_on_the_same_port(tmp_path: Path) -> None:
    async with reloading(tmp_path) as here:
        url = here.link.url
        async with client(url) as one:
            assert await one.emit_with_ack("version", timeout=20) == [1]
            save(tmp_path, "version.py", "VERSION = 2")
            with pytest.raises(Closed):
                await asyncio.wait_for(one.receive(), 20)
        await here.wait(records.ServerReloaded)
        assert reloads(here) == [{"version.py"}]
        assert await version(here) == 2
        assert await poll(lambda: here.look() and kinds(here).count("server_started") == 2, 20)
        told = kinds(here)
        # what was before is kept, and the cut is between the two servers
        assert told.index("event_received") < told.index("server_stopped") < told.index("server_reloaded")
        assert told.index("server_reloaded") < len(told) - 1 - told[::-1].index("server_started")
        assert await here.status(LinkState.LIVE) == ""
        info = here.look().rosters["app:sio"].info
        assert info.url == url
        # by hand, it is no reload
        here.link.restart()
        assert await poll(lambda: here.look().rosters["app:sio"].info.pid not in (0, info.pid), 15)
        assert reloads(here) == [{"version.py"}]


@pytest.mark.slow
async def test_what_does_not_load_is_said_and_the_next_save_starts_it(tmp_path: Path) -> None:
    async with reloading(tmp_path) as here:
        save(tmp_path, "version.py", "VERSION = = 2")
        why = await here.status(LinkState.STOPPED)
        assert why == "the target could not be loaded; the next save tries again"
        assert await poll(lambda: any("SyntaxError" in line.text for line in here.look().log), 20)
        not_started = [each for each in here.records if isinstance(each, records.ServerStopped)][-1]
        assert (not_started.server, not_started.code) == (records.CONSOLE, 2)
        assert not_started.why == "the target could not be loaded: SyntaxError"
        # a client that comes now waits
        waiting = asyncio.ensure_future(version(here))
        save(tmp_path, "version.py", "import nowhere_to_be_found")
        assert await poll(lambda: any("nowhere_to_be_found" in line.text for line in here.look().log), 15)
        save(tmp_path, "version.py", "VERSION = 3")
        assert await asyncio.wait_for(waiting, 20) == 3
        await here.status(LinkState.LIVE)


async def test_nobody_is_refused_while_it_starts_again(tmp_path: Path) -> None:
    async with reloading(tmp_path) as here:
        address = ("127.0.0.1", int(here.link.url.rpartition(":")[2]))
        save(tmp_path, "version.py", "import time; time.sleep(1); VERSION = 2")
        await here.wait(records.ServerStopped)
        tries = 0
        while here.link.status.state is not LinkState.LIVE:
            with socket.create_connection(address, 5):
                tries += 1
            await asyncio.sleep(0.02)
            here.look()
        assert tries > 10
        assert await version(here) == 2


async def test_a_burst_is_one_restart_and_what_changes_meanwhile_is_not_lost(tmp_path: Path) -> None:
    async with reloading(tmp_path) as here:
        for number in range(10):
            save(tmp_path, f"extra{number}.py", "x = 1")
            save(tmp_path, "version.py", f"import time; time.sleep(0.5); VERSION = {10 + number}")
        first = await here.wait(records.ServerReloaded)
        save(tmp_path, "version.py", "VERSION = 99")
        assert await poll(lambda: len(reloads(here)) > 1, 15)
        await here.status(LinkState.LIVE)
        assert await version(here) == 99
        assert len(first.files) == 11
        assert reloads(here)[1:] == [{"version.py"}]


@pytest.mark.slow
async def test_a_server_that_hangs_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.link.child.PATIENCE", 0.5)
    async with reloading(tmp_path) as here:
        async with client(here.link.url) as one:
            await one.emit("hang")
            await here.wait(records.ServerBlocked)
            save(tmp_path, "version.py", "VERSION = 2")
            stopped = await here.wait(records.ServerStopped)
            assert stopped.why == "the server was killed by SIGKILL"
        assert await version(here) == 2


@pytest.mark.slow
async def test_the_demos_clients_come_back(tmp_path: Path) -> None:
    async with reloading(tmp_path, "server_core.demo:app", traffic=True) as here:
        await here.wait(records.EventReceived)
        save(tmp_path, "anything.py", "x = 1")
        await here.wait(records.ServerReloaded)
        before = len(here.records)
        assert await poll(
            lambda: here.look() and any(each.kind == "event_received" for each in here.records[before:]), 20
        )


async def test_what_cannot_be_watched_is_said_and_hosted_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_self: Changes) -> None:
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr(Changes, "run", refuse)
    async with reloading(tmp_path) as here:
        said = "files can't be watched, and changes start nothing again: OS file watch limit reached"
        assert await poll(lambda: any(said in line.text for line in here.look().log), 20)
        assert await version(here) == 1
