"""Nothing that a peer sends leaves the choke point as anything but harmless text of the width that it says."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from console.text import age, ago, cut, fit, safe, safe_lines, seconds, size, wrap

BAD_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(st.text())
def test_what_leaves_can_be_seen(text: str) -> None:
    assert not {unicodedata.category(character) for character in safe(text)} & (BAD_CATEGORIES - {"Cn"})
    assert safe(text).isprintable()


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_what_can_be_seen_is_left_as_it_is(text: str) -> None:
    assert safe(text) == text or not text.isprintable()


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b]52;c;aGk=\x07",
        "\x1b[2J",
        "\x9b31m",
        "\x90q",
        "a\u202eb",
        "a\u2066b",
        "zero\u200bwidth",
        "\ufeff",
        "\u2028",
        "\x7f",
        "\r\n",
        "\ud800",
        "\U000e0041",
    ],
)
def test_control_characters_become_pictures(hostile: str) -> None:
    assert safe(hostile).isprintable()
    assert safe(hostile) != hostile


def test_an_escape_can_still_be_read() -> None:
    assert safe("\x1b[31mred\x07") == "␛[31mred␇"


@given(st.text(), st.integers(1, 40))
def test_text_is_cut_and_fitted_to_cells(text: str, width: int) -> None:
    text = safe(text)
    assert cell_len(cut(text, width)) <= width
    assert cell_len(fit(text, width)) == width
    assert all(cell_len(piece) <= max(width, 2) for piece in wrap(text, width))
    assert "".join(wrap(text, width)) == text


def test_a_megabyte_is_not_scanned() -> None:
    assert len(safe("a" * 1_000_000)) < 20_000


def test_lines_stay_lines_and_tabs_become_spaces() -> None:
    assert safe_lines("a\tb\n\x1bc") == ["a   b", "␛c"]


def test_durations_and_sizes_read_well() -> None:
    assert [seconds(value) for value in (0.0002, 0.0044, 0.044, 3.21, 192, 7500)] == [
        "200 µs",
        "4.4 ms",
        "44 ms",
        "3.2 s",
        "3m 12s",
        "2h 05m",
    ]
    assert [size(value) for value in (12, 4_200, 2_100_000)] == ["12 B", "4.2 kB", "2.1 MB"]


def test_what_a_list_says_of_time_does_not_flicker() -> None:
    assert [ago(value) for value in (-0.1, 0.0, 0.999, 1.0, 59.99, 60.0)] == [
        "now",
        "now",
        "now",
        "1 s",
        "59 s",
        "1m 00s",
    ]
    assert [age(value) for value in (0.0, 0.999, 3.7, 192.9)] == ["0 s", "0 s", "3 s", "3m 12s"]
