"""Records that arrived and were not taken yet: bounded, and what is lost is counted."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from server_core.records import AnyRecord, Gap, PayloadRecord, ServerStopped, Sync, stands_for

MAX_RECORDS = 100_000
MAX_BYTES = 64 * 1024 * 1024
#: Bytes that a record takes beside its payload, roughly.
_OVERHEAD = 400


class Inbox:
    """Filled by the link's thread, emptied by the screen's.

    When it overflows all of it is dropped, and what follows too until a sync comes, or the server ends: a gap says how
    much was lost.
    """

    def __init__(self, max_records: int = MAX_RECORDS, max_bytes: int = MAX_BYTES) -> None:
        self._lock = threading.Lock()
        self._records: list[AnyRecord] = []
        self._bytes = 0
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._lost = 0

    def put(self, records: Sequence[AnyRecord]) -> bool:
        """Add records; False when they could not be kept, and a sync has to be asked for."""
        with self._lock:
            if self._lost:
                records = self._after_loss(records)
                if not records:
                    return True  # the sync that was asked for is on its way
            self._records.extend(records)
            self._bytes += sum(map(_size, records))
            if len(self._records) <= self._max_records and self._bytes <= self._max_bytes:
                return True
            self._lost = sum(map(stands_for, self._records))
            self._records, self._bytes = [], 0
            return False

    def take(self) -> list[AnyRecord]:
        """All that is there, oldest first."""
        with self._lock:
            records, self._records, self._bytes = self._records, [], 0
            return records

    def _after_loss(self, records: Sequence[AnyRecord]) -> Sequence[AnyRecord]:
        for index, record in enumerate(records):
            if isinstance(record, Sync | ServerStopped):
                gap = Gap(
                    server=record.server,
                    epoch=record.epoch,
                    seq=record.seq,
                    time=record.time,
                    lost=self._lost + sum(map(stands_for, records[:index])),
                    why="the screen was too slow",
                )
                self._lost = 0
                return [gap, *records[index:]]
        self._lost += sum(map(stands_for, records))
        return ()


def _size(record: AnyRecord) -> int:
    return _OVERHEAD + (record.size if isinstance(record, PayloadRecord) else 0)
