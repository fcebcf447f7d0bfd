"""Marks in the timeline: what is copied, written, and made a script of."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.app import ConsoleApp
from console.link.base import LinkState
from console.link.recording import RecordingLink
from console.replay import parse, printer
from console.settings import Settings
from server_core import records
from server_core.recording import Recorder
from tests.console.fake_link import FakeLink
from tests.console.screens.conftest import Open, Screen, chat
from tests.support.make import Maker
from tests.support.waiting import poll

#: From the timeline's end up to bob's private message, and to what bea got of it.
UP_TO_SENT = ["up"] * 9
UP_TO_RECEIVED = ["up"] * 10


def marked_lines(screen: Screen) -> list[str]:
    """What is said of the marked records, without the time."""
    rows = [line.partition("│●")[2] for line in screen.text().splitlines() if "│●" in line]
    return [" ".join(row.split()[2:5]) for row in rows]


def text_of(folder: Path) -> str:
    """What is in the one file of events."""
    (file,) = folder.glob("events-*.*")
    return file.read_text()


def script(folder: Path) -> list[str]:
    """The steps of the script that was made, with those who connect left out."""
    (made,) = folder.glob("*.sio.yaml")
    lines = [printer.step(replace(step, after=0.0)) for step in parse.load(made).cases[0].steps]
    return [line for line in lines if "connect:" not in line]


@contextlib.asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Screen]:
    """The console on a recording."""
    link = RecordingLink(path)
    app = ConsoleApp(link, session=link.session(max_log_lines=100), settings=Settings(keep_sessions=False))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        assert await poll(lambda: link.status.state is LinkState.FILE, 20)
        await pilot.pause(0.3)
        yield Screen(app, pilot, link)  # type: ignore[arg-type]
    link.stop()


async def test_a_record_is_marked_counted_and_stands_still(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("3", *UP_TO_RECEIVED, "space")
        await screen.wait("● 1 marked  paused")
        assert marked_lines(screen) == ["bob private message"]
        await screen.press("space")
        await screen.wait("● 2 marked")
        assert marked_lines(screen) == ["bob private message", "bea private message"]
        await screen.press("end", "space")
        await screen.wait("● 3 marked")
        await screen.feed(Maker(epoch=2).sent("later", sockets=0))
        await screen.wait("● 3 marked  paused  +1 new")  # whoever marks does not follow
        await screen.press("space")
        await screen.wait("● 2 marked")
        await screen.press("u")
        await screen.wait_gone("marked")
        assert marked_lines(screen) == []


async def test_all_that_the_filter_shows_is_marked_inverted_and_stays_marked(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("3", "slash")
        await screen.type("private")
        await screen.press("enter", "A")
        await screen.wait("● 2 marked")
        await screen.press("escape")
        await screen.wait("news", "● 2 marked")
        assert len(marked_lines(screen)) == 2
        await screen.press("I")
        assert "bob private message" not in marked_lines(screen)
        assert "server news" in " ".join(marked_lines(screen)) or len(marked_lines(screen)) > 10


async def test_marked_records_are_copied_and_written(
    open_console: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_console() as screen:
        await screen.press("3", *UP_TO_RECEIVED, "space", "space", "home", "y", "y")
        await screen.wait("copied 2 things as JSON")
        assert [each["kind"] for each in json.loads(screen.app.clipboard)] == ["event_received", "event_sent"]
        await screen.press("w")
        await screen.wait("2 events marked, secrets masked")
        await screen.press("enter")
        await screen.wait("2 events written to")
    assert "private message" in text_of(tmp_path)


async def test_a_script_is_made_of_marked_events_from_any_view(
    open_console: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_console() as screen:
        await screen.press("3", *UP_TO_RECEIVED, "space", "space", "1", "W")
        await screen.wait("4 steps of 2")
    assert script(tmp_path) == [
        "bob: {emit: [private message, $bea.id, hello]}, ack: [{ok: true}]",
        "bea: {expect: [private message, $bob.id, {text: hello}]}",
    ]


async def test_marked_sockets_come_first_in_their_own_list(
    open_console: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_console() as screen:
        await screen.press("3", *UP_TO_SENT, "space", "1", "home", "space", "W")
        await screen.wait("ready")
        assert "marked event" not in screen.text()
    assert any("bob: {emit: [private message" in line for line in script(tmp_path))


async def test_marks_work_on_a_recording_and_in_the_past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    recorder = Recorder(tmp_path / "chat.siorec", url="http://127.0.0.1:5000", show_secrets=True)
    recorder.write(chat())
    recorder.close()
    async with opened(tmp_path / "chat.siorec") as screen:
        await screen.press("3", *UP_TO_RECEIVED, "space", "space")
        await screen.wait("● 2 marked")
        await screen.press(*["left_square_bracket"] * 10)  # what was received had happened, what was sent had not
        await screen.wait("◀ past", "● 2 marked")
        assert marked_lines(screen) == ["bob private message"]
        await screen.press("w")
        await screen.wait("1 events marked")
        await screen.press("escape")
        await screen.wait_gone("events marked")
        await screen.press("W")
        await screen.wait("3 steps of 1")
    assert script(tmp_path) == ["bob: {emit: [private message, $bea.id, hello]}, id: private message-12"]


async def test_what_the_history_drops_is_marked_no_more(tmp_path: Path) -> None:
    link = FakeLink(chat())
    app = ConsoleApp(link, settings=Settings(keep_sessions=False, max_records=30))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = Screen(app, pilot, link)
        await pilot.pause(0.7)
        await screen.press("3", "home", "space", "end", "space")
        await screen.wait("● 2 marked")
        make = Maker(epoch=2)
        await screen.feed(*(make(records.RoomJoined, socket="x", room=f"r{number}") for number in range(20)))
        await screen.wait("● 1 marked")


async def test_too_many_are_written_and_not_copied(open_console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    from console.actions import export

    monkeypatch.setattr(export, "_MOST", 5)
    async with open_console() as screen:
        await screen.press("3", "A", "y")
        await screen.wait("are marked: w writes them to a file")
