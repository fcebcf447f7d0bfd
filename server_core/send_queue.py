"""What waits to be sent on one connection."""

from __future__ import annotations

import asyncio
from typing import TypeAlias

from engineio.packet import Packet

#: A packet, or a message as a WebSocket frame holds it: "4" and its text, or its bytes. None: the connection is over.
Item: TypeAlias = Packet | str | bytes | None


class SendQueue:
    """Stands where python-engineio has an `asyncio.Queue`, with a tenth of its memory and no task woken in vain.

    One reader waits at a time.
    """

    __slots__ = ("_items", "_waiter", "size")

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._waiter: asyncio.Future[None] | None = None
        #: Bytes of the messages that wait.
        self.size = 0

    def put_nowait(self, item: Item) -> None:
        self._items.append(item)
        if self._waiter is not None:
            if not self._waiter.done():
                self._waiter.set_result(None)
            self._waiter = None

    async def put(self, item: Item) -> None:
        self.put_nowait(item)

    def qsize(self) -> int:
        return len(self._items)

    def empty(self) -> bool:
        return not self._items

    def get_nowait(self) -> Item:
        """The oldest item; `asyncio.QueueEmpty` when there is none."""
        if not self._items:
            raise asyncio.QueueEmpty
        return self._items.pop(0)

    async def get(self) -> Item:
        await self.wait()
        return self._items.pop(0)

    def take(self) -> list[Item]:
        """All that waits, oldest first."""
        items, self._items, self.size = self._items, [], 0
        return items

    async def wait(self) -> None:
        """Return when something is there."""
        while not self._items:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None

    def task_done(self) -> None:
        """Nobody waits for that."""

    async def join(self) -> None:
        """Nothing to wait for."""
