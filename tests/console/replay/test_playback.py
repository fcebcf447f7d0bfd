"""Watching a replay: holding it, stepping through it, playing it again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.replay.outcome import Status
from console.replay.playback import Playback, Playing
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
        yield made
        await made.stop()


async def reaches(playback: Playback, playing: Playing) -> None:
    assert await poll(lambda: playback.playing is playing, 5), playback.playing


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
    assert await poll(lambda: playback.playing is Playing.HELD and line(playback) == 7, 5)
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
        assert await poll(lambda: playback.playing is not Playing.HELD or playback.current is step, 5)
    await reaches(playback, Playing.DONE)


async def test_it_can_be_stopped_while_it_is_held(playback: Playback) -> None:
    playback.step()
    await reaches(playback, Playing.HELD)
    await playback.stop()
    assert playback.playing is Playing.DONE
    assert playback.report
    assert playback.report.interrupted
    playback.play()
    assert await poll(lambda: playback.playing is Playing.DONE and playback.failed_row() is None, 5)


async def test_what_was_saved_is_read_again(playback: Playback) -> None:
    assert not playback.was_saved()
    playback.path.write_text(TEXT.replace("emit:", "emti:"))
    assert playback.was_saved()
    assert not playback.reload()
    assert playback.errors == [
        f'{playback.path}:{number}:13: a client can\'t "emti": did you mean "emit"?' for number in (6, 7)
    ]
    playback.play()
    assert playback.playing is Playing.IDLE
    playback.path.write_text(TEXT.replace("[!sub {n: 2}]", "[!sub {n: 3}]"))
    assert playback.reload()
    playback.play()
    await reaches(playback, Playing.DONE)
    assert playback.failed_row() == 3
