"""A bounded ring between the app's thread and the thread that drains it: appending never waits, never grows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

#: What a server notes on its hot path: the function that makes records of it, when it was (monotonic ns), and values.
Entry = tuple[Callable[..., None], int, *tuple[Any, ...]]


class Ring:
    """Bounded by count and by bytes; when it is full the oldest entries make room, and are counted.

    One thread appends, one other takes; each of the counts below is written by one thread alone. Where a second thread
    appends now and then, no entry is lost, and the bytes are off by as much as an entry.
    """

    def __init__(self, max_entries: int = 65_536, max_bytes: int = 64 * 1024 * 1024) -> None:
        self._entries: deque[tuple[int, Entry]] = deque()
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._bytes_in = 0
        self._bytes_dropped = 0
        self._bytes_out = 0
        self._dropped = 0
        self._dropped_seen = 0

    def __len__(self) -> int:
        return len(self._entries)

    def append(self, entry: Entry, size: int = 64) -> None:
        """Note an entry; `size` is roughly what it keeps in memory, in bytes."""
        self._entries.append((size, entry))
        self._bytes_in += size
        while (
            len(self._entries) > self._max_entries
            or self._bytes_in - self._bytes_dropped - self._bytes_out > self._max_bytes
        ):
            try:
                size, _ = self._entries.popleft()
            except IndexError:
                return
            self._bytes_dropped += size
            self._dropped += 1

    def take(self) -> tuple[list[Entry], int]:
        """The entries noted until now, oldest first, and how many were dropped before them since the last call."""
        dropped = self._dropped - self._dropped_seen
        self._dropped_seen += dropped
        entries: list[Entry] = []
        for _ in range(len(self._entries)):
            try:
                size, entry = self._entries.popleft()
            except IndexError:
                break
            self._bytes_out += size
            entries.append(entry)
        return entries, dropped
