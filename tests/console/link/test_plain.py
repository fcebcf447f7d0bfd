"""The Admin UI's protocol read as records: what both kinds of servers were heard to say, and their quirks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.link.plain import PlainReader
from server_core import records
from server_core.records import AnyRecord, Connected, Disconnected, EventReceived, EventSent, RoomJoined, RoomLeft, Sync
from server_core.roster import Roster

CAPTURES = Path(__file__).parent / "captures"
SECOND = 1_000_000_000

R = TypeVar("R")


def capture(file: str, label: str) -> list[tuple[float, str, list[Any]]]:
    lines = map(json.loads, (CAPTURES / f"{file}.ndjson").read_text().splitlines())
    return [(line["t"], line["event"], line["args"]) for line in lines if line["label"] == label]


def read(file: str, label: str) -> tuple[PlainReader, list[AnyRecord]]:
    """All that was said, and what it became; the events of one instant are taken together."""
    reader = PlainReader("server")
    heard = capture(file, label)
    config = next(args for _, event, args in heard if event == "config")
    reader.config(*config)
    out: list[AnyRecord] = []
    for at, event, args in heard:
        if event != "config":
            reader.read(event, args, at)
    reader.tick(heard[-1][0])
    return reader, [*out, *reader.take()]


def of(kind: type[R], found: list[AnyRecord]) -> list[R]:
    return [record for record in found if isinstance(record, kind)]


def fold(found: list[AnyRecord]) -> Roster:
    roster = Roster()
    for record in found:
        roster.apply(record)
    return roster


def socket(id: str = "a", **fields: Any) -> dict[str, Any]:
    handshake = {"address": "10.0.0.7", "headers": {}, "query": {}, "issued": 1_700_000_000_000, "xdomain": False}
    made = {"id": id, "clientId": f"engine-{id}", "transport": "polling", "nsp": "/", "data": {}, "rooms": [id]}
    return {**made, "handshake": {**handshake, **fields.pop("handshake", {})}, **fields}


def python_socket(id: str = "a", issued: float = 1_700_000_000_000.5, **fields: Any) -> dict[str, Any]:
    made = socket(id, **fields)
    del made["handshake"]["xdomain"]
    made["handshake"]["issued"] = issued
    return made


def a_reader(kind: str = "node", **options: Any) -> PlainReader:
    reader = PlainReader("server", **options)
    acting = ["EMIT", "JOIN", "LEAVE", "DISCONNECT", "MJOIN"]
    figures = ["AGGREGATED_EVENTS", "ALL_EVENTS"]
    reader.config({"supportedFeatures": [*acting, *figures] if kind == "node" else [*figures, *acting]})
    reader.read("all_sockets", [[]], 0.0)
    reader.take()
    return reader


@pytest.mark.parametrize(
    ("file", "label", "kind", "ids"),
    [("node", "node-basic-dev", "node", 3), ("python", "py-noauth-dev-adminfirst", "python", 4)],
)
def test_a_session_as_it_was_heard(file: str, label: str, kind: str, ids: int) -> None:
    reader, found = read(file, label)
    assert reader.kind == kind
    assert reader.development
    assert isinstance(found[0], Sync)
    assert not [record for record in found if getattr(record, "nsp", "/") == "/admin"]
    assert fold(found).sockets == reader.roster.sockets == {}
    assert fold(found).engines.keys() == reader.roster.engines.keys()


def in_order(file: str, label: str) -> list[AnyRecord]:
    """What a console hands on that takes whatever came after each event."""
    reader = PlainReader("server")
    found: list[AnyRecord] = []
    heard = capture(file, label)
    reader.config(*next(args for _, event, args in heard if event == "config"))
    for at, event, args in heard:
        if event != "config":
            reader.read(event, args, at)
            found += reader.take()
    return found


def test_node_as_it_was_heard() -> None:
    found = in_order("node", "node-basic-dev")
    assert [record.nsp for record in of(Connected, found)] == ["/", "/chat", "/"]
    alice = of(Connected, found)[0].socket
    assert [r.event for r in of(EventReceived, found) if r.socket == alice][:2] == ["echo", "join"]
    assert {r.reason for r in of(Disconnected, found)} == {"server namespace disconnect", "client namespace disconnect"}
    assert [(r.room, r.socket == alice) for r in of(RoomLeft, found)] == [("r1", True), ("vip", True)]
    rooms = {r.room for r in of(RoomJoined, found) if r.socket == alice}
    assert rooms == {"lobby", "r1", "vip"}  # its own room is its acceptance
    attributes = {r.name: r.value for r in of(records.AttributeSet, found) if r.socket == alice}
    assert attributes["user"] == '{"name":"Alice II","roles":["a","admin"]}'
    assert of(records.EngineUpgraded, found)[0].transport == "websocket"
    info = of(Sync, found)[-1].info
    assert (info.node, info.pid) == ("node-3102", 12257)
    assert info.features == ("EMIT", "JOIN", "LEAVE", "DISCONNECT", "CLOSE")


def test_python_as_it_was_heard() -> None:
    found = in_order("python", "py-noauth-dev-adminfirst")
    first = of(records.Connecting, found)[0]
    assert first.handshake.headers["user-agent"] == "node-XMLHttpRequest"
    assert first.handshake.headers["x-app"] == "demo"
    assert first.handshake.issued == 1795382572423
    # the fourth was refused by the app: the server tells of no end of it but that it left its own room
    assert len(of(Connected, found)) == 4
    assert len(of(Disconnected, found)) == 4
    assert sum("refused" in r.reason for r in of(Disconnected, found)) == 1
    assert fold(found).sockets == {}
    assert {r.room for r in of(RoomJoined, found) if r.socket == first.socket} == {"lobby", "r1", "vip"}


@pytest.mark.parametrize(
    ("file", "label"), [("node", "node-noauth-dev-clientsfirst"), ("python", "py-noauth-dev-clientsfirst")]
)
def test_clients_that_were_there_first_are_no_news(file: str, label: str) -> None:
    found = in_order(file, label)
    (first,) = [record for record in found if isinstance(record, Sync)][:1]
    assert found[0] is first
    assert not of(Connected, found)
    assert len(of(Disconnected, found)) == 2


@pytest.mark.parametrize(("file", "label"), [("node", "node-noauth-production"), ("python", "py-noauth-production")])
def test_production_mode_tells_no_more_than_figures(file: str, label: str) -> None:
    reader, found = read(file, label)
    assert not reader.development
    assert reader.listed
    assert {type(record) for record in found} == {Sync}
    info = reader.roster.info
    assert "in production mode" in info.library
    assert not info.has_acks or not info.features


def test_an_emit_to_many_is_one_record() -> None:
    reader = a_reader()
    reader.read("all_sockets", [[socket("a"), socket("b"), socket("c")]], 0.0)
    for id, ms in (("a", 1), ("b", 2), ("c", 3), ("a", 4)):
        reader.read("event_sent", ["/", id, ["news", 1], f"2023-11-14T22:13:20.{ms:03}Z"], 1.0)
    reader.read("event_sent", ["/", "a", ["other"], "2023-11-14T22:13:20.005Z"], 1.0)
    sent = of(EventSent, reader.take())
    assert [(r.event, r.sockets, r.rooms) for r in sent] == [
        ("news", 3, ("a", "b", "c")),
        ("news", 1, ("a",)),
        ("other", 1, ("a",)),
    ]
    assert reader.roster.counters_of("a").sent == 3


def test_what_python_repeats_with_each_ping_is_no_news() -> None:
    reader = a_reader("python")
    at = "2023-11-14T22:13:20.000000+00:00"
    reader.read("socket_connected", [python_socket(rooms=["a", "x"]), at], 1.0)
    reader.take()
    again = python_socket(rooms=["a", "y"], transport="websocket")
    reader.read("socket_connected", [again, "2023-11-14T22:13:45+00:00"], 26.0)
    found = reader.take()
    assert [type(record) for record in found] == [records.EngineUpgraded, RoomJoined, RoomLeft]
    reader.read("socket_connected", [again, "2023-11-14T22:14:10+00:00"], 51.0)
    assert reader.take() == []


def test_python_sockets_that_the_list_missed_come_with_their_pings() -> None:
    reader = PlainReader("server", ping=25)
    reader.config({"supportedFeatures": ["AGGREGATED_EVENTS", "EMIT", "ALL_EVENTS"]})
    reader.tick(10.0)
    assert reader.take() == []
    reader.tick(14.0)  # the list does not come
    assert [type(record) for record in reader.take()] == [Sync]
    reader.read("socket_connected", [python_socket(), "2023-11-14T22:20:00+00:00"], 15.0)
    (sync,) = reader.take()
    assert isinstance(sync, Sync)
    assert [each.socket.id for each in sync.sockets] == ["a"]


def test_python_sockets_that_two_pings_do_not_confirm_are_gone() -> None:
    reader = a_reader("python", ping=25)
    reader.read("socket_connected", [python_socket(), "2023-11-14T22:13:20+00:00"], 0.0)
    reader.tick(50.0)
    assert of(Disconnected, reader.take()) == []
    reader.tick(60.0)
    (gone,) = of(Disconnected, reader.take())
    assert "two pings" in gone.reason
    node = a_reader("node")
    node.read("socket_connected", [socket(), "2023-11-14T22:13:20Z"], 0.0)
    node.tick(1e6)
    assert of(Disconnected, node.take()) == []


def test_a_connection_without_a_socket_is_let_go_after_a_while() -> None:
    reader = a_reader()
    reader.read("socket_connected", [socket("a"), None], 0.0)
    reader.read("socket_disconnected", ["/", "a", "client namespace disconnect", None], 1.0)
    reader.tick(5.0)
    assert reader.roster.engines
    reader.tick(20.0)
    assert not reader.roster.engines
    reader.read("socket_connected", [socket("b"), None], 21.0)
    reader.read("socket_disconnected", ["/", "b", "transport close", None], 22.0)
    assert not reader.roster.engines


def test_attributes_follow_the_sockets_data() -> None:
    reader = a_reader()
    reader.read("socket_connected", [socket(data={"user": "bob", "n": 1}), None], 0.0)
    reader.take()
    reader.read("socket_updated", [{"id": "a", "nsp": "/", "data": {"user": "eve", "more": [b"\x00"]}}], 0.0)
    changed = reader.take()
    assert {r.name: r.value for r in of(records.AttributeSet, changed)} == {"user": '"eve"', "more": '"<1 bytes>"'}
    assert [r.name for r in of(records.AttributeDeleted, changed)] == ["n"]


def test_sockets_of_another_server_of_the_cluster_are_left_to_it() -> None:
    reader = a_reader(mine=lambda _nsp, who: who == "a")
    for id in ("a", "b"):
        reader.read("socket_connected", [socket(id), None], 0.0)
        reader.read("event_received", ["/", id, ["hi"], None], 0.0)
        reader.read("event_sent", ["/", id, ["hi"], None], 0.0)
    found = reader.take()
    assert {getattr(record, "socket", "a") for record in found} == {"a"}


def test_sockets_of_a_server_that_was_lost_are_told_of_whole() -> None:
    theirs = {"b"}
    reader = a_reader(mine=lambda _nsp, who: who not in theirs)
    for id in ("a", "b"):
        reader.read("socket_connected", [socket(id, rooms=[id, "lobby"]), None], 0.0)
    reader.read("event_sent", ["/", "b", ["hi"], None], 0.0)
    assert {getattr(record, "socket", "a") for record in reader.take()} == {"a"}
    assert [r.socket for r in reader.elsewhere if isinstance(r, EventSent)] == ["b"]
    theirs.clear()
    reader.read("event_received", ["/", "b", ["hi"], None], 1.0)
    found = reader.take()
    assert [type(record) for record in found] == [EventReceived, Sync]
    roster = fold(found)
    assert roster.rooms["/", "lobby"].keys() == {"a", "b"}
    assert roster.counters_of("b").sent == 1
    reader.read("room_joined", ["/", "vip", "b", None], 2.0)
    assert [type(record) for record in reader.take()] == [RoomJoined]


def stats(name: str, pid: int) -> list[Any]:
    return [{"serverId": name, "pid": pid, "uptime": 5.0, "namespaces": [{"name": "/"}]}]


def test_the_one_server_that_tells_of_itself_is_named() -> None:
    reader = a_reader()
    for at in (0.0, 2.0, 60.0):
        reader.read("server_stats", stats("host", 7), at)
        reader.tick(at + 1)
    (sync,) = [record for record in reader.take() if isinstance(record, Sync)]
    assert (sync.info.node, sync.info.pid, sync.info.nodes) == ("host", 7, ())
    assert sync.info.started


def test_of_several_servers_none_is_named_until_the_others_are_silent() -> None:
    reader = a_reader()
    for name, pid in (("host", 7), ("host", 8), ("other", 7)):
        reader.read("server_stats", stats(name, pid), 0.0)
    (sync,) = of(Sync, reader.take())
    assert (sync.info.node, sync.info.pid, sync.info.started) == ("", 0, 0)
    assert sync.info.nodes == ("host#7", "host#8", "other")
    reader.read("server_stats", stats("host", 8), 8.0)
    reader.tick(12.0)
    gap, last = reader.take()
    assert isinstance(gap, records.Gap)
    assert "host, other of the cluster fell silent" in gap.why
    assert isinstance(last, Sync)
    assert (last.info.node, last.info.pid, last.info.nodes) == ("host", 8, ())
    reader.tick(60.0)  # when all are silent it is the connection
    assert reader.take() == []


def test_what_no_record_can_hold_says_nothing() -> None:
    reader = a_reader()
    deep: Any = 1
    for _ in range(5_000):
        deep = [deep]
    reader.read("event_received", ["/", "a", ["deep", deep], None], 0.0)
    reader.read("socket_connected", [socket(handshake={"issued": float("inf")}), None], 0.0)
    reader.read("event_received", ["/", "a", ["\ud800"], None], 0.0)
    assert reader.take() == []


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
EVENTS = (
    *("server_stats", "all_sockets", "socket_connected", "socket_updated", "socket_disconnected", "room_joined"),
    *("room_left", "event_received", "event_sent", "session", "whatever"),
)
events = st.sampled_from(EVENTS)
near = st.fixed_dictionaries(
    {"id": st.sampled_from(["a", "b"]), "nsp": st.sampled_from(["/", "/x"]), "handshake": anything},
    optional={"clientId": anything, "rooms": anything, "data": anything, "transport": anything},
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(events, st.lists(anything | near | st.lists(near, max_size=2), max_size=5)), max_size=12))
def test_whatever_a_server_says_is_survived(said: list[tuple[str, list[Any]]]) -> None:
    reader = a_reader()
    for event, args in said:
        reader.read(event, args, 1.0)
    found = reader.take()
    assert fold([*a_reader().resync(), *found]).sockets.keys() <= reader.roster.sockets.keys()
    records.encode_batch(found)
