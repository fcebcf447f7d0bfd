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


def test_a_gap_that_is_lost_is_counted_for_what_it_stands_for() -> None:
    make = Maker()
    inbox = Inbox(max_records=3)
    gap = make(records.Gap, lost=100, why="the ring was full")
    assert not inbox.put([make.received("a", "hi"), gap, make.received("a", "hi"), make.received("a", "hi")])
    assert inbox.put([gap])
    assert inbox.put([gap, make(records.Sync)])
    found = inbox.take()[0]
    assert isinstance(found, records.Gap)
    assert found.lost == 303


def test_bytes_are_bounded_too() -> None:
    make = Maker()
    inbox = Inbox(max_bytes=10_000)
    big: list[Any] = [make.received("a", "x" * 20_000)]
    assert not inbox.put(big)
