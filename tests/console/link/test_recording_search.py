"""What a query finds in a file by looking at its bytes is what it takes of the records themselves."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from console.link import recording_index, recording_texts
from console.link.recording_history import RecordingHistory
from console.query.context import Context
from console.query.errors import QueryError
from console.query.parse import parse
from console.state.filter import MAYBE, NO, YES
from server_core import blocks, records
from server_core.records import Record
from tests.console.link.test_recording import any_path, asking, opened, write
from tests.server_core.test_records import any_record
from tests.support.make import Maker

#: What is no ASCII, but has ASCII letters in it for who does not mind case.
FOLDING = "\xdf\u0130\u017f\u1e9e\u212a\ufb01"
#: What JSON escapes, what has no one case, what stands between two fields of a line.
text = st.text(st.sampled_from(f'abkKsSiIfF01 "\\/[]{{}}:,._-\n\t\x00\x1b\x7fé•{FOLDING}'), max_size=12)
values = st.recursive(
    text | st.integers(-5, 10**6) | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=2),
    max_leaves=4,
)
#: Payloads as each JSON writer writes them, and some that are none.
payloads = st.one_of(
    st.lists(values, min_size=1, max_size=3).map(lambda each: msgspec.json.encode(each).decode()),
    st.lists(values, min_size=1, max_size=3).map(json.dumps),
    st.lists(values, min_size=1, max_size=3).map(lambda each: json.dumps(each, ensure_ascii=False, indent=1)),
    text,
)
names = st.sampled_from(["", "socket-1", "socket-2", "s"])
made_up = st.one_of(
    st.builds(lambda **fields: (records.EventReceived, fields), socket=names, data=payloads),
    st.builds(
        lambda **fields: (records.EventSent, fields),
        socket=names,
        data=payloads,
        rooms=st.lists(text, max_size=2).map(tuple),
        except_=st.lists(text, max_size=1).map(tuple),
        attachments=st.lists(st.binary(max_size=6), max_size=1).map(tuple),
        sockets=st.just(3),
    ),
    st.builds(lambda **fields: (records.AckSent, fields), socket=names, data=payloads, id=st.integers(0, 99)),
    st.builds(
        lambda **fields: (records.EventBlocked, fields), socket=names, data=payloads, message=text, length=st.just(9)
    ),
    st.builds(
        lambda **fields: (records.AttributeSet, fields), socket=names, name=text | st.just("token"), value=payloads
    ),
    st.builds(lambda **fields: (records.RoomJoined, fields), socket=names, room=text),
    st.builds(lambda **fields: (records.Disconnected, fields), socket=names, reason=text),
    st.builds(lambda **fields: (records.EngineOpened, fields), engine=text, transport=st.just("polling"), address=text),
)
FIELDS = ("arg", "arg[0]", "arg[1].a", "event", "room", "reason", "nsp", "who", "id", "kind", "dir", "server")
COMPARED = (
    *("size>9", "size<4", "sockets>2", "ack:", "ack>0", "age>0s", "age<1ms", "age:", "rooms>0", "members>1"),
    *("arg[0]>3", "arg[-1]<9", "arg[1].a=1", "arg:/[a-k]+$/", "room:/s/", "room:", "nsp:", "reason:", "arg:"),
)
MIDDLES = ("", ".*", ".", "+", "?", "{2}", r"\d*", "[ab]", "|", r"\b", r"\s", "[^a]", "$", "^", ".*$")


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 2 * 1024)
    monkeypatch.setattr(recording_index, "SEGMENT", 5)
    monkeypatch.setattr(recording_texts, "MAX_IN_MEMORY", 200)


def quoted(part: str) -> str:
    escaped = part.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@st.composite
def queries(draw: st.DrawFn, texts: list[str]) -> str:
    """A query about what stands in some texts, or nearly does."""
    shape = draw(st.sampled_from(["text", "text", "field", "regex", "compared", "not", "and", "or"]))
    if shape in ("and", "or"):
        return f"({draw(queries(texts))}) {shape} ({draw(queries(texts))})"
    if shape == "not":
        return f"!({draw(queries(texts))})"
    if shape == "compared":
        return draw(st.sampled_from(COMPARED))
    whole = draw(st.sampled_from(texts) | text) or "a"
    start = draw(st.integers(0, len(whole) - 1))
    part = whole[start : start + draw(st.integers(1, 8))]
    part = draw(st.sampled_from([part, part.upper(), part.casefold()]))
    if shape == "field":
        operator = draw(st.sampled_from([":", "="]))
        return f"{draw(st.sampled_from(FIELDS))}{operator}{quoted(part)}"
    if shape == "regex" and (clean := "".join(each for each in part if each.isalnum() or each in "-_")):
        middle = draw(
            st.sampled_from(
                ["", ".*", ".", "+", "?", "{2}", r"\d*", "[ab]", "|", r"\b", r"\s", "[^a]", "$", "^", ".*$"]
            )
        )
        at = draw(st.integers(0, len(clean)))
        return f"/{clean[:at]}{middle if at else ''}{clean[at:]}/"
    return quoted(part)


def found(history: RecordingHistory, query: Any, context: Context) -> Iterator[int]:
    for part in history.search(query.bind(context), 0, history.end):
        yield from part.numbers


@settings(any_path, max_examples=400)
@given(data=st.data(), made=st.lists(made_up | any_record, min_size=1, max_size=10))
def test_a_query_finds_what_it_takes(tmp_path: Path, data: st.DataObject, made: list[Any]) -> None:
    make = Maker()
    written: list[Record] = make.socket("socket-1", user={"name": "Bob Kelvin"})
    written += [each if isinstance(each, Record) else make(each[0], **each[1]) for each in made]
    link, session = opened(write(tmp_path / "s.siorec", written))
    context, history = asking(session), session.live.history
    assert isinstance(history, RecordingHistory)
    everything = [history[number] for number in range(history.end)]
    asked = data.draw(queries([context.text_of_record(record) for record in everything]))
    try:
        query = parse(asked)
    except QueryError:
        query = None
    if query:
        takes = query.bind(context).takes_record
        expected = [number for number, record in enumerate(everything) if takes(record)]
        assert list(found(history, query, context)) == expected
    link.stop()


@pytest.mark.parametrize(
    ("asked", "kind", "fields"),
    [
        ("arg:fish", records.EventReceived, {"data": r'["a","\u0066ish"]'}),
        ("arg:xfe", records.EventReceived, {"data": '[{"_placeholder":true,"num":0}]', "attachments": (b"\xfe",)}),
        ("arg:None", records.EventReceived, {"data": '["a",null]'}),
        ("nnull", records.EventReceived, {"data": "[\nnull]"}),
        ("evil", records.EventReceived, {"data": r'["a","\\evil"]'}),
        ("attachments", records.EventReceived, {"attachments": (b"1",)}),
        ("hidden", records.EventSent, {"except_": ("hidden",), "sockets": 1}),
        ("lobby", records.EventSent, {"rooms": ("lobby",), "sockets": 1}),
        ("lobby", records.EventSent, {"socket": "a", "rooms": ("lobby",), "sockets": 1}),
        ('"one two"', records.EventSent, {"rooms": ("one", "two"), "sockets": 1}),
        ('"bob kelvin /"', records.EventReceived, {"socket": "socket-1", "data": '["a"]'}),
        ("secret", records.AttributeSet, {"socket": "a", "name": "x", "value": '{"token": "secret"}'}),
        ('"1.0}"', records.AttributeSet, {"socket": "a", "name": "x", "value": '{"token": "secret", "n": 1e0}'}),
        ("/ed$/", records.EngineRefused, {"status": 403, "message": "no", "address": "10.0.0.1"}),
        (
            "/^socket-1$/ or /^bob.kelvin$/",
            records.HandlerException,
            {"socket": "socket-1", "where": "e", "type": "E", "message": "m", "traceback": ""},
        ),
        ("/bob$/ or /i{2}/", records.RoomJoined, {"socket": "socket-1", "room": "\u0131i"}),
    ],
)
def test_what_is_not_in_a_line_as_it_is(tmp_path: Path, asked: str, kind: type[Any], fields: dict[str, Any]) -> None:
    make = Maker()
    written: list[Record] = [*make.socket("socket-1", user={"name": "Bob Kelvin"}), make(kind, **fields)]
    link, session = opened(write(tmp_path / "s.siorec", written))
    context, history = asking(session), session.live.history
    assert isinstance(history, RecordingHistory)
    query = parse(asked)
    assert query
    takes = query.bind(context).takes_record
    assert list(found(history, query, context)) == [n for n in range(history.end) if takes(history[n])]
    link.stop()


@given(word=st.text(st.sampled_from("ksifabl"), min_size=1, max_size=3), put=st.sampled_from(FOLDING))
@example(word="k", put="\u212a")
@settings(max_examples=50, deadline=None)
def test_a_letter_in_another_case_is_no_less_found(
    tmp_path_factory: pytest.TempPathFactory, word: str, put: str
) -> None:
    path = tmp_path_factory.mktemp("case") / "s.siorec"
    link, session = opened(write(path, [Maker().received("a", "hi", f"{word}{put}{word}")]))
    context, history = asking(session), session.live.history
    query = parse(quoted(f"{word}{put}{word}".casefold()))
    assert query
    assert isinstance(history, RecordingHistory)
    assert list(found(history, query, context)) == [0]
    link.stop()


def test_what_is_in_the_index_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = Maker()
    made: list[Record] = [make.received("a", "message", n) for n in range(200)]
    made += [make(records.EventSent, data='["message",5]', rooms=("lobby",), sockets=3) for _ in range(100)]
    link, session = opened(write(tmp_path / "s.siorec", made))
    history = session.live.history
    assert isinstance(history, RecordingHistory)
    read: list[int] = []
    monkeypatch.setattr(link.index, "data", read.append)
    for asked, found_all in (
        ("event:message dir:in", 200),
        ("message", 300),
        ("/mess.*e/", 300),
        ("/^.{12}7/", 19),
        ("arg[0]=5", 101),
        ("room:lobby sockets>2", 100),
        ("size>13 !5", 153),
        ("nsp:/ age<1h", 300),
    ):
        query = parse(asked)
        assert query
        assert (asked, len(list(found(history, query, asking(session))))) == (asked, found_all)
    assert read == []
    link.stop()


def test_what_is_known_of_a_line_is_not_asked_again(tmp_path: Path) -> None:
    make = Maker()
    made = [make.received("a", "message", {"text": f'he said "hello" {number}\\'}) for number in range(20)]
    made += [make(records.EventReceived, socket="a", data='["message",\n"hello"]')]
    link, session = opened(write(tmp_path / "s.siorec", made))
    history = session.live.history
    assert isinstance(history, RecordingHistory)
    for asked, said in (("hello", {YES}), ("time", {NO}), ("/hello.*[0-9]/", {YES, NO}), ("arg:hello", {YES, MAYBE})):
        query = parse(asked)
        assert query
        mask = query.bind(asking(session)).narrow(link.index.names)
        assert mask
        assert {each for segment in link.index.segments(0, history.end) for each in mask(segment)} == said
    link.stop()


def test_where_there_is_no_room_for_texts_they_are_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "write", full)
    made = [Maker().received("a", "message", f"number {number}") for number in range(100)]
    link, session = opened(write(tmp_path / "s.siorec", made))
    history = session.live.history
    assert isinstance(history, RecordingHistory)
    for asked, number in (("message", 100), (r"/number\s7\d/", 10), ("arg[0]:number", 100)):
        query = parse(asked)
        assert query
        assert len(list(found(history, query, asking(session)))) == number
    link.stop()
