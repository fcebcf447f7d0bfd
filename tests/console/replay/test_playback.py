"""Watching a replay: holding it, stepping through it, playing it again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from console.replay import model
from console.replay.outcome import Exit, Status
from console.replay.playback import SPEEDS, Playback, Playing
from console.replay.run import Options
from server_core import demo
from tests.support.serving import serve
from tests.support.waiting import poll

TEXT = """sio: 1
cases:
- name: one
  steps:
  - alice: {connect: {auth: {name: alice}}}
  - alice: {emit: [rename, {n: 1}], ack: [!sub {n: 1}]}
  - alice: {emit: [rename, {n: 2}], ack: [!sub {n: 2}]}
- name: two
  steps:
  - repeat: 2
    steps:
    - bob: {connect: {auth: {name: bob}}}
"""


@pytest.fixture
async def playback(tmp_path: Path) -> AsyncIterator[Playback]:
    path = tmp_path / "s.sio.yaml"
    path.write_text(TEXT)
    async with serve(demo.app) as url:
        made = Playback(path, Options(url=url, environment={}))
        made.speed = None
        assert await made.reload()
        yield made
        await made.stop()


async def reaches(playback: Playback, playing: Playing) -> None:
    assert await poll(lambda: playback.playing is playing, 20), playback.playing


def line(playback: Playback) -> int:
    assert playback.current
    return playback.current.at.line


async def test_it_plays_and_every_row_has_its_outcome(playback: Playback) -> None:
    assert [(row.depth, row.step is None) for row in playback.rows] == [
        (0, True), (1, False), (1, False), (1, False), (0, True), (1, False), (2, False)
    ]  # fmt: skip
    playback.play()
    await reaches(playback, Playing.DONE)
    assert {playback.status(row) for row in playback.rows} == {Status.PASSED}
    assert playback.report
    assert playback.summary() == "5 of 5 steps"


async def test_step_by_step_and_on(playback: Playback) -> None:
    playback.step()
    await reaches(playback, Playing.HELD)
    assert line(playback) == 6
    playback.step()
    assert await poll(lambda: playback.playing is Playing.HELD and line(playback) == 7, 20)
    playback.play()
    await reaches(playback, Playing.DONE)


async def test_it_holds_at_a_breakpoint_each_time(playback: Playback) -> None:
    step = playback.rows[6].step
    assert step
    playback.toggle_breakpoint(step)
    playback.play()
    for _ in range(2):
        await reaches(playback, Playing.HELD)
        assert playback.current is step
        playback.play()
        assert await poll(lambda: playback.playing is not Playing.HELD or playback.current is step, 20)
    await reaches(playback, Playing.DONE)


async def test_it_can_be_stopped_while_it_is_held(playback: Playback) -> None:
    playback.step()
    await reaches(playback, Playing.HELD)
    await playback.stop()
    assert playback.playing is Playing.DONE
    assert playback.report
    assert playback.report.interrupted
    playback.play()
    assert await poll(lambda: playback.playing is Playing.DONE and playback.failed_row() is None, 20)


async def test_what_was_saved_is_read_again(playback: Playback) -> None:
    assert not playback.was_saved()
    playback.path.write_text(TEXT.replace("emit:", "emti:"))
    assert playback.was_saved()
    assert not await playback.reload()
    assert playback.errors == [
        f'{playback.path}:{number}:13: a client can\'t "emti": did you mean "emit"?' for number in (6, 7)
    ]
    playback.play()
    assert playback.playing is Playing.IDLE
    playback.path.write_text(TEXT.replace("[!sub {n: 2}]", "[!sub {n: 3}]"))
    assert await playback.reload()
    playback.play()
    await reaches(playback, Playing.DONE)
    assert playback.failed_row() == 3


SLOW = """sio: 1
cases:
- name: slow
  steps:
  - alice: {connect: {auth: {name: alice}}}
  - wait: 1h
  - {alice: {emit: [rename, {n: 1}], ack: $any}, after: 1h}
"""


async def test_a_speed_that_is_changed_holds_for_the_gap_that_passes(playback: Playback) -> None:
    playback.path.write_text(SLOW)
    playback.speed = 1.0
    assert await playback.reload()
    playback.play()
    assert await poll(lambda: isinstance(playback.current, model.Wait), 20)
    playback.faster(1)
    assert playback.speed == 2.0
    assert playback.playing is Playing.RUNNING
    playback.faster(len(SPEEDS))
    await reaches(playback, Playing.DONE)
    assert playback.report
    assert playback.report.exit is Exit.PASSED


@contextlib.asynccontextmanager
async def watched(playback: Playback) -> AsyncIterator[None]:
    task = asyncio.ensure_future(playback.watch())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def replace(path: Path, text: str) -> None:
    """Save as many editors do: another file gets the name."""
    other = path.with_name(path.name + "~")
    other.write_text(text)
    other.rename(path)


async def played(playback: Playback, steps: int) -> None:
    assert await poll(lambda: playback.report is not None and playback.summary() == f"{steps} of {steps} steps", 20)


def with_steps(count: int) -> str:
    step = "  - alice: {emit: [rename, {n: 1}], ack: $any}\n"
    return TEXT.partition("  - alice: {emit")[0] + step * (count - 1)


@pytest.mark.parametrize("save", [write, replace])
async def test_what_is_saved_is_played_at_once(playback: Playback, save: Callable[[Path, str], None]) -> None:
    async with watched(playback):
        for count in (3, 2, 4):
            save(playback.path, with_steps(count))
            await played(playback, count)


async def test_what_is_included_is_watched_too_from_when_it_is_there(playback: Playback) -> None:
    part, head = playback.path.parent / "parts" / "p.yaml", "sio: 1\nsteps:\n"
    async with watched(playback):
        write(playback.path, "sio: 1\ncases:\n- {name: a, steps: [{include: parts/p.yaml}]}\n")
        assert await poll(lambda: any("can't read" in error for error in playback.errors), 20)
        write(part, head + "- a: {connect: {auth: {name: a}}}\n")
        write(playback.path, playback.path.read_text() + "# and now?\n")
        await played(playback, 2)
        for save, count in ((replace, 3), (write, 4)):
            save(part, part.read_text() + "- a: {emit: [typing, lobby]}\n")
            await played(playback, count)


async def test_what_is_saved_meanwhile_is_played_once_the_rest_is_over(playback: Playback) -> None:
    async with watched(playback):
        playback.toggle_breakpoint(playback.rows[2].step or model.Wait(seconds=0))
        playback.play()
        await reaches(playback, Playing.HELD)
        write(playback.path, with_steps(2))
        held = playback.report
        playback.toggle_breakpoint(playback.rows[2].step or model.Wait(seconds=0))
        assert (playback.playing, held) == (Playing.HELD, None)
        playback.play()
        await played(playback, 2)
