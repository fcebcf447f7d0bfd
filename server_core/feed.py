"""The feed: drains the taps on a timer and hands the records to whoever listens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from server_core.records import Record, Sync
from server_core.tap import Tap

logger = logging.getLogger("server_core")

#: Seconds between two drains.
INTERVAL = 0.025

Listener = Callable[[Sequence[Record]], None]


class Source(Protocol):
    """What makes records, but has no sockets: the app's output."""

    def drain(self) -> list[Record]: ...


class Feed:
    """Records of one or several taps, in batches; everything here runs on one loop, beside the app's."""

    def __init__(self, taps: Sequence[Tap], others: Sequence[Source] = ()) -> None:
        self.taps = taps
        self._sources: list[Source] = [*taps, *others]
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with a sync of each tap now, and with every batch from then on; returns what ends that."""
        listener(self.syncs())
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def is_heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def syncs(self) -> list[Sync]:
        """All that is live, after the records handed out until now."""
        return [tap.sync() for tap in self.taps]

    def pump(self) -> None:
        """Drain once. While nobody listens the rings keep what they can, for whoever comes first, or back."""
        if not self._listeners:
            return
        batch = [record for source in self._sources for record in source.drain()]
        if not batch:
            return
        for listener in list(self._listeners):
            try:
                listener(batch)
            except Exception:  # one listener's fault is not the others'
                logger.exception("a listener of the feed failed")

    async def run(self) -> None:
        """Drain until cancelled."""
        while True:
            try:
                self.pump()
            except Exception:  # a record that can't be made must not end the stream
                logger.exception("the feed failed")
            await asyncio.sleep(INTERVAL)
