"""How late the app's loop answers, and what it is that holds it."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator

import pytest

from server_core.watchdog import Watchdog
from tests.support.waiting import poll


class AppLoop:
    """A loop on a thread of its own, and what is reported of it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.reports: list[tuple[float, str]] = []


@pytest.fixture
async def app() -> AsyncIterator[AppLoop]:
    it = AppLoop()
    it.thread.start()
    yield it
    it.loop.call_soon_threadsafe(it.loop.stop)
    await asyncio.to_thread(it.thread.join)
    it.loop.close()


async def test_a_loop_that_is_held_is_late_and_what_holds_it_is_named(app: AppLoop) -> None:
    assert app.thread.ident
    dog = Watchdog(app.loop, app.thread.ident, lambda seconds, stack: app.reports.append((seconds, stack)))
    watching = asyncio.ensure_future(dog.run())
    told = threading.Event()

    def slow(_match: re.Match[str]) -> str:
        told.wait(30)
        return ""

    try:
        assert await poll(lambda: 0 < dog.take_worst() < 5, 20)
        app.loop.call_soon_threadsafe(time.sleep, 0.01)
        app.loop.call_soon_threadsafe(lambda: re.sub("x", slow, "x"))
        assert await poll(lambda: app.reports, 20)
        told.set()
        seconds, stack = app.reports[-1]
        assert seconds > 0.2
        # from the app's own first frame on: nothing of the loop that called it
        assert stack.startswith(f'  File "{__file__}"')
        assert "re.sub" in stack
        assert "run_forever" not in stack
        assert await poll(lambda: dog.take_worst() < 0.2, 20)
    finally:
        told.set()
        watching.cancel()
        await asyncio.wait((watching,))


async def test_a_block_that_lasts_is_already_late(app: AppLoop) -> None:
    assert app.thread.ident
    dog = Watchdog(app.loop, app.thread.ident, lambda seconds, stack: None)
    watching = asyncio.ensure_future(dog.run())
    held = threading.Event()
    try:
        app.loop.call_soon_threadsafe(held.wait, 30)
        assert await poll(lambda: dog.take_worst() > 0.3, 20)
    finally:
        held.set()
        watching.cancel()
        await asyncio.wait((watching,))
