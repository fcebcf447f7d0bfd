"""What waits to be sent to one console: bounded, and never silent about what it dropped."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from server_core.records import Gap, Record, Sync, encode_batch, stands_for

#: Bytes of encoded records that may wait, in batches of at most `BATCH` records.
MAX_BYTES = 32 * 1024 * 1024
BATCH = 2_000


class Outbox:
    """Encoded batches for one console; when they are too many all are dropped, and a gap and a sync stand instead."""

    def __init__(self, syncs: Callable[[], Sequence[Sync]], max_bytes: int = MAX_BYTES) -> None:
        self._syncs = syncs
        self._max_bytes = max_bytes
        self._batches: deque[tuple[bytes, int]] = deque()
        self._bytes = 0
        self._ready = asyncio.Event()

    def put(self, records: Sequence[Record]) -> None:
        """Have these records sent, in order."""
        self._put(records)
        if self._bytes > self._max_bytes:
            lost = sum(count for _, count in self._batches)
            self._batches.clear()
            self._bytes = 0
            self.put_syncs(lost)

    def put_syncs(self, lost: int = 0) -> None:
        """Have a sync of each server sent, after a gap where records were lost."""
        why = "this console was too slow"
        for sync in self._syncs():
            gap = Gap(server=sync.server, epoch=sync.epoch, seq=sync.seq, time=sync.time, lost=lost, why=why)
            self._put([gap, sync] if lost else [sync])
            lost = 0  # counted once

    async def get(self) -> bytes:
        """The next batch; waits for one."""
        while not self._batches:
            self._ready.clear()
            await self._ready.wait()
        batch, _ = self._batches.popleft()
        self._bytes -= len(batch)
        return batch

    def _put(self, records: Sequence[Record]) -> None:
        for start in range(0, len(records), BATCH):
            part = records[start : start + BATCH]
            batch = encode_batch(part)
            self._batches.append((batch, sum(map(stands_for, part))))
            self._bytes += len(batch)
        self._ready.set()
