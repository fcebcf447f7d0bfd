"""Telling when, and by what, the app's event loop is held."""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import Callable

#: Seconds for which the loop may be held before it is called blocked.
LIMIT = 0.2
#: Seconds after which a block is told of while it lasts.
URGENT = 1.0

#: Called with the seconds that the loop was held, and the stack that held it.
Report = Callable[[float, str], None]


async def watch(app_loop: asyncio.AbstractEventLoop, app_thread: int, report: Report) -> None:
    """Ask the app's loop for a sign of life, again and again, from another thread's loop."""
    while not app_loop.is_closed():
        answered = asyncio.Event()
        here = asyncio.get_running_loop()
        asked = time.monotonic()
        try:
            app_loop.call_soon_threadsafe(_answer, here, answered)
        except RuntimeError:  # it closed just now
            return
        stack, told = "", False
        while not await _within(answered, LIMIT / 4):
            held = time.monotonic() - asked
            if held > LIMIT and not stack:
                stack = _stack(app_thread)
            if held > URGENT and not told:
                told = True
                report(held, stack)
        held = time.monotonic() - asked
        if stack:
            report(held, stack)
        await asyncio.sleep(LIMIT / 2)


def _answer(loop: asyncio.AbstractEventLoop, answered: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(answered.set)


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):  # wait_for may swallow a cancellation
            await event.wait()
    except TimeoutError:
        return False
    return True


def _stack(thread: int) -> str:
    frame = sys._current_frames().get(thread)
    return "".join(traceback.format_stack(frame)[-12:]) if frame else ""
