"""The ring never grows past its bounds, and never loses anything uncounted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server_core.ring import Ring


def note(*_: object) -> None:
    """What an entry calls."""


@given(st.lists(st.one_of(st.integers(0, 40), st.none()), max_size=60))
def test_what_was_noted_is_taken_or_counted_as_dropped(steps: list[int | None]) -> None:
    ring = Ring(max_entries=5, max_bytes=100)
    noted = taken = dropped = 0
    for number, size in enumerate([*steps, None]):
        if size is not None:
            ring.append((note, number, size, None, None))
            noted += 1
            continue
        taken_now, lost = ring.take()
        entries = list(taken_now)
        assert len(entries) <= 5
        assert [entry[1] for entry in entries] == sorted(entry[1] for entry in entries)
        taken += len(entries)
        dropped += lost
    assert noted == taken + dropped


def test_the_oldest_go_first() -> None:
    ring = Ring(max_entries=2)
    for number in range(4):
        ring.append((note, number, 64, None, None))
    entries, dropped = ring.take()
    assert ([entry[1] for entry in entries], dropped) == ([2, 3], 2)
    entries, dropped = ring.take()
    assert (list(entries), dropped) == ([], 0)


def test_bytes_are_bounded_too() -> None:
    ring = Ring(max_bytes=100)
    ring.append((note, 1, 90, None, None))
    ring.append((note, 2, 20, None, None))
    entries, dropped = ring.take()
    assert (list(entries), dropped) == ([(note, 2, 20, None, None)], 1)
