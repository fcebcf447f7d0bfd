"""The line of text that stands in a record alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.lines import Reader
from console.state.session import Session
from console.state.state import State
from console.state.texts import own_text, parts, readable
from server_core.records import AttributeSet, EventReceived, EventSent
from tests.support.make import Maker

letters = st.text(st.sampled_from('ab\\u00e9"é日本😀\n\x1f\x85\u2028\u202e\ud83d'), max_size=12)
anything = st.recursive(
    letters, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(letters, inner, max_size=2)
)


@given(value=anything)
def test_readable_json_means_the_same(value: object) -> None:
    for ascii_only in (True, False):
        written = json.dumps(value, ensure_ascii=ascii_only)
        assert json.loads(readable(written)) == value
    assert all(each.isprintable() for each in readable(json.dumps(value)))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r'["\u65e5\u672c"]', '["日本"]'),
        (r'["\ud83d\ude00"]', '["😀"]'),
        (r'["\\u65e5"]', r'["\\u65e5"]'),
        (r'["\\\u65e5"]', r'["\\日"]'),
        (r'["\ud83d\u0041\u001b\u202e"]', r'["\ud83d\u0041\u001b\u202e"]'),
        (r'["\u65', r'["\u65'),
    ],
)
def test_letters_stand_in_the_place_of_their_escapes(written: str, read: str) -> None:
    assert readable(written) == read


def test_what_python_writes_is_searched_and_shown_as_it_reads() -> None:
    make, reader = Maker(), Reader(Session(State()))
    written = json.dumps(["grüße", {"text": "日本語"}])
    event = make(EventReceived, socket="a", data=written)
    assert "日本語" in reader.text_of(event)
    assert reader.line(event).rest == '[{"text": "日本語"}]'
    attribute = make(AttributeSet, socket="a", name="user", value=json.dumps({"name": "Zoë"}))
    assert "Zoë" in reader.text_of(attribute)
    assert reader.line(attribute).rest == '{"name": "Zoë"}'


def test_a_line_gives_its_parts_back_or_says_that_it_can_not() -> None:
    make = Maker()
    sent = make(EventSent, data='["hi"]', rooms=("a", "b"), sockets=2)
    line = own_text(sent)
    assert line
    assert parts(line) == ['["hi"]', "/", "a", "b"]
    for data in ('["hi",\n1]', '["\x1f"]'):
        line = own_text(make(EventReceived, socket="a", data=data))
        assert line
        assert "\n" not in line
        assert parts(line) is None
