"""A bounded ring between the app's thread and the thread that drains it: appending never waits, never grows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

#: What a server notes on its hot path: the function that makes records of it, when it was (monotonic ns), roughly the
#: bytes that it keeps in memory, and two values.
Entry = tuple[Any, int, int, Any, Any]
_WIDTH = 5


class Ring:
    """Bounded by count and by bytes; when it is full the oldest entries make room, and are counted.

    The entries lie flat in one list: a tuple for each would be work for the app's garbage collector. One thread
    appends, one other takes all there is. Where a second thread appends now and then, no entry is lost, and the bytes
    are off until the next taking.
    """

    __slots__ = ("_dropped", "_dropped_seen", "_lock", "bytes", "flat", "least", "max_bytes")

    def __init__(self, max_entries: int = 65_536, max_bytes: int = 64 * 1024 * 1024) -> None:
        #: The entries, value after value; it is extended by a whole entry in one step.
        self.flat: list[Any] = []
        self.max_bytes = max_bytes
        #: The bytes that a small entry counts for: so the bound by bytes is that by count too, and one look tells.
        self.least = max_bytes // max_entries
        #: Bytes of what was appended since the last taking.
        self.bytes = 0
        self._dropped = 0
        self._dropped_seen = 0
        #: Held while entries go, not while they come.
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.flat) // _WIDTH

    def append(self, entry: Entry) -> None:
        """Note an entry. What notes most often does these steps itself, without a call."""
        self.flat.extend(entry)
        self.bytes += max(entry[2], self.least)
        if self.bytes > self.max_bytes:
            self.make_room()

    def make_room(self) -> None:
        """Drop the oldest until it is within its bounds."""
        with self._lock:
            flat, count = self.flat, 0
            for size in flat[2::_WIDTH]:
                if self.bytes <= self.max_bytes:
                    break
                self.bytes -= max(size, self.least)
                count += 1
            del flat[: count * _WIDTH]
            self._dropped += count

    def take(self) -> tuple[Iterator[Entry], int]:
        """The entries noted until now, oldest first, and how many were dropped before them since the last call."""
        with self._lock:
            taken = self.flat[:]
            del self.flat[: len(taken)]
            self.bytes = 0
            dropped = self._dropped - self._dropped_seen
            self._dropped_seen += dropped
        values = iter(taken)
        return zip(values, values, values, values, values, strict=True), dropped
