"""A console that is killed in the middle of a recording loses a second at most, and leaves a file that opens."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGKILL

import pytest

from console.link.extract import load
from console.link.recording import RecordingLink
from server_core.recording import read
from server_core.records import Gap, Sync
from tests.support.run import SOCKETSCOPE, Running
from tests.support.terminal import Terminal
from tests.support.waiting import poll

ROOT = Path(__file__).parents[2]
SOCKETS, RATE = 200, 5_000
SECOND = 1_000_000_000
#: Bytes of a file in which events have come for more than a second.
SOME = {".siorec": 1_600_000, ".siorec.zst": 250_000}


@asynccontextmanager
async def _busy_server() -> AsyncIterator[str]:
    """The URL of a server whose sockets make 5,000 records a second while a console listens."""
    command = [sys.executable, "-m", "tests.benchmarks.generator", "0", str(SOCKETS), str(RATE)]
    async with Running(command, cwd=ROOT) as running:
        yield (await running.wait_line(r"^listening on (\S+)$"))[1]


async def _record_and_kill(url: str, path: Path, dice: random.Random) -> int:
    """Record with a console, and kill it at some moment; wall time in nanoseconds at which that was."""
    command = [*SOCKETSCOPE, "attach", url, "--token", "x", "--record", str(path)]
    async with Terminal(command, columns=120, lines=40) as console:
        some = SOME["".join(path.suffixes)]
        assert await poll(lambda: path.exists() and path.stat().st_size > some, 60), console.text()
        await asyncio.sleep(dice.uniform(0.0, 1.5))
        console.signal(SIGKILL)
        killed = time.time_ns()
        await console.wait_exit()
    return killed


@pytest.mark.parametrize("suffix", [".siorec", ".siorec.zst"])
@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=pytest.mark.slow)])
async def test_a_console_that_is_killed_while_it_records(tmp_path: Path, suffix: str, kills: int) -> None:
    dice = random.Random(kills)
    async with _busy_server() as url:
        for kill in range(kills):
            path = tmp_path / f"{kill}{suffix}"
            killed = await _record_and_kill(url, path, dice)
            _check(path, killed)
    async with Terminal([*SOCKETSCOPE, "open", str(path)], columns=120, lines=40) as opened:
        await opened.wait_for("▤ recording", 30)
        await opened.wait_for("user 1")


def _check(path: Path, killed: int) -> None:
    """All but the last second is there, without a hole, and the file opens."""
    found = read(path)
    assert found.damaged == []
    records = [each for each in found.records if not isinstance(each, Sync)]
    assert not [each for each in records if isinstance(each, Gap)]
    numbers = [each.seq for each in records]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    last = records[-1].time
    assert killed - last <= SECOND, f"{(killed - last) / SECOND:.2f} s are missing"
    assert sum(each.time > last - SECOND for each in records) > RATE * 0.8
    link = RecordingLink(path)
    session = load(link)
    assert session.end == len(found.records)
    assert session.state.socket_count() == SOCKETS
    link.stop()
