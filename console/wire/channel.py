"""What was received and is not read yet: bounded, so that reading from the network waits for whoever reads."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

from console.wire.errors import Closed

T = TypeVar("T")


class Channel(Generic[T]):
    """A queue that can end: what it holds then can still be read."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: deque[T] = deque()
        self._reason: str | None = None
        self._changed = asyncio.Condition()

    def __len__(self) -> int:
        return len(self._items)

    async def put(self, item: T) -> None:
        """Add an item, as soon as there is room; after the end it is dropped."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._items) < self._capacity or self._reason is not None)
            if self._reason is None:
                self._items.append(item)
                self._changed.notify_all()

    async def get(self) -> T:
        """The oldest item; Closed, with the reason, when it has ended and all has been read."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._items) or self._reason is not None)
            if not self._items:
                raise Closed(self._reason or "")
            self._changed.notify_all()
            return self._items.popleft()

    async def end(self, reason: str) -> None:
        """Take nothing more; does not wait for whoever reads."""
        async with self._changed:
            if self._reason is None:
                self._reason = reason
            self._changed.notify_all()
