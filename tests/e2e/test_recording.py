"""Recordings of real servers: what was live is what is opened, whatever ended the one who wrote it."""

from __future__ import annotations

import asyncio
import contextlib
import random
from pathlib import Path
from signal import SIGTERM
from typing import Any

import pytest

from console.link.base import LinkState
from console.link.extract import load
from console.link.hosted import HostedLink
from console.link.recording import RecordingLink
from console.link.recording_index import Index
from console.state.state import State
from server_core.blocks import open_blocks
from server_core.host_config import HostConfig
from server_core.recording import Recorder, read
from server_core.records import EventReceived
from tests.support.knowledge import knowledge
from tests.support.peers import AUTH, python_server
from tests.support.py_client import PyClient
from tests.support.run import APPS, SOCKETSCOPE, Running, Server
from tests.support.serving import client
from tests.support.terminal import Terminal
from tests.support.waiting import poll

DEMO = "server_core.demo:app"


#: As long as what stands in its place where it is masked: then the sizes of payloads are the same.
SECRET = "t0psecret-1234"


async def _chat(url: str, number: int, seconds: float) -> None:
    """One more client of the demo: it joins, talks, asks, and goes."""
    dice = random.Random(number)
    ends = asyncio.get_running_loop().time() + seconds * dice.uniform(0.5, 1.2)
    async with client(url, {"name": f"guest {number}", "token": f"{SECRET} {number}"}) as socket:
        reading = asyncio.ensure_future(_read_all(socket))
        while asyncio.get_running_loop().time() < ends:
            await socket.emit("message", "lobby", f"hello {dice.random()}")
            await socket.emit("log in", {"password": SECRET})
            with contextlib.suppress(TimeoutError):
                await socket.emit_with_ack("rename", {"status": str(dice.random())}, timeout=5)
            await asyncio.sleep(dice.uniform(0.05, 0.5))
        reading.cancel()


def _moment_of(index: Index, shown: int) -> int:
    """The moment up to which the timeline shows so many records."""
    return index.seen[shown] if shown < len(index.seen) else len(index)


def _without_names(known: dict[str, Any]) -> dict[str, Any]:
    """What is known but for what comes between two records of the timeline, and names, which are those of the end."""
    return {name: value for name, value in known.items() if name in ("history", "room events", "lost")} | {
        "sockets": {id: (roster.sockets, roster.rooms, roster.counters) for id, roster in known["rosters"].items()}
    }


def _text(path: Path) -> bytes:
    """What is in a recording, unpacked."""
    blocks = open_blocks(path)
    try:
        return b"".join(found.data for found in blocks.scan())
    finally:
        blocks.close()


async def _read_all(socket: object) -> None:
    while True:
        await socket.receive()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("clients", "seconds", "suffix", "masked"),
    [
        (6, 2.0, ".siorec", False),
        (6, 2.0, ".siorec.zst", True),
        pytest.param(50, 60.0, ".siorec.zst", False, marks=pytest.mark.slow),
        pytest.param(50, 60.0, ".siorec", True, marks=pytest.mark.slow),
    ],
)
async def test_what_was_live_then_recorded_then_opened_is_the_same(
    tmp_path: Path, clients: int, seconds: float, suffix: str, masked: bool
) -> None:
    path = tmp_path / f"demo{suffix}"
    recorder = Recorder(path, show_secrets=not masked, sync_every=100 if masked else 10**9)
    link = HostedLink(HostConfig(target=DEMO, port=0, app_dir=str(APPS), traffic=True), recorder)
    live = State(max_records=10**7, max_gone=50_000)
    middle = live.copy()
    link.start()
    try:
        assert await poll(lambda: link.status.state is LinkState.LIVE, 20)
        talking = [asyncio.ensure_future(_chat(link.url, number, seconds)) for number in range(clients)]
        while not all(each.done() for each in talking):
            live.apply(link.take())
            if live.socket_count() >= clients:
                middle = live.copy()
            await asyncio.sleep(0.05)
        await asyncio.gather(*talking)
    finally:
        await asyncio.to_thread(link.stop)
    live.apply(link.take())
    assert recorder.error == ""
    opened = RecordingLink(path)
    session = load(opened)
    assert opened.status.why == ""
    assert sum(isinstance(record, EventReceived) for record in live.history.since(0)) > clients * 3
    assert knowledge(session.state, masked=masked) == knowledge(live, masked=masked)
    assert middle.socket_count() >= clients
    shown = middle.history.end - session.state.history.first
    then = session.at(_moment_of(opened.index, shown))
    assert _without_names(knowledge(then, masked=masked)) == _without_names(knowledge(middle, masked=masked))
    session.go(session.end // 2)
    lived = State(max_records=10**7, max_gone=50_000)
    lived.apply(read(path).records[: session.end // 2])
    assert knowledge(session.state) == knowledge(lived)
    opened.stop()
    assert (SECRET.encode() in _text(path)) is not masked


async def test_a_server_is_recorded_without_a_console_and_opened_in_one(tmp_path: Path) -> None:
    path = tmp_path / "run.siorec"
    command = [*SOCKETSCOPE, "record", "own:io", "-o", str(path), "--port", "0"]
    async with Server(command, r"^listening on (\S+)$", "stdout") as server:
        async with PyClient(server.url, auth={"name": "alice", "token": "t0psecret"}) as alice:
            await alice.call("echo", "hello there")
        assert await server.end(SIGTERM) == 0
    assert b"t0psecret" not in path.read_bytes()
    async with Terminal([*SOCKETSCOPE, "open", str(path)], columns=120, lines=40) as terminal:
        await terminal.wait_for("▤ recording", 20)
        terminal.send("3")
        await terminal.wait_for("hello there")
        await terminal.wait_for("stopped")
        for _ in range(3):
            terminal.send("[")
        await terminal.wait_for("◀ past")
        terminal.send("\\")
        await terminal.wait_for("▤ recording")
        terminal.send("q")
        assert await terminal.wait_exit() == 0


@pytest.mark.parametrize("kind", ["own", "stock"])
async def test_a_running_server_is_recorded_by_its_url(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "attached.siorec.zst"
    async with python_server(kind) as (url, _):
        login = ["--user", AUTH["username"], "--password", AUTH["password"]]
        async with Running([*SOCKETSCOPE, "record", url, "-o", str(path), *login]) as recording:
            await recording.wait_line("^recording ")
            async with PyClient(url, auth={"name": "alice"}) as alice:
                await alice.call("echo", "hello there")
                id = alice.id
                assert await poll(lambda: "hello there" in _said(path), 20)
            assert await recording.end(SIGTERM) == 0
    found = read(path).records
    assert next(record.kind for record in found) == "sync"
    assert {each.socket for each in found if each.kind == "connected"} == {id}  # type: ignore[union-attr]


def _said(path: Path) -> list[object]:
    """The first arguments of the events from clients in a recording."""
    return [args[0] for each in read(path).records if isinstance(each, EventReceived) and (args := each.args)]


async def test_a_server_that_is_not_there_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "attached.siorec"
    async with Running([*SOCKETSCOPE, "record", "127.0.0.1:1", "-o", str(path)]) as refused:
        assert await refused.wait_exit() == 3
        assert len(refused.stderr) == 1
    assert not path.exists()
