"""The records with the most of something: the slowest acks, the largest payloads."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator

from console.state.filter import Filter
from console.state.history import Records
from server_core.records import AnyRecord

#: Records that are found.
MOST = 100


def most(records: Records, filter: Filter, of: Callable[[AnyRecord], float]) -> Iterator[list[AnyRecord]]:
    """Those that a filter takes and that have the most, the first with the most: after each piece of the search."""
    found: list[tuple[float, int, AnyRecord]] = []
    for matches in records.search(filter, records.first, records.end):
        for number in matches.numbers:
            if number < records.first:  # dropped meanwhile
                continue
            record = records[number]
            entry = of(record), number, record
            if len(found) < MOST:
                heapq.heappush(found, entry)
            elif entry[:2] > found[0][:2]:
                heapq.heapreplace(found, entry)
        yield [record for _, _, record in sorted(found, key=lambda each: each[:2], reverse=True)]
