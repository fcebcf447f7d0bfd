"""How each view looks in the other themes: one console for all pictures of a theme and a size.

Each picture was looked at when it was accepted (`pytest --snapshot-update`). The dark theme has pictures of its own, in
`test_snapshots.py`.
"""

from __future__ import annotations

from typing import Any

import pytest
from pytest_textual_snapshot import SVGImageExtension  # type: ignore[import-untyped]
from syrupy.assertion import SnapshotAssertion

from console.app import ConsoleApp
from console.settings import Settings
from tests.console.fake_link import FakeLink
from tests.console.screens.conftest import chat
from tests.support.still import still

SIZES = ((80, 24), (120, 40), (200, 50))


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
@pytest.mark.parametrize("theme", ["light", "ansi"])
async def test_looks(theme: str, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    app = ConsoleApp(FakeLink(chat()), settings=Settings(theme=theme))
    async with app.run_test(size=size, notifications=True) as pilot:
        main: Any = app.screen
        await still(pilot)
        wrong = []
        for id in main.views:
            main.show(id)
            picture = await still(pilot)
            if picture != snapshot(name=id, extension_class=SVGImageExtension):
                wrong.append(id)
    assert wrong == [], "look at them, then run with --snapshot-update"
