"""Waiting for what threads and processes do, without sleeping blindly."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Changed:
    """Wakes coroutines, of whatever loop, when a thread says that something changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def notify(self) -> None:
        with self._lock:
            waiters = list(self._waiters)
        for loop, event in waiters:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    async def until(self, check: Callable[[], T | None], timeout: float) -> T | None:
        """What `check` gives as soon as that is true, or None after `timeout` seconds."""
        event = asyncio.Event()
        waiter = (asyncio.get_running_loop(), event)
        with self._lock:
            self._waiters.add(waiter)
        try:
            async with asyncio.timeout(timeout):
                while not (found := check()):
                    await event.wait()
                    event.clear()
                return found
        except TimeoutError:
            return check() or None
        finally:
            with self._lock:
                self._waiters.discard(waiter)


async def poll(check: Callable[[], T | None], timeout: float, interval: float = 0.02) -> T | None:
    """For what announces no change (a process table, a file): ask until it is true; None after `timeout` seconds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout
    while not (found := check()):
        if loop.time() > end:
            return None
        await asyncio.sleep(interval)
    return found
