"""The history: the last records, bounded by count and by bytes; what is dropped is counted."""

from __future__ import annotations

from server_core.records import AnyRecord, PayloadRecord

#: Bytes that a record takes beside its payload, roughly.
OVERHEAD = 400


class History:
    """Records by number: the first ever kept is 0, and a record keeps its number when older ones go."""

    def __init__(self, max_records: int, max_bytes: int) -> None:
        self.max_records = max_records
        self._max_bytes = max_bytes
        self._records: list[AnyRecord] = []
        self._bytes = 0
        #: Number of the oldest record kept.
        self.first = 0

    @property
    def end(self) -> int:
        """Number that the next record will have."""
        return self.first + len(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, number: int) -> AnyRecord:
        return self._records[number - self.first]

    def since(self, number: int) -> list[AnyRecord]:
        """The records from this number on."""
        return self._records[max(0, number - self.first) :]

    def append(self, record: AnyRecord) -> None:
        self._records.append(record)
        self._bytes += _size(record)
        if len(self._records) > self.max_records * 1.05 or self._bytes > self._max_bytes * 1.05:
            self._trim()

    def _trim(self) -> None:
        """Drop the oldest in one go: one by one would move the list each time."""
        drop = max(0, len(self._records) - self.max_records)
        freed = sum(map(_size, self._records[:drop]))
        while self._bytes - freed > self._max_bytes and drop < len(self._records) - 1:
            freed += _size(self._records[drop])
            drop += 1
        del self._records[:drop]
        self._bytes -= freed
        self.first += drop


def _size(record: AnyRecord) -> int:
    return OVERHEAD + (len(record.data) + sum(map(len, record.attachments)) if isinstance(record, PayloadRecord) else 0)
