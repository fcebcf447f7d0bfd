"""Whom something is sent to."""

from __future__ import annotations

import pytest

from console.acting.payload import Problem
from console.acting.recipients import (
    by_namespace,
    complete_last,
    in_parts,
    namespaces_of,
    read_recipients,
    rooms_among,
    rooms_of,
    whom,
)
from console.state.state import State
from server_core.records import Emit
from tests.support.make import Maker

BOB, BEA, BEN = "ojIckSD2jqNzOqIrAGzL", "N8xVt0aQ91aaaaaaAAAB", "kzQ19aZpzzzzzzzzAAAC"


@pytest.fixture
def state() -> State:
    make = Maker()
    state = State()
    state.apply(
        [
            *make.socket(BOB, rooms=("lobby", "dev"), user="bob"),  # type: ignore[list-item]
            *make.socket(BEA, rooms=("lobby", "bob"), user="bea"),  # type: ignore[list-item]
            *make.socket(BEN, nsp="/chat", user="ben"),  # type: ignore[list-item]
        ]
    )
    return state


@pytest.mark.parametrize(
    ("typed", "rooms", "reached", "note"),
    [
        ("lobby", ("lobby",), {BOB, BEA}, "room lobby (2 sockets)"),
        ("lobby, dev", ("lobby", "dev"), {BOB, BEA}, "room lobby (2 sockets), room dev (1 socket)"),
        (BOB, (BOB,), {BOB}, f"socket bob ({BOB})"),
        ("ojI", (BOB,), {BOB}, f"socket bob ({BOB})"),
        ("bea", (BEA,), {BEA}, f"socket bea ({BEA})"),
        ("bob", ("bob",), {BEA}, "room bob (1 socket), not socket bob: that is @bob"),
        ("@bob", (BOB,), {BOB}, f"socket bob ({BOB})"),
        ('"bea"', ("bea",), set(), "room bea (nobody is in it now)"),
        ("nowhere", ("nowhere",), set(), "room nowhere (nobody is in it now)"),
        ("@marked", (BOB, BEA), {BOB, BEA}, "2 marked sockets: bob and bea; not 1 other in /chat"),
        ("", (), set(), ""),
    ],
)
def test_names(state: State, typed: str, rooms: tuple[str, ...], reached: set[str], note: str) -> None:
    found = read_recipients(typed, state, "/", marked=(BOB, BEA, BEN, "gone"))
    assert found.rooms == rooms
    assert set(found.reach(state, "/")) == reached
    assert found.note == note


def test_everybody(state: State) -> None:
    found = read_recipients("dev, *", state, "/")
    assert found.everybody
    assert found.rooms == ()
    assert set(found.reach(state, "/", except_=("dev",))) == {BEA}
    assert found.note == "all of /: 2 sockets"


@pytest.mark.parametrize(("typed", "said"), [("@ben", "there is one in /chat"), ("@x", "no one socket"), ('"', "quot")])
def test_a_name_that_can_not_be_told_is_a_problem(state: State, typed: str, said: str) -> None:
    with pytest.raises(Problem, match=said):
        read_recipients(typed, state, "/")


def test_the_first_few_are_named_and_the_others_counted(state: State) -> None:
    assert whom([BOB], state) == "bob"
    assert whom([BOB, BEA], state) == "bob and bea"
    assert whom([BOB, BEA, BEN], state) == "bob, bea and ben"
    assert whom([BOB, BEA, BEN, "x" * 20], state) == "bob, bea, ben and 1 other"
    assert whom([], state) == ""


def test_what_there_is(state: State) -> None:
    assert namespaces_of(state) == ["/", "/chat"]
    assert rooms_of(state, "/") == ["lobby", "bob", "dev"]
    assert rooms_among([BOB, BEA], state) == {"lobby": 2, "bob": 1, "dev": 1}
    assert by_namespace([BEN, "gone", BOB], state) == {"/chat": (BEN,), "/": (BOB,)}


def test_completion_of_the_last_name() -> None:
    rooms = ["lobby", "a, b"]
    assert complete_last("dev, lo", rooms) == "dev, lobby"
    assert complete_last('"a', rooms) == '"a, b"'
    assert complete_last("lobby", rooms) is None
    assert complete_last("x, ", rooms) is None


def test_an_emit_to_very_many_is_several() -> None:
    many = tuple(map(str, range(2_500)))
    parts = in_parts(Emit(rooms=many, except_=("0",), event="news", sender="s"), many[1:])
    assert [len(part.rooms) for part in parts] == [1000, 1000, 499]
    assert all((part.event, part.sender, part.except_) == ("news", "s", ()) for part in parts)
    few = Emit(rooms=("a",), except_=("b",), event="news")
    assert in_parts(few, ["x"]) == [few]
