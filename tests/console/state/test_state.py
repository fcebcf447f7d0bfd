"""The state: history bounded, names found, rates counted."""

from __future__ import annotations

from typing import Any

import pytest

from console.query.context import Context
from console.query.parse import parse
from console.state.history import History
from console.state.names import label
from console.state.session import Session
from console.state.sockets import SocketListing
from console.state.state import State
from server_core import records
from server_core.records import SocketInfo
from tests.support.make import NOON, Maker


def state_of(made: list[Any], **options: Any) -> State:
    state = State(**options)
    state.apply(made)
    return state


@pytest.mark.parametrize(
    ("attributes", "auth", "expected"),
    [
        ({"user": '{"name":"bob","roles":["admin"]}'}, "{}", "bob"),
        ({"username": '"bea"'}, "{}", "bea"),
        ({"session": '{"user_name":"ben"}'}, "{}", "ben"),
        ({}, '{"name":"alice"}', "alice"),
        ({"count": "3"}, "{}", "ojIckSD2"),
        ({"user": "null"}, "not json", "ojIckSD2"),
    ],
)
def test_a_socket_is_called_what_people_call_it(attributes: dict[str, str], auth: str, expected: str) -> None:
    handshake = records.Handshake(auth=auth)
    socket = SocketInfo(id="ojIckSD2jqNzOqIrAGzL", nsp="/", engine="e", attributes=attributes, handshake=handshake)
    assert label(socket) == expected


def test_the_history_is_bounded_by_count_and_by_bytes_and_keeps_its_numbers() -> None:
    make = Maker()
    history = History(max_records=100, max_bytes=10**9)
    made = [make.received("a", "hi", number) for number in range(300)]
    for record in made:
        history.append(record)
    assert len(history) <= 105
    assert history.end == 300
    assert history[history.first] is made[history.first]
    assert history.since(298) == made[298:]
    small = History(max_records=10**6, max_bytes=50_000)
    for _ in range(100):
        small.append(make.received("a", "x" * 1_000))
    assert len(small) * 1_400 <= 50_000 * 1.06


def test_a_socket_that_is_gone_can_still_be_named() -> None:
    make = Maker()
    state = state_of([*make.socket("a", user="bob"), make(records.Disconnected, socket="a", reason="transport close")])
    assert state.socket("a") is None
    assert state.label("a") == "bob"
    assert state.label("never-seen") == "never-se"


def test_heartbeats_and_syncs_are_nothing_that_happened() -> None:
    make = Maker()
    made = [make(records.Sync), make(records.EngineHeartbeat, engine="e", rtt=1.0), make(records.Gap, lost=3, why="x")]
    state = state_of(made)
    assert [record.kind for record in state.history.since(0)] == ["gap"]
    assert state.lost == 3


def test_log_lines_are_bounded_and_counted() -> None:
    make = Maker(server=records.CONSOLE)
    lines = [make(records.Log, stream="stdout", text=str(number)) for number in range(10)]
    state = state_of(lines, max_log_lines=4)
    assert [line.text for line in state.log] == ["6", "7", "8", "9"]
    assert state.log_lines == 10
    assert state.rosters == {}


def test_rates_are_events_of_whole_seconds() -> None:
    make = Maker()
    now = NOON + 10_000_000_000
    made = [make.received("a", "x", time=now - 1_000_000_000) for _ in range(3)] + [make.sent("y", time=now)]
    assert state_of(made).rates(now, 3) == [0, 0, 3]


def test_two_servers_are_apart() -> None:
    one, two = Maker("one:io"), Maker("two:io")
    state = state_of([*one.socket("a"), *two.socket("b"), two(records.ServerStopped, why="crash")])
    assert {socket.id for socket in state.sockets()} == {"a"}


def test_sockets_are_filtered_and_sorted() -> None:
    make = Maker()
    made = [
        *make.socket("aaa", user="Zoe", rooms=("dev",)),
        *make.socket("bbb", user="amy", nsp="/chat"),
        *make.socket("ccc", user="bob", rooms=("dev", "x")),
        make.received("bbb", "hi"),
    ]
    state = state_of(made)
    session = Session(state)
    view = SocketListing(session)

    def ids(filter: str = "", sort: str = "connected", reverse: bool = False) -> list[str]:
        query = parse(filter)
        view.filter = query.bind(Context(session, lambda _: "", view.text_of)) if query else None
        view.sort, view.reverse = sort, reverse
        view.refresh()
        return view.ids

    assert ids() == ["aaa", "bbb", "ccc"]
    assert ids("dev") == ["aaa", "ccc"]
    assert ids("zoe") == ["aaa"]
    assert ids("/chat") == ["bbb"]
    assert ids("10.0.0.7") == ["aaa", "bbb", "ccc"]
    assert ids(sort="attributes") == ["bbb", "ccc", "aaa"]
    assert ids(sort="rooms", reverse=True) == ["ccc", "aaa", "bbb"]
    assert ids(sort="in", reverse=True)[0] == "bbb"
    assert ids(sort="last")[0] == "bbb"


def test_one_is_found_by_name_or_by_the_beginning_of_its_id() -> None:
    make = Maker()
    state = state_of([*make.socket("abc1", user="bob"), *make.socket("abc2", user="bea")])
    found = [state.find(text, "/") for text in ("bob", "abc2", "abc", "nobody")]
    assert [socket.id if socket else None for socket in found] == ["abc1", "abc2", None, None]
    assert state.find("bob", "/chat") is None


def test_names_outlive_the_server() -> None:
    make = Maker()
    for end in (make(records.ServerStopped, why="crash"), make(records.Sync)):
        state = state_of([*make.socket("a", user="bob"), end])
        assert (state.socket("a"), state.label("a")) == (None, "bob")
