"""Time travel on the screen: every view shows how things were, and says so."""

from __future__ import annotations

import glob
import re
from pathlib import Path

import pytest

from console.app import ConsoleApp
from console.link.base import LinkState
from console.link.recording import RecordingLink
from console.widgets.scrubber import Scrubber
from server_core.recording import Recorder, read
from server_core.records import Disconnected
from tests.console.fake_link import FakeLink
from tests.console.screens.conftest import Open, Screen, chat
from tests.support.make import Maker
from tests.support.story import story
from tests.support.waiting import poll


async def test_back_in_time_every_view_is_as_it_was_and_one_key_leads_to_now(open_console: Open) -> None:
    made = [*chat(), *Maker(epoch=2).socket("late-socket-1", user={"name": "zoe"})]
    async with open_console(made) as screen:
        await screen.wait("zoe", "● live")
        for _ in range(4):
            await screen.press("left_square_bracket")
        text = await screen.wait("◀ past", "Sockets 3")
        assert "zoe" not in text
        await screen.press("d")
        await screen.wait("this is the past")
        await screen.press("right_square_bracket", "right_square_bracket")
        await screen.wait("◀ past", "Sockets 4")
        await screen.press("backslash")
        await screen.wait("● live", "zoe")
        assert "past" not in screen.text().splitlines()[0]


async def test_a_moment_is_gone_to_by_what_is_typed(open_console: Open) -> None:
    async with open_console(chat()) as screen:
        await screen.press("t")
        await screen.wait("Go to")
        await screen.press(*"nonsense", "enter")
        await screen.wait("no moment; say")
        await screen.press(*["backspace"] * 8, "3", "enter")
        await screen.wait("◀ past", "3 of ")


async def test_the_differences_are_shown_by_name(open_console: Open) -> None:
    async with open_console(chat()) as screen:
        await screen.press("D")
        text = await screen.wait("3 sockets came, 0 left", "bob")
        assert "+ came" in text
        await screen.press("escape")
        await screen.press("left_square_bracket", "asterisk", "backslash", "D")
        await screen.wait("= set", 'mood "good" of bob')


async def test_it_records_from_a_key_on(open_console: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_console(chat(), size=(200, 50)) as screen:
        await screen.press("ctrl+r")
        await screen.wait("rec ● chat-io-")
        await screen.press("ctrl+r")
        await screen.wait("recorded", "socketscope open")
        await screen.wait_gone("rec ●")
    (path,) = map(Path, glob.glob(f"{tmp_path}/chat-io-*.siorec"))
    assert read(path).header.target == "chat:io"


async def test_a_narrow_terminal_says_too_that_it_records(
    open_console: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_console(chat(), size=(60, 24)) as screen:
        await screen.press("ctrl+r")
        text = await screen.wait("rec ●")
        assert re.search(r"rec ● \d[\d.]* k?B", text)
        recorder = screen.link.recorder
        assert recorder
        recorder.error = f"the recording {recorder.path} ended early: No space left on device"
        await screen.wait("rec ✗ ended")
        await screen.press("ctrl+r")
        assert await poll(lambda: any("No space left" in each.message for each in screen.app._notifications), 20)


async def test_a_recording_fills_the_same_screens_without_a_server(tmp_path: Path) -> None:
    path = tmp_path / "chat.siorec"
    recorder = Recorder(path, url="http://127.0.0.1:5000")
    recorder.write(chat())
    recorder.close()
    link = RecordingLink(path)
    app = ConsoleApp(link, session=link.session(max_log_lines=100))
    async with app.run_test(size=(120, 40)) as pilot:
        assert await poll(lambda: link.status.state is LinkState.FILE, 20)
        await pilot.pause(0.3)
        screen = app.screen
        lines = "\n".join("".join(segment.text for segment in strip) for strip in screen._compositor.render_strips())
        assert "▤ recording" in lines
        footer = lines.splitlines()[-1]
        assert all(each in footer for each in ("[ past", "t go to time", ". play"))
        assert "message" not in footer
        assert "bob" in lines
        assert "100%" in lines
    link.stop()


async def test_a_recording_that_ends_without_sockets_says_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "chat.siorec"
    recorder = Recorder(path)
    make = Maker()
    recorder.write([*make.socket("aaaa", user={"name": "bob"}), make(Disconnected, socket="aaaa", reason="gone")])
    recorder.close()
    link = RecordingLink(path)
    app = ConsoleApp(link, session=link.session(max_log_lines=100))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = Screen(app, pilot, FakeLink())
        await screen.wait("no sockets at this moment: [ goes back in time, . plays", "disconnected")
        await screen.press("left_square_bracket")
        await screen.wait("◀ past", "bob")
    link.stop()


async def test_a_click_on_the_scrubber_goes_there_and_it_plays_on_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "story.siorec"
    recorder = Recorder(path)
    recorder.write(story(20_000))  # twenty seconds
    recorder.close()
    link = RecordingLink(path)
    session = link.session(max_log_lines=100)
    app = ConsoleApp(link, session=session)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = Screen(app, pilot, FakeLink())
        await screen.wait("▤ recording", "❚❚ ×1")
        await pilot.click(Scrubber, offset=(60, 0))
        await screen.wait("◀ past")
        clicked = session.moment
        assert session.end * 0.2 < clicked < session.end * 0.8
        await screen.press("less_than_sign", "full_stop")
        await screen.wait("▶ ×0.5")
        assert await poll(lambda: clicked < session.moment < session.end, 20)
        await screen.press("full_stop")
        await screen.wait("❚❚ ×0.5", "◀ past")
        await screen.press(*["greater_than_sign"] * 4, "full_stop")
        await screen.wait("❚❚ ×10", "▤ recording")
        assert session.moment == session.end
    link.stop()
