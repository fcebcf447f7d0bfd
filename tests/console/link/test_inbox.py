"""The inbox is bounded; what it loses is counted, and a sync makes it right."""

from __future__ import annotations

from typing import Any

from console.link.inbox import Inbox
from server_core import records
from tests.support.make import Maker


def test_an_overflow_drops_all_and_begins_again_with_a_gap_and_a_sync() -> None:
    make = Maker()
    inbox = Inbox(max_records=5)
    assert inbox.put([make.received("a", "hi") for _ in range(5)])
    assert not inbox.put([make.received("a", "hi")])
    assert inbox.take() == []
    assert inbox.put([make.received("a", "lost too")])
    late = make.received("a", "kept")
    sync = make(records.Sync)
    assert inbox.put([make.received("a", "lost"), sync, late])
    gap, *rest = inbox.take()
    assert isinstance(gap, records.Gap)
    assert gap.lost == 8
    assert rest == [sync, late]
    assert inbox.put([late])
    assert inbox.take() == [late]


def test_bytes_are_bounded_too() -> None:
    make = Maker()
    inbox = Inbox(max_bytes=10_000)
    big: list[Any] = [make.received("a", "x" * 20_000)]
    assert not inbox.put(big)
