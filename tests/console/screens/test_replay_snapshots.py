"""How a replay looks: each picture was looked at when it was accepted (`pytest --snapshot-update`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_textual_snapshot import SVGImageExtension  # type: ignore[import-untyped]
from syrupy.assertion import SnapshotAssertion

from console.app import ConsoleApp
from console.screens.replay import ReplayScreen
from console.settings import Settings
from tests.console.fake_link import FakeLink
from tests.console.screens.conftest import chat
from tests.support.played import playback
from tests.support.still import still

SIZES = ((80, 24), (120, 40), (200, 50))


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
@pytest.mark.parametrize("theme", ["dark", "light", "ansi"])
async def test_looks(theme: str, size: tuple[int, int], snapshot: SnapshotAssertion, tmp_path: Path) -> None:
    app = ConsoleApp(FakeLink(chat()), settings=Settings(theme=theme))
    states = ("ready", "held", "failed", "passed", "wrong") if theme == "dark" else ("held", "failed")
    async with app.run_test(size=size, notifications=True) as pilot:
        await still(pilot)
        wrong = []
        for state in states:
            screen: Any = ReplayScreen(await playback(state, tmp_path / "chat.sio.yaml"))
            app.push_screen(screen)
            picture = await still(pilot)
            if picture != snapshot(name=state, extension_class=SVGImageExtension):
                wrong.append(state)
            app.pop_screen()
    assert wrong == [], "look at them, then run with --snapshot-update"
