"""What waits for a console is bounded; what it loses is counted, whatever was lost before."""

from __future__ import annotations

import asyncio

from server_core import records
from server_core.outbox import Outbox
from server_core.records import decode_batch
from tests.support.make import Maker


async def test_an_overflow_counts_all_that_is_lost_with_it() -> None:
    make = Maker()
    outbox = Outbox(lambda: [make(records.Sync)], max_bytes=1_000)
    outbox.put([make(records.Gap, lost=40, why="the ring was full"), make.received("a", "hi")])
    outbox.put([make.received("a", "x" * 2_000)])
    batch = decode_batch(await asyncio.wait_for(outbox.get(), 1))
    assert isinstance(batch[0], records.Gap)
    assert batch[0].lost == 42
    assert [record.kind for record in batch] == ["gap", "sync"]
