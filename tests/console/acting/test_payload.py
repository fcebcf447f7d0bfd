"""Arguments as a person writes them."""

from __future__ import annotations

import ast
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.acting.payload import (
    Problem,
    literal,
    pack,
    parse_args,
    parse_value,
    quote,
    reflow,
    show_args,
    show_value,
    split,
    unquote,
)
from server_core.packets import decode

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=6) | st.sampled_from(["$b64", "$$b64", "token"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(JSON, max_size=4), st.booleans(), st.sampled_from([0, 30]))
def test_what_is_shown_reads_back_as_what_it_was(args: list[Any], mask: bool, width: int) -> None:
    payload = pack(args)
    text, secrets = show_args(payload.text, payload.attachments, mask=mask, width=width)
    assert all(character == "\n" or character.isprintable() for character in text)
    assert parse_args(text, secrets) == payload
    assert parse_args(reflow(text), secrets) == payload


@given(st.text(min_size=1))
def test_a_name_reads_back_as_what_it_was(name: str) -> None:
    if name.strip() == name:
        written = quote(name)
        assert written.isprintable()
        assert unquote(written) == name
        assert split(f"{written}, {written}") == [written, written]


def test_binary_travels_as_attachments() -> None:
    payload = parse_args('[{"data": {"$b64": "AAH/"}}, {"$$b64": "AAH/"}]')
    assert payload.args == [{"data": b"\x00\x01\xff"}, {"$b64": "AAH/"}]
    assert payload.attachments == (b"\x00\x01\xff",)
    assert decode(payload.text, payload.attachments) == payload.args
    assert payload.size == len(payload.text) + 3


def test_nothing_typed_is_no_arguments() -> None:
    assert parse_args("  \n").args == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("[1, 2", "not JSON: ',' expected at column 6"),
        ("[1,\n 2", "',' expected at line 2, column 3"),
        ('["a" "b"]', "',' expected at column 6"),
        ("['a']", "value expected at column 2"),
        ("[1] 2", "Extra data at column 5"),
        ("{}", "write a JSON list"),
        ("[NaN]", "NaN is no JSON number"),
        ("[-Infinity]", "-Infinity is no JSON number"),
        ("[1e999]", "1e999 is too large"),
        ('["\\ud800"]', "half a character"),
        ('[{"$b64": "!"}]', "in base64"),
        ('[{"$b64": 7}]', "in base64"),
        ("[" * 100_000, "nested too deep"),
        ("[" * 5_000 + "]" * 5_000, "nested too deep"),
        (f"[{'9' * 5000}]", "not JSON"),
        ('["••••••1"]', "not known any more"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(typed: str, said: str) -> None:
    with pytest.raises(Problem, match=re.escape(said)):
        parse_args(typed)


def test_secrets_are_shown_masked_and_sent_as_they_were() -> None:
    text, secrets = show_value([{"token": "t0p", "n": [{"password": {"a": 1}}]}])
    assert "t0p" not in text
    assert parse_value(text.replace('"n"', '"m"'), secrets) == [{"token": "t0p", "m": [{"password": {"a": 1}}]}]
    text, secrets = show_value(['{"token":"t0p"}', 'say "token"'])
    assert "t0p" not in text
    assert parse_value(text, secrets) == ['{"token":"t0p"}', 'say "token"']
    assert show_value({"token": "t0p"}, mask=False) == ('{"token": "t0p"}', {})


@given(JSON)
def test_a_value_in_python_is_what_python_reads(value: Any) -> None:
    text = literal(value, "python")
    if "b64decode" not in text and "\\u" not in text:
        assert ast.literal_eval(text) == value


def test_a_value_in_javascript() -> None:
    value = {"a b": None, "ok": True, "data": b"\x00"}
    assert literal(value, "javascript") == '{"a b": null, ok: true, data: Buffer.from("AA==", "base64")}'
    assert literal(value, "python") == '{"a b": None, "ok": True, "data": b\'\\x00\'}'


@pytest.mark.parametrize("text", ['"open', '"a" b', 'x, "open'])
def test_a_quotation_that_is_not_closed_is_a_problem(text: str) -> None:
    with pytest.raises(Problem):
        list(map(unquote, split(text)))


def test_reflowing_what_is_no_json_leaves_it() -> None:
    assert reflow("[1, ") == "[1, "
    assert reflow('[1, "é"]') == '[\n  1,\n  "é"\n]'
    assert msgspec.json.decode(reflow(reflow('{"a": [1]}'))) == {"a": [1]}
