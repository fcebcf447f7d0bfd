"""The history: what a filter finds in its columns is what it takes of each record."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.lines import Reader
from console.query.context import Context
from console.query.nodes import BoundQuery
from console.query.parse import parse
from console.state import history as history_module
from console.state.history import History, Matches
from console.state.session import Session
from console.state.sockets import SocketListing
from console.state.state import State
from console.state.texts import BETWEEN, Texts
from server_core import records
from tests.console.link.test_recording import QUERIES
from tests.server_core.test_records import any_record
from tests.support.make import Maker
from tests.support.story import story

any_size = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
#: Lines as they are made of what comes from peers: without case, in both.
texts = st.text(st.sampled_from("aAbßİé\x1f😀 /"), max_size=6)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_module, "CHUNK", 16)
    monkeypatch.setattr(history_module, "PIECE", 4)
    monkeypatch.setattr(history_module, "MAX_NAMES", 30)


def filter_of(session: Session, text: str) -> BoundQuery:
    query = parse(text)
    assert query
    return query.bind(Context(session, Reader(session).text_of, SocketListing(session).text_of))


def asked(history: Any, filter: BoundQuery) -> list[int]:
    """The numbers of the records that a filter takes, each asked by itself."""
    return [number for number in range(history.first, history.end) if filter.takes_record(history[number])]


def told(history: Any, filter: BoundQuery, *, newest_first: bool) -> list[int]:
    """What a search finds; its pieces follow on each other."""
    pieces: list[Matches] = list(history.search(filter, history.first, history.end, newest_first=newest_first))
    if newest_first:
        pieces.reverse()
    assert [piece.start for piece in pieces] == [history.first, *(piece.end for piece in pieces[:-1])]
    assert pieces[-1].end == history.end
    return [number for piece in pieces for number in piece.numbers]


@pytest.mark.parametrize("max_records", [50_000, 700])
@pytest.mark.parametrize("text", [*QUERIES, "!hello", "!(hello or kind:joined)", "!who:user3 message", "!dir:in"])
def test_a_search_finds_what_the_filter_takes_of_each_record(text: str, max_records: int) -> None:
    session = Session(State(max_records=max_records))
    session.apply(story(1_500))  # type: ignore[arg-type]
    history, filter = session.live.history, filter_of(session, text)
    expected = asked(history, filter)
    assert told(history, filter, newest_first=False) == expected
    assert told(history, filter, newest_first=True) == expected


@any_size
@given(made=st.lists(any_record, min_size=1, max_size=40), data=st.data())
def test_any_text_is_found_in_any_record_or_in_none(made: list[Any], data: st.DataObject) -> None:
    session = Session(State())
    session.apply(made)
    history = session.live.history
    whole = data.draw(st.sampled_from([Reader(session).text_of(record) for record in made]))
    start = data.draw(st.integers(0, max(0, len(whole) - 1)))
    part = whole[start : start + data.draw(st.integers(1, 6))] or "x"
    written = part.replace("\\", "\\\\").replace('"', '\\"')
    for text in (f'"{written}"', f'!"{written}"', f'room:"{written}"', f'reason:"{written}"', f'nsp:"{written}"'):
        filter = filter_of(session, text)
        assert told(history, filter, newest_first=True) == asked(history, filter) if len(history) else True


@any_size
@given(held=st.lists(texts, max_size=40), part=texts)
def test_joined_texts_have_what_each_has(held: list[str], part: str) -> None:
    part = part.replace(BETWEEN, "") or "a"
    assert Texts(held).having(part) == bytes(part.casefold() in text.casefold() for text in held)


def test_older_records_may_go_while_it_is_searched() -> None:
    make = Maker()
    session = Session(State(max_records=100))
    session.apply([make.received("a", "hi", number) for number in range(100)])
    history, filter = session.live.history, filter_of(session, "hi")
    search = history.search(filter, history.first, history.end, newest_first=True)
    found = next(search).numbers
    session.apply([make.received("a", "hi", number) for number in range(100, 150)])
    for piece in search:
        found = piece.numbers + found
    assert found == list(range(history.first, 100))


def test_names_that_nobody_has_any_more_are_forgotten() -> None:
    make = Maker()
    session = Session(State(max_records=100))
    history = session.live.history
    assert isinstance(history, History)
    for number in range(2_000):
        session.apply([make.received(f"socket {number}", "hi"), make(records.RoomJoined, socket="x", room="y")])
    assert len(history._names) < 200
    filter = filter_of(session, "id:199")
    assert told(history, filter, newest_first=False) == asked(history, filter)
    assert len(asked(history, filter)) == 10
