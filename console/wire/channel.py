"""What was received and is not read yet: bounded, so that reading from the network waits for whoever reads."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import Generic, TypeVar

from console.wire.errors import Closed

T = TypeVar("T")


class Channel(Generic[T]):
    """A queue that can end: what it holds then can still be read. All of it on one loop."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: deque[T] = deque()
        self._reason: str | None = None
        self._getters: deque[asyncio.Future[None]] = deque()
        self._putters: deque[asyncio.Future[None]] = deque()

    def __len__(self) -> int:
        return len(self._items)

    async def put(self, item: T) -> None:
        """Add an item, as soon as there is room; after the end it is dropped."""
        while len(self._items) >= self._capacity and self._reason is None:
            await _turn(self._putters)
        if self._reason is None:
            self._items.append(item)
            _wake_one(self._getters)

    async def get(self) -> T:
        """The oldest item; Closed, with the reason, when it has ended and all has been read."""
        while not self._items:
            if self._reason is not None:
                raise Closed(self._reason)
            await _turn(self._getters)
        item = self._items.popleft()
        _wake_one(self._putters)
        return item

    async def end(self, reason: str) -> None:
        """Take nothing more; does not wait for whoever reads."""
        if self._reason is None:
            self._reason = reason
        for waiter in (*self._getters, *self._putters):
            if not waiter.done():
                waiter.set_result(None)


async def _turn(waiters: deque[asyncio.Future[None]]) -> None:
    """Wait to be woken; whoever is cancelled as it is woken wakes the next."""
    waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiters.append(waiter)
    try:
        await waiter
    except asyncio.CancelledError:
        if waiter.done() and not waiter.cancelled():
            _wake_one(waiters)
        raise
    finally:
        with contextlib.suppress(ValueError):
            waiters.remove(waiter)


def _wake_one(waiters: deque[asyncio.Future[None]]) -> None:
    while waiters:
        waiter = waiters.popleft()
        if not waiter.done():
            waiter.set_result(None)
            return
