"""Who is live, folded from records: the same for whoever came late."""

from __future__ import annotations

import gc
import weakref

from hypothesis import given
from hypothesis import strategies as st

from server_core import records
from server_core.records import Record, decode_batch, encode_batch
from server_core.roster import Roster
from tests.support.make import Maker

IDS = ("a", "b", "c")
ROOMS = ("lobby", "dev", "a")


def fold(made: list[Record], roster: Roster | None = None) -> Roster:
    roster = roster or Roster()
    for record in made:
        roster.apply(record)
    return roster


@st.composite
def histories(draw: st.DrawFn) -> list[Record]:
    """Any records about three sockets, in any order: also such as no server would send."""
    make = Maker()
    made: list[Record] = [make(records.ServerStarted, info=records.ServerInfo(target="t"))]
    for _ in range(draw(st.integers(0, 40))):
        sid, room = draw(st.sampled_from(IDS)), draw(st.sampled_from(ROOMS))
        match draw(st.integers(0, 11)):
            case 0 | 1:
                made += make.socket(sid, rooms=(room,))
            case 2:
                made.append(make(records.RoomJoined, socket=sid, room=room))
            case 3:
                made.append(make(records.RoomLeft, socket=sid, room=room))
            case 4:
                made.append(make(records.AttributeSet, socket=sid, name=room, value="1"))
            case 5:
                made.append(make(records.AttributeDeleted, socket=sid, name=room))
            case 6:
                made.append(make.received(sid, "hi"))
            case 7:
                made.append(make.sent("hi", rooms=(room,), except_=(sid,)))
            case 8:
                made.append(make(records.Disconnected, socket=sid, reason="transport close"))
            case 9:
                made.append(make(records.EngineHeartbeat, engine=f"engine-{sid}", rtt=0.01))
            case 10:
                made.append(make(records.EngineClosed, engine=f"engine-{sid}", reason="transport close"))
            case 11:
                made.append(make(records.Refused, socket=sid, engine=f"engine-{sid}", message="no"))
    return made


@given(histories(), st.data())
def test_from_a_sync_on_is_the_same_as_from_the_start(made: list[Record], data: st.DataObject) -> None:
    late = data.draw(st.integers(0, len(made)))
    sync = fold(made[:late]).to_sync(server="s", epoch=1, seq=late, time=1)
    arrived = [*decode_batch(encode_batch([sync])), *made[late:]]
    assert fold(arrived) == fold(made)


@given(histories())
def test_rooms_and_sockets_say_the_same(made: list[Record]) -> None:
    roster = fold(made)
    connected = {id: socket for id, socket in roster.sockets.items() if socket.connected}
    from_sockets = {((socket.nsp, room), id) for id, socket in connected.items() for room in socket.rooms}
    assert {(key, id) for key, members in roster.rooms.items() for id in members} == from_sockets
    assert {id for members in roster.namespaces.values() for id in members} == set(connected)


def test_a_copy_is_not_changed_by_what_follows() -> None:
    make = Maker()
    roster = fold(make.socket("a", rooms=("lobby",)))
    copy = roster.copy()
    before = fold([], copy.copy())
    fold([*make.socket("b", rooms=("lobby",)), make.sent("hi", rooms=("lobby",), sockets=2)], roster)
    assert copy == before
    assert copy != roster


def test_a_copy_that_nobody_holds_is_gone_at_once() -> None:
    copy = fold(Maker().socket("a", rooms=("lobby",))).copy()
    there = weakref.ref(copy)
    gc.disable()
    try:
        del copy
        assert there() is None
    finally:
        gc.enable()


def test_a_broadcast_counts_for_each_that_it_reached_and_for_nobody_else() -> None:
    make = Maker()
    made = [*make.socket("a", rooms=("x",)), *make.socket("b", rooms=("x", "y")), *make.socket("c", rooms=("y",))]
    roster = fold([*made, make.sent("hi", rooms=("x", "y"), except_=("a",), sockets=2), make.sent("all", sockets=3)])
    assert [roster.counters_of(id).sent for id in IDS] == [1, 2, 2]


def test_a_socket_in_a_middleware_is_in_no_room_yet() -> None:
    make = Maker()
    made = make.socket("a", rooms=("x",))
    roster = fold(made[:2])
    assert roster.sockets["a"].connected == 0
    assert roster.rooms == {}
    assert roster.recipients("/", (), ()) == []


def test_a_server_that_ended_has_nobody() -> None:
    make = Maker()
    roster = fold([*make.socket("a"), make(records.ServerStopped, why="SIGTERM")])
    assert (roster.sockets, roster.engines, roster.rooms, roster.counters) == ({}, {}, {}, {})
