"""`@name` stands for a filter that was saved."""

from __future__ import annotations

import pytest

from console.query.complete import complete
from console.query.errors import QueryError
from console.query.parse import parse
from console.state.state import State
from tests.console.query.test_parse import CONTEXT, STATE

SAVED = {"bob": "who:bob", "admins": "attr.user.roles:admin", "both": "@bob or @admins", "wrong": "ack>", "none": ""}


def found(text: str) -> set[str]:
    query = parse(text, SAVED)
    assert query
    return {socket.id for socket in STATE.sockets() if query.matches_socket(socket, CONTEXT)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@bob", {"bbbb"}),
        ("!@bob", {"aaaa"}),
        ("@both", {"aaaa", "bbbb"}),
        ("@both !@bob", {"aaaa"}),
        ("(@both) nsp:/chat", {"bbbb"}),
        ("@none", {"aaaa", "bbbb"}),
    ],
)
def test_it_stands_for_what_was_saved(text: str, expected: set[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "why", "at"),
    [
        ("x @nobody", "no filter is saved as @nobody: quotes make it a text", 2),
        ("@wrong", "@wrong: ack> needs a value, as in ack>200ms", 0),
        ("@a", "@a stands for itself", 0),
        ("@b", "@b stands for itself", 0),
    ],
)
def test_what_is_wrong_with_it_is_said_where_it_stands(text: str, why: str, at: int) -> None:
    with pytest.raises(QueryError) as wrong:
        parse(text, {**SAVED, "a": "x @b", "b": "@a"})
    assert (str(wrong.value), wrong.value.at) == (why, at)


def test_addresses_and_quotes_are_text() -> None:
    assert parse("bob@example.com @example.com")
    assert parse('"@nobody"')


def test_it_is_completed() -> None:
    assert complete("who:x @b", State(), ["admins", "bob"]) == "who:x @bob"
    assert complete("@", State(), ["admins"]) == "@admins"
    assert complete("@z", State(), ["admins"]) is None
