"""How fast a script's gaps pass."""

from __future__ import annotations

import asyncio


class Pace:
    """The speed of gaps; changed, it holds for what is left of those that pass just then."""

    def __init__(self, speed: float | None = None) -> None:
        self._speed = speed
        self._changed = asyncio.Event()

    @property
    def speed(self) -> float | None:
        """By how much gaps are shorter than they are written; None: there are none."""
        return self._speed

    @speed.setter
    def speed(self, speed: float | None) -> None:
        changed, self._changed, self._speed = self._changed, asyncio.Event(), speed
        changed.set()

    async def gap(self, seconds: float) -> None:
        """Wait for so many of the script's seconds."""
        loop = asyncio.get_running_loop()
        while seconds > 0 and self._speed is not None:
            began, speed = loop.time(), self._speed
            try:
                async with asyncio.timeout(seconds / speed):
                    await self._changed.wait()
            except TimeoutError:
                return
            seconds -= (loop.time() - began) * speed
