"""JSON text as a tree: whatever it holds, and however large it is."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.detail.blocks import Hex
from console.detail.json_text import unescape
from console.detail.tree import Tree


def lines(tree: Tree, width: int = 100) -> list[str]:
    return ["".join(text for text, _ in tree.pieces(row, width)) for row in range(tree.lay_out(width))]


def test_a_value_with_its_parts() -> None:
    tree = Tree(
        "payload", '["ev", {"a": [1, true, null], "token": {"x": 1}, "a": 1e400, "s": "caf\\u00e9 \\ud83d"}, [], {}]'
    )
    assert lines(tree) == [
        "▾ payload: 4 items",
        '    [0]: "ev"',
        "  ▾ [1]: 4 keys",
        "    ▾ a: 3 items",
        "        [0]: 1",
        "        [1]: true",
        "        [2]: null",
        "      token: ••••••",
        "      a: 1e400",
        '      s: "café \ufffd"',
        "    [2]: 0 items",
        "    [3]: 0 keys",
    ]


@pytest.mark.parametrize(
    "text",
    [
        '["ev",{"a":[1,{"b":"c',
        '["ev",{"a" 5}]',
        "",
        "{",
        '["a\\',
        "nul",
        "[1 2]",
        '{"a":}',
        "[,]",
        "}{",
        '"',
        "\ud83d",
        "[\ud83d",
    ],
    ids=range(13),
)
def test_what_is_no_json_is_shown_as_far_as_it_goes(text: str) -> None:
    tree = Tree("payload", text)
    assert "payload" in lines(tree)[0]
    for row in reversed(range(tree.lay_out(80))):
        tree.fold(row, "toggle")
    lines(tree)


@given(st.text(alphabet='[]{}",:\\u0d8aAntrue12 \n', max_size=60), st.lists(st.integers(0, 30), max_size=8))
def test_nothing_breaks_it(text: str, folds: list[int]) -> None:
    tree = Tree("x", text)
    for row in folds:
        if row < tree.lay_out(40):
            tree.fold(row, "toggle")
            tree.reach(min(row, tree.lay_out(40) - 1))
        tree.find(re.compile(re.escape(text[row : row + 2]) or "a"), row, forward=bool(row % 2))
    lines(tree, 40)


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@given(_values, st.booleans())
def test_all_of_a_value_can_be_opened(value: Any, ascii: bool) -> None:
    tree = Tree("x", json.dumps(value, ensure_ascii=ascii))
    tree.reveal(True)
    row = 0
    while row < tree.lay_out(400):
        tree.fold(row, "open")
        row += 1
    leaves = sum(": " in line for line in lines(tree, 400))
    assert leaves >= _count(value)


def _count(value: Any) -> int:
    children = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    return 1 + sum(map(_count, children))


@given(st.text())
def test_a_string_says_what_it_says(text: str) -> None:
    assert unescape(json.dumps(text)[1:-1]) == text


@pytest.mark.parametrize(
    "value",
    [
        list(range(2_500_000)),
        {f"k{n}": {"x": n, "y": [1, 2]} for n in range(100_000)},
        "x" * 16_000_000,
        "\n" * 4_000_000,
    ],
    ids=["list", "object", "string", "escapes"],
)
def test_a_large_one_is_read_as_far_as_it_is_looked_at(value: Any) -> None:
    text = json.dumps(["big", value])
    tree = Tree("payload", text)
    assert tree.lay_out(80) < 300
    assert 'big"' in lines(tree)[1]


def test_nested_a_hundred_thousand_deep() -> None:
    tree = Tree("payload", "[" * 100_000 + "]" * 100_000)
    for _ in range(50):
        tree.fold(tree.lay_out(80) - 1, "open")
    assert "[[[[" in "".join(lines(tree))


def test_what_is_closed_stays_closed_in_the_next_value() -> None:
    before = Tree("a", '{"x": {"y": [1]}, "z": 1}')
    row = next(row for row, line in enumerate(lines(before)) if "y:" in line)
    before.fold(row, "close")
    after = Tree("a", '{"x": {"y": [1, 2]}, "z": 2}')
    after.keep(before)
    assert "    ▸ y: [1, 2]" in lines(after)


def test_secrets_are_neither_shown_nor_found_nor_opened() -> None:
    tree = Tree("a", '{"user": {"password": "needle"}, "token": ["needle"], "deep": [{"secret": "needle"}]}')
    assert "needle" not in "".join(lines(tree))
    assert tree.find(re.compile("needle"), -1, forward=True) is None
    for row in reversed(range(tree.lay_out(80))):
        tree.fold(row, "toggle")
        assert "needle" not in "".join(lines(tree))
    tree.reveal(True)
    assert tree.find(re.compile("needle"), -1, forward=True) is not None


def test_hex_rows_are_made_one_by_one() -> None:
    data = bytes(range(256)) * 40_000
    block = Hex("binary", data, open=True)
    assert block.lay_out(100) == 1 + len(data) // 16
    assert block.pieces(17, 100)[0][0].strip() == "00000100"
    assert block.find(re.compile("ABC"), -1, forward=True) == 5
