"""What a query matches, and what is said of one that is none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.lines import Reader
from console.query.complete import complete
from console.query.context import Context
from console.query.errors import QueryError
from console.query.fields import FIELDS, KINDS
from console.query.parse import OPERATORS, parse
from console.state.session import Session
from console.state.sockets import SocketListing
from console.state.state import State
from server_core import records
from tests.support.make import NOON, Maker

MAKE = Maker()


def world() -> tuple[State, Context, list[Any]]:
    """Three sockets and what they did."""
    state = State()
    make = Maker()
    happened: list[Any] = [make(records.ServerStarted, info=records.ServerInfo(target="chat:io"))]
    happened += make.socket("aaaa", rooms=("lobby", "dev"), user={"name": "Alice", "roles": ["admin", "x"]}, level=7)
    happened += make.socket("bbbb", nsp="/chat", rooms=("lobby",), user={"name": "bob"}, active=True)
    happened += make.socket("cccc", auth={"name": "carol"})
    happened += [
        make(records.EngineUpgraded, engine="engine-bbbb", transport="polling"),
        make(records.EngineHeartbeat, engine="engine-aaaa", rtt=0.08),
        make.received("aaaa", "message", "lobby", {"text": "Hello (world)", "n": 5}),
        make.sent("message", "lobby", {"text": "Hello"}, rooms=("lobby",), sockets=3),
        make(records.AckSent, socket="aaaa", id=1, elapsed=0.25, data='[{"ok":true}]'),
        make.received("bbbb", "typing", "x" * 2_000, nsp="/chat"),
        make(records.EventBlocked, socket="bbbb", nsp="/chat", data='["admin"]', message="unauthorized event"),
        make(records.Refused, engine="e", socket="dddd", message="unknown user", by="authenticate"),
        make(records.Disconnected, socket="cccc", reason="ping timeout", rooms=frozenset({"cccc", "den"})),
    ]
    state.apply(happened)
    session = Session(state)
    context = Context(session, Reader(session).text_of, SocketListing(session).text_of)
    context.now = lambda: NOON + 3_600_000_000_000  # type: ignore[method-assign]
    return state, context, happened


STATE, CONTEXT, HAPPENED = world()


def sockets(text: str) -> set[str]:
    query = parse(text)
    assert query
    return {socket.id for socket in STATE.sockets() if query.matches_socket(socket, CONTEXT)}


def found(text: str) -> list[str]:
    query = parse(text)
    assert query
    return [record.kind for record in HAPPENED[-7:] if query.matches_record(record, CONTEXT)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alice", {"aaaa"}),
        ("ALICE", {"aaaa"}),
        (r'"\"name\":\"bob\""', {"bbbb"}),
        ("/^bb/", {"bbbb"}),
        ("/b{4}|alice/", {"aaaa", "bbbb"}),
        ("room:lobby", {"aaaa", "bbbb"}),
        ("room:lob", {"aaaa", "bbbb"}),
        ("room=lob", set()),
        ("room:/^lo/", {"aaaa", "bbbb"}),
        ("room:lobby room:dev", {"aaaa"}),
        ("room:lobby and !room:dev", {"bbbb"}),
        ("room:dev or nsp:/chat", {"aaaa", "bbbb"}),
        ("!(room:dev or nsp:/chat)", set()),
        ("!room:dev !nsp=/chat", set()),
        ("attr.user.name:b*", {"bbbb"}),
        ("attr.user.name:*b", {"bbbb"}),
        ("attr.user.roles[0]:admin", {"aaaa"}),
        ("attr.user:", {"aaaa", "bbbb"}),
        ("attr.active:true", {"bbbb"}),
        ("attr.level>6", {"aaaa"}),
        ("attr.level>7", set()),
        ("attr.active>0", set()),
        ("header.user-agent:TEST", {"aaaa", "bbbb"}),
        ("query.EIO=4", {"aaaa", "bbbb"}),
        ("transport:polling", {"bbbb"}),
        ("addr:10.0.*", {"aaaa", "bbbb"}),
        ("rtt>50ms", {"aaaa"}),
        ("rtt>0.1s", set()),
        ("id:aa", {"aaaa"}),
        ("who:bob", {"bbbb"}),
        ("in>0", {"aaaa", "bbbb"}),
        ("rooms>=2", {"aaaa"}),
        ("age>59m", {"aaaa", "bbbb"}),
        ("age<5m", set()),
        # what only records have says nothing of sockets
        ("who:bob ack>1s", {"bbbb"}),
        ("ack>1s", {"aaaa", "bbbb"}),
        ("ack>1s or who:bob", {"bbbb"}),
        ("!ack>1s", {"aaaa", "bbbb"}),
    ],
)
def test_sockets(text: str, expected: set[str]) -> None:
    assert sockets(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello", ["event_received", "event_sent"]),
        ("event:message", ["event_received", "event_sent"]),
        ("event:mess", ["event_received", "event_sent"]),
        ("event=mess", []),
        ("dir:in", ["event_received", "event_received", "event_blocked"]),
        ("dir:out", ["event_sent", "ack_sent"]),
        ("dir:out !kind:ack*", ["event_sent"]),
        ("kind:refused", ["refused"]),
        ("refused", ["event_blocked", "refused"]),
        ("kind:event*", ["event_received", "event_sent", "event_received", "event_blocked"]),
        ("arg[0]:lobby", ["event_received", "event_sent"]),
        ("arg[1].text:hello", ["event_received", "event_sent"]),
        ('arg[1].text:"hello (world)"', ["event_received"]),
        ("arg[1].n>4", ["event_received"]),
        ("arg[0].ok:true", ["ack_sent"]),
        ("ack>200ms", ["ack_sent"]),
        ("ack>0.2s", ["ack_sent"]),
        ("ack>=250000us", ["ack_sent"]),
        ("ack<200ms", []),
        ("size>1k", ["event_received"]),
        ("sockets=3", ["event_sent"]),
        ('reason:"ping timeout"', ["disconnected"]),
        ("reason:unknown", ["refused"]),
        ("reason:/unauth/", ["event_blocked"]),
        ("room:den", ["disconnected"]),
        ("who:carol", ["disconnected"]),
        ("nsp:/chat", ["event_received", "event_blocked"]),
        ("attr.user.name:bob", ["event_received", "event_blocked"]),
        ("transport:polling dir:in", ["event_received", "event_blocked"]),
        ("id:dddd", ["refused"]),
        ("(event:typing or kind:refused) !who:alice", ["event_received", "refused"]),
    ],
)
def test_records(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ("foo:bar", 'there is no field "foo"', 0),
        ("alice (", "missing at the end", 7),
        ("alice)", "not expected", 5),
        ('alice "bo', "not closed", 6),
        ("room:/(/", "not a regular expression", 6),
        ("/(/", "not a regular expression", 1),
        ("ack>", "needs a value, as in ack>200ms", 4),
        ("ack>fast", "fast is no duration", 4),
        ("size>1q", "1q is no size", 5),
        ("alice or", "missing at the end", 8),
        ("!", "missing at the end", 1),
        ("/foo(", "the / at the end of the regular expression is missing", 5),
        ("bob room:/foo(", "the / at the end of the regular expression is missing", 14),
        ("nsp:/chat (", "something is missing at the end", 11),
        ("dir:sideways", "dir is in or out", 4),
        ("kind:foo", 'there is no kind "foo"', 5),
        ("kind=event", 'there is no kind "event"', 5),
        ("!transport:/^ftp/", "transport is polling or websocket", 11),
    ],
)
def test_what_is_no_query_is_said_with_its_place(text: str, message: str, at: int) -> None:
    with pytest.raises(QueryError, match=message.replace("(", r"\(")) as caught:
        parse(text)
    assert caught.value.at == at


@pytest.mark.parametrize("text", ["", "   "])
def test_nothing_asks_nothing(text: str) -> None:
    assert parse(text) is None


@given(st.text(alphabet=st.sampled_from('ab:<>=!()"/*.[]0 orand\\\x1b\n'), max_size=30) | st.text(max_size=30))
def test_any_text_is_a_query_or_an_error_in_one_line(text: str) -> None:
    query, error = None, None
    try:
        query = parse(text)
    except QueryError as caught:
        error = caught
    assert error is None or (0 <= error.at <= len(text) and str(error))
    if query:
        for record in HAPPENED:
            query.matches_record(record, CONTEXT)
        for socket in STATE.sockets():
            query.matches_socket(socket, CONTEXT)


@pytest.mark.parametrize("name", FIELDS)
def test_each_example_of_the_help_is_a_query(name: str) -> None:
    assert FIELDS[name].example.startswith(name)
    assert parse(FIELDS[name].example)


def test_the_operators_of_the_help_are_all_there() -> None:
    for written in ("a b", "a and b", "a or b", "!a", "(a)", '"two words"', "/regex/"):
        assert parse(written)
    assert len({operator.written for operator in OPERATORS}) == len(OPERATORS)


def test_kinds_are_those_of_records() -> None:
    assert {"event_received", "disconnected", "refused", "command", "gap"} <= set(KINDS)
    assert "Record" not in KINDS


@pytest.mark.parametrize(
    ("text", "completed"),
    [
        ("ev", "event:"),
        ("alice ev", "alice event:"),
        ("!(ro", "!(room:"),
        ("ack", "ack>"),
        ("att", "attr."),
        ("event:mes", "event:message"),
        ("room:l", "room:lobby"),
        ("dir:", "dir:in"),
        ("kind:ref", "kind:refused"),
        ("who:AL", "who:ALice"),
        ("transport:w", "transport:websocket"),
        ("nsp:/c", "nsp:/chat"),
        ("room:lobby", None),
        ("nothing-like-this", None),
        ("alice ", None),
    ],
)
def test_completion(text: str, completed: str | None) -> None:
    assert complete(text, STATE) == completed
