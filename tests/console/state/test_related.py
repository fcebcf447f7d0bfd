"""What belongs to a record: the event of an ack, or of an exception."""

from __future__ import annotations

import pytest

from console.state import related
from console.state.related import Related
from console.state.state import State
from server_core import records
from server_core.records import Record
from tests.support.make import Maker


def event_of(made: list[Record], record: Record) -> Record | None:
    """The event that a record's details name."""
    state = State()
    state.apply([*made, record])  # type: ignore[list-item]
    return Related(state, record).event  # type: ignore[arg-type]


def test_an_acks_event_is_found_by_its_time_however_long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(related, "_FAR", 10)
    monkeypatch.setattr(related, "_AROUND", 10)
    make = Maker()
    asked = make.received("a", "save", id=1)
    sent = make.sent("ask", socket="a", id=1)
    others: list[Record] = [make.received("b", "tick", id=number) for number in range(500)]
    for kind, event in ((records.AckSent, asked), (records.AckReceived, sent)):
        ack = make(kind, socket="a", id=1, data="[]")
        elapsed = (ack.time - event.time) / 1e9
        ack = make(kind, socket="a", id=1, data="[]", time=ack.time, elapsed=elapsed)
        assert event_of([asked, sent, *others], ack) is event


@pytest.mark.parametrize("elapsed", [None, 3.0], ids=["without its time", "with a wrong one"])
def test_an_acks_event_is_looked_for_where_no_time_leads_to_it(
    elapsed: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(related, "_AROUND", 2)
    make = Maker()
    before: list[Record] = [make.received("b", "tick", id=number) for number in range(50)]
    asked = make.received("a", "save", id=1)
    after: list[Record] = [make.received("a", "save", id=number) for number in range(2, 50)]
    ack = make(records.AckSent, socket="a", id=1, data="[]", elapsed=elapsed)
    assert event_of([*before, asked, *after], ack) is asked
    assert event_of([*before, *after], ack) is None


def test_an_exceptions_event_is_the_last_one_that_it_names() -> None:
    make = Maker()
    first, last = make.received("a", "save"), make.received("a", "save")
    others = [make.received("a", "tick"), make.received("b", "save")]
    raised = make(records.HandlerException, socket="a", where="on 'save'", type="E", message="", traceback="")
    assert event_of([first, last, *others], raised) is last
