"""A script, played in the console."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.app import ConsoleApp
from console.replay import parse, printer
from console.replay.model import Script
from console.replay.seen import SeenLink
from console.settings import Settings
from server_core import demo, records
from tests.console.fake_link import FakeLink
from tests.console.screens.conftest import Screen, chat
from tests.support.make import Maker
from tests.support.serving import serve

TEXT = """sio: 1
cases:
- name: whispers
  steps:
  - alice: {connect: {auth: {name: alice}}}
  - bob: {connect: {auth: {name: bob}}}
  - alice: {emit: [private message, $bob.id, {text: hello, list: [1, 2, 3], more: long enough for two lines}]}
  - {bob: {expect: [private message, $any, {text: {text: hello, list: [1, 2, 4], more: long enough for two lines},
      at: $any}]}, within: 500ms}
"""


@contextlib.asynccontextmanager
async def watching(path: Path, size: tuple[int, int] = (140, 34)) -> AsyncIterator[Screen]:
    async with serve(demo.app) as url:
        link = SeenLink(url)
        app = ConsoleApp(link, settings=Settings(keep_sessions=False), script=path)
        async with app.run_test(size=size) as pilot:
            await pilot.pause(0.2)
            yield Screen(app, pilot, link)  # type: ignore[arg-type]


def made_in(folder: Path) -> Script:
    (made,) = folder.glob("*.sio.yaml")
    return parse.load(made)


def save(path: Path, text: str) -> None:
    path.write_text(text)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "w.sio.yaml"
    path.write_text(TEXT)
    return path


async def test_the_failed_expectation_stands_beside_what_came_and_a_save_plays_again(script: Path) -> None:
    async with watching(script) as screen:
        await screen.wait("p plays the script", "0 of 4 steps", "whispers")
        await screen.press("s")
        await screen.wait("paused", "1 of 4 steps")
        await screen.press("plus", "plus", "plus", "plus", "p")
        text = await screen.wait("1 failed in", "list: [1, 2, 4]", "list: [1, 2, 3]", "around it")
        (differs,) = [line for line in text.splitlines() if "≠" in line]
        assert differs.index("[1, 2, 4]") < differs.index("≠") < differs.index("[1, 2, 3]")
        assert "→ bob private message" in text
        save(script, TEXT.replace("[1, 2, 4]", "[1, 2, 3]"))
        await screen.wait("1 passed in")
        await screen.press("escape", "3")
        await screen.wait("private message", "bob")  # what the clients saw is in the console's own timeline


async def test_a_script_that_is_wrong_says_where(script: Path) -> None:
    save(script, TEXT.replace("emit", "emti"))
    async with watching(script, (80, 24)) as screen:
        text = await screen.wait("the script can't be played: e edits it")
        assert 'w.sio.yaml:7:13: a client can\'t "emti": did you mean "emit"?' in text


async def test_a_script_is_made_of_what_the_timeline_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    link = FakeLink(chat())
    app = ConsoleApp(link, settings=Settings(keep_sessions=False))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = Screen(app, pilot, link)
        await pilot.pause(0.7)
        await screen.press("3", "W")
        await screen.wait("ready")
    found = made_in(tmp_path)
    verbs = [step.verb for step in found.cases[0].steps]
    assert "connect" in verbs
    assert "emit" in verbs or "expect" in verbs


async def test_help_has_the_keys_of_a_replay_and_secrets_are_masked(script: Path) -> None:
    save(script, TEXT.replace("{name: bob}", "{name: bob, token: t0psecret}"))
    async with watching(script, (80, 24)) as screen:
        await screen.wait("token: ••••••", "esc back")
        assert "t0psecret" not in screen.text()
        await screen.press("question_mark")
        await screen.wait("Here, in a replay", "Wait before the step under the cursor")
        await screen.press("escape", "s")
        await screen.wait("paused")


async def test_a_script_of_what_just_happened_plays_with_the_secrets_that_were_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with serve(demo.app) as url:
        make = Maker()
        auth = {"name": "alice", "token": "t0psecret"}
        info = records.ServerInfo(target="demo", url=url, features=records.FEATURES)
        link = FakeLink([make(records.ServerStarted, info=info), *make.socket("alice-socket-1", auth=auth)])
        link.url = url
        app = ConsoleApp(link, settings=Settings(keep_sessions=False))
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            screen = Screen(app, pilot, link)
            await pilot.pause(0.7)
            await screen.press("3", "W")
            await screen.wait("ready", "COOKIE_ALICE, TOKEN_ALICE")
            await screen.press("plus", "plus", "plus", "plus", "p")
            text = await screen.wait("1 passed")
            assert "t0psecret" not in text
    text = printer.script(made_in(tmp_path))
    assert 'token: "${TOKEN_ALICE}"' in text
    assert "t0psecret" not in text
