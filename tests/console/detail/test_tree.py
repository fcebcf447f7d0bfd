"""JSON text as a tree: whatever it holds, and however large it is."""

from __future__ import annotations

import json
import re
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.detail import blocks, json_text, json_walk
from console.detail.blocks import Block, Hex
from console.detail.json_text import unescape
from console.detail.tree import Tree


def lines(tree: Tree, width: int = 100) -> list[str]:
    return ["".join(text for text, _ in tree.pieces(row, width)) for row in range(tree.lay_out(width))]


def find(block: Block, text: str, row: int, *, forward: bool) -> int | None:
    """The row that a search leads to."""
    seeking = block.seek(re.compile(re.escape(text), re.IGNORECASE), row, forward=forward)
    while True:
        try:
            assert 0 <= next(seeking) <= 1
        except StopIteration as done:
            return cast("int | None", done.value)


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
        find(tree, text[row : row + 2] or "a", row, forward=bool(row % 2))
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
    assert find(tree, "needle", -1, forward=True) is None
    for row in reversed(range(tree.lay_out(80))):
        tree.fold(row, "toggle")
        assert "needle" not in "".join(lines(tree))
    tree.reveal(True)
    assert find(tree, "needle", -1, forward=True) is not None


def test_a_string_with_secrets_in_its_json_is_one() -> None:
    inner = json.dumps({"token": "needle"})
    tree = Tree("payload", json.dumps(["ev", {"a": inner, "b": {"deep": [inner]}, "c": 'say "token"'}, inner]))
    assert tree.hides
    assert "needle" not in "".join(lines(tree))
    assert "••••••" in "".join(lines(tree))
    assert 'c: "say "token""' in "".join(lines(tree))
    assert find(tree, "needle", -1, forward=True) is find(tree, "needle", 9, forward=False) is None
    tree.reveal(True)
    assert "needle" in "".join(lines(tree))
    assert find(tree, "needle", -1, forward=True) is not None
    assert "needle" not in "".join(lines(Tree("payload", json.dumps(inner))))


def test_a_private_id_is_a_secret_where_it_is_told_to_be() -> None:
    text = '{"pid": "needle", "x": [{"y": {"pid": "needle"}}]}'
    tree = Tree("auth", text, also="pid", level=0)
    assert "needle" not in "".join(lines(tree))
    assert find(tree, "needle", -1, forward=True) is None
    assert "needle" in "".join(lines(Tree("payload", text)))


def test_hex_rows_are_made_one_by_one() -> None:
    data = bytes(range(256)) * 40_000
    block = Hex("binary", data, open=True)
    assert block.lay_out(100) == 1 + len(data) // 16
    assert block.pieces(17, 100)[0][0].strip() == "00000100"
    assert find(block, "ABC", -1, forward=True) == 5


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ([*range(1_000_000), "needle"], '[1000000]: "needle"'),
        ([*map(str, range(300_000)), "needle"], '[300000]: "needle"'),
        ({f"k{n}": {"x": n, "y": [1, 2]} for n in range(100_000)} | {"needle": 1}, "needle: 1"),
        ([{"a": [{"b": [[[[[n]]]]]}]} for n in range(50_000)] + [{"z": "a needle"}], 'z: "a needle"'),
        ([[*range(1_000_000)], "needle"], '[1]: "needle"'),
    ],
    ids=["numbers", "strings", "objects", "deep", "beside"],
)
def test_what_is_found_far_away_is_gone_to_without_all_that_stands_before_it(value: Any, line: str) -> None:
    tree = Tree("payload", json.dumps(["big", value]))
    for forward in (True, False):
        row = find(tree, "NEEDLE", -1 if forward else tree.lay_out(80), forward=forward)
        assert row is not None
        assert line in lines(tree)[row]
        assert tree.lay_out(80) < 1_000
        assert find(tree, "needle", row, forward=forward) is None


def test_what_stands_before_what_was_found_is_read_where_the_cursor_goes_up() -> None:
    tree = Tree("payload", json.dumps([*range(100_000), "needle"]))
    row = find(tree, "needle", -1, forward=True)
    assert row is not None
    assert lines(tree)[0] == "▾ payload: 100001 items"
    while (up := row - 1) > 1:
        row = up
    assert lines(tree)[row - 1] == "    … 99 900 before"
    to = tree.reach(row - 1)
    assert to is not None
    assert [lines(tree)[each].strip() for each in (to, to + 1)] == ["[99899]: 99899", "[99900]: 99900"]
    # closed and opened, it begins at its first
    tree.fold(0, "close")
    tree.fold(0, "open")
    assert lines(tree)[1].strip() == "[0]: 0"


def test_what_was_read_to_its_end_is_not_read_again_beside_itself() -> None:
    tree = Tree("payload", json.dumps([[*range(1_000_000)], 1]))
    assert find(tree, "999999", -1, forward=True) is not None
    while (more := next((at for at, (_, part) in enumerate(tree._rows) if part == "after"), None)) is not None:
        tree.reach(more)
    assert [line.strip()[:5] for line in lines(tree) if not line.startswith("    ")] == ["▾ pay", "▾ [0]"]
    assert lines(tree)[-1].strip() == "[1]: 1"


def test_of_many_places_the_last_one_before_is_found() -> None:
    tree = Tree("payload", json.dumps([f"needle {number}" for number in range(100_000)]))
    row = find(tree, "needle", tree.lay_out(80), forward=False)
    assert row is not None
    assert "needle 99999" in lines(tree)[row]
    for number in range(99_998, 99_700, -1):
        row = find(tree, "needle", row, forward=False)
        assert row is not None
        assert f"needle {number}" in lines(tree)[row]


_found = st.recursive(
    st.integers(0, 9) | st.sampled_from(["needle", "", "a, b", '"[{', "x" * 30, "needle\\"]),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(alphabet='ab",[', max_size=3), inner),
    max_leaves=40,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_found, st.booleans(), st.integers(2, 40))
def test_each_place_is_found_where_it_is_and_all_around_it_can_be_read(
    monkeypatch: pytest.MonkeyPatch, value: Any, forward: bool, few: int
) -> None:
    for module, names in (
        (json_text, ("CHUNK", "NEAR", "BEFORE", "BEHIND")),
        (json_walk, ("STRETCH", "MARKS", "SHORT", "STEPS")),
        (blocks, ("_SPAN", "_FEW")),
    ):
        for name in names:
            monkeypatch.setattr(module, name, few)
    text = json.dumps(value)
    tree = Tree("x", text)
    hits = [match.start() for match in re.finditer("needle", text)]
    row: int | None = -1 if forward else tree.lay_out(80)
    for place in hits if forward else hits[::-1]:
        assert row is not None
        row = find(tree, "needle", row, forward=forward)
        assert row is not None
        node = tree._rows[row][0]
        assert node.end is not None
        assert node.begin <= place < node.end
        way: list[str] = []
        above = node
        while above.parent is not None:
            way.append(above.key)
            above = above.parent
        there = value
        for name in reversed(way):
            there = there[int(name[1:-1]) if isinstance(there, list) else name]
        assert json.loads(text[node.start : node.end]) == there
    assert row is None or find(tree, "needle", row, forward=forward) is None
    while (more := next((at for at, (_, part) in enumerate(tree._rows) if part), None)) is not None:
        assert tree.reach(more) is not None
    for node, _ in tree._rows:
        if node.open and node.kind in ("object", "array"):
            assert node.end is not None
            parts = json.loads(text[node.start : node.end])
            keys = list(parts) if isinstance(parts, dict) else [f"[{number}]" for number in range(len(parts))]
            assert [child.key for child in node.children] == keys
