"""Timelines: extended as records come, and the same as if made anew."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.state import timeline
from console.state.session import Session
from console.state.state import State
from console.state.timeline import Timeline
from server_core import records
from server_core.records import Record
from server_core.roster import Roster
from tests.server_core.test_roster import IDS, histories
from tests.support.make import Maker


class Contains:
    """A filter for records of a kind, or about a socket."""

    def __init__(self, text: str) -> None:
        self._text = text

    def takes_record(self, record: Any) -> bool:
        return self._text in f"{record.kind} {getattr(record, 'socket', '')}"

    def takes_socket(self, socket: Any) -> bool:
        raise NotImplementedError

    takes_room = takes_client = takes_server = takes_socket


@settings(max_examples=200)
@given(histories(), st.data())
def test_extending_shows_the_same_as_beginning_anew(made: list[Any], data: st.DataObject) -> None:
    state = State(max_records=20)
    socket = data.draw(st.sampled_from([None, *IDS]))
    filter = data.draw(st.sampled_from([None, Contains("room"), Contains(" a")]))
    early = Timeline(Session(state))
    at = data.draw(st.integers(0, len(made)))
    state.apply(made[:at])
    early.set(filter=filter, socket=socket)
    state.apply(made[at:])
    early.extend()
    late = Timeline(Session(state))
    late.set(filter=filter, socket=None)
    if socket is None:
        assert early.numbers == late.numbers
    assert all(number >= state.history.first for number in early.numbers)
    assert len({early[row].seq for row in range(len(early))}) == len(early)


def sensible(make: Maker) -> st.SearchStrategy[list[Any]]:
    """Histories such as a server sends them."""

    @st.composite
    def build(draw: st.DrawFn) -> list[Any]:
        roster = Roster()
        made: list[Any] = []

        def add(*more: Record) -> None:
            for record in more:
                roster.apply(record)
                made.append(record)

        for _ in range(draw(st.integers(0, 40))):
            sid, room = draw(st.sampled_from(IDS)), draw(st.sampled_from(("lobby", "dev")))
            live = roster.sockets.get(sid)
            match draw(st.integers(0, 5)):
                case 0 if live is None:
                    add(*make.socket(sid, rooms=(room,)))
                case 1 if live and room not in live.rooms:
                    add(make(records.RoomJoined, socket=sid, room=room))
                case 2 if live and room in live.rooms:
                    add(make(records.RoomLeft, socket=sid, room=room))
                case 3 if live:
                    add(make(records.Disconnected, socket=sid, reason="transport close", rooms=live.rooms))
                case 4:
                    add(make.sent("hi", rooms=(room,), sockets=len(roster.recipients("/", (room,), ()))))
                case 5:
                    add(make.sent("all", except_=(sid,), sockets=len(roster.recipients("/", (), (sid,)))))
        return made

    return build()


@settings(max_examples=200)
@given(st.data())
def test_a_sockets_timeline_holds_exactly_the_broadcasts_that_reached_it(data: st.DataObject) -> None:
    made = data.draw(sensible(Maker()))
    socket = data.draw(st.sampled_from(IDS))
    at = data.draw(st.integers(0, len(made)))
    roster = Roster()
    expected: list[Any] = []
    for record in made:
        roster.apply(record)
        if isinstance(record, records.EventSent):
            if socket in roster.recipients(record.nsp, record.rooms, record.except_):
                expected.append(record)
        elif getattr(record, "socket", None) == socket:
            expected.append(record)
    state = State()
    state.apply(made[:at])
    extended = Timeline(Session(state))
    extended.set(socket=socket)
    state.apply(made[at:])
    extended.extend()
    anew = Timeline(Session(state))
    anew.set(socket=socket)
    assert [anew[row] for row in range(len(anew))] == expected
    assert [extended[row] for row in range(len(extended))] == expected


def test_what_is_newest_is_found_first_and_rows_keep_their_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "FIRST", 0.0)
    make, state = Maker(), State()
    state.apply([make.received("a", "hi", number) for number in range(5_000)])
    shown = Timeline(Session(state))
    shown.set(filter=Contains("event"))
    assert shown[len(shown) - 1] is state.history[4_999]
    assert 0 < len(shown) < 5_000
    assert shown.progress < 1
    at = shown.dropped + len(shown) - 1
    state.apply([make.received("a", "hi", number) for number in range(5_000, 5_010)])
    while shown.progress < 1:
        shown.extend(0.0)
        assert shown[at - shown.dropped] is state.history[4_999]
    assert shown.numbers == list(range(5_010))


def test_a_row_keeps_its_record_when_old_ones_go() -> None:
    make = Maker()
    state = State(max_records=10)
    shown = Timeline(Session(state))
    shown.set()
    for number in range(30):
        state.apply([make.received("a", "hi", number)])
        shown.extend()
    assert shown.dropped + len(shown) == 30
    ends: list[Any] = [shown[0], shown[len(shown) - 1]]
    assert [record.args for record in ends] == [[shown.dropped], [29]]
