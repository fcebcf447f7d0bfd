"""Telling how late the app's event loop answers, and by what it is held."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable

from server_core.errors import app_stack

#: Seconds for which the loop may be held before it is called blocked.
LIMIT = 0.2
#: Seconds after which a block is told of while it lasts.
URGENT = 1.0

#: Called with the seconds that the loop was held, and the stack that held it.
Report = Callable[[float, str], None]


class Watchdog:
    """Asks the app's loop for a sign of life, again and again, from another thread's loop."""

    def __init__(self, app_loop: asyncio.AbstractEventLoop, app_thread: int, report: Report) -> None:
        self._app_loop = app_loop
        self._app_thread = app_thread
        self._report = report
        #: The longest that an answer took since that was asked for, in seconds, and when the last question was put.
        self._worst = 0.0
        self._asked = 0.0

    def take_worst(self) -> float:
        """Seconds by which the loop answered late, at worst, since the last call; a question still open counts."""
        worst = max(self._worst, time.monotonic() - self._asked if self._asked else 0.0)
        self._worst = 0.0
        return worst

    async def run(self) -> None:
        """Ask until the app's loop is closed."""
        here = asyncio.get_running_loop()
        while not self._app_loop.is_closed():
            answered = asyncio.Event()
            asked = self._asked = time.monotonic()
            try:
                self._app_loop.call_soon_threadsafe(self._answer, here, answered, asked)
            except RuntimeError:  # it closed just now
                return
            await self._wait(answered, asked)
            self._asked = 0.0
            await asyncio.sleep(LIMIT / 2)

    async def _wait(self, answered: asyncio.Event, asked: float) -> None:
        """Wait for the answer; report what holds it up."""
        stack, told = "", False
        while not await _within(answered, LIMIT / 4):
            held = time.monotonic() - asked
            if held > LIMIT and not stack:
                stack = _stack(self._app_thread)
            if held > URGENT and not told:
                told = True
                self._report(held, stack)
        if stack:
            self._report(time.monotonic() - asked, stack)

    def _answer(self, there: asyncio.AbstractEventLoop, answered: asyncio.Event, asked: float) -> None:
        """On the app's thread: how late it is is measured here, for the asking thread may be late itself."""
        self._worst = max(self._worst, time.monotonic() - asked)
        if not there.is_closed():
            there.call_soon_threadsafe(answered.set)


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):  # wait_for may swallow a cancellation
            await event.wait()
    except TimeoutError:
        return False
    return True


def _stack(thread: int) -> str:
    frame = sys._current_frames().get(thread)
    return app_stack(frame) if frame else ""
