"""Time travel: a moment that is travelled to is the same as one that was lived through."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.lines import clock
from console.state import session as session_module
from console.state.difference import Change, difference
from console.state.moments import MomentError, find
from console.state.player import Player
from console.state.session import Session
from console.state.state import State
from server_core import records
from server_core.records import AnyRecord
from tests.support.knowledge import knowledge
from tests.support.make import NOON, Maker
from tests.support.story import story

STORY = story(1_500)


def lived(until: int) -> State:
    """The state folded from the start."""
    state = State()
    state.apply(STORY[:until])  # type: ignore[arg-type]
    return state


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setattr(session_module, "EVERY", 100)
    monkeypatch.setattr(session_module, "PER_SOCKET", 1)
    session = Session(State())
    for start in range(0, len(STORY), 37):
        session.apply(STORY[start : start + 37])  # type: ignore[arg-type]
    return session


def test_every_moment_that_is_travelled_to_is_as_it_was(session: Session) -> None:
    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.integers(0, len(STORY)), min_size=1, max_size=4))
    def travels(moments: list[int]) -> None:
        for moment in moments:
            session.go(moment)
            assert session.moment == moment
            assert session.past == (moment < len(STORY))
            assert knowledge(session.state) == knowledge(lived(moment))

    travels()
    session.present()
    assert knowledge(session.live) == knowledge(lived(len(STORY)))


def test_the_history_of_a_moment_is_read_up_to_it_by_whatever_way(session: Session) -> None:
    for moment in (97, len(STORY) // 2, len(STORY) - 1):
        session.go(moment)
        history, expected = session.state.history, lived(moment).history
        numbers = range(history.first, history.end)
        assert (history.first, history.end) == (expected.first, expected.end)
        assert list(history.since(history.first)) == [history[number] for number in numbers]
        assert list(history.since(history.end - 3)) == [history[number] for number in numbers[-3:]]
    session.go(97)
    assert list(session.state.history.since(0)) == list(lived(97).history.since(0))


def test_a_jump_folds_a_bounded_part(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    folded = 0
    apply = State.apply

    def count(self: State, records: Iterable[AnyRecord]) -> None:
        nonlocal folded
        made = list(records)
        folded = len(made)
        apply(self, made)

    monkeypatch.setattr(State, "apply", count)
    for moment in range(1, len(STORY), 61):
        session.present()
        session.go(moment)
        assert folded <= 400


def test_steps_go_along_what_the_timeline_shows(session: Session) -> None:
    live = session.live.history
    session.step(-1)
    assert session.state.history.end == live.end - 1
    session.step(-9)
    assert session.state.history.end == live.end - 10
    session.step(4)
    assert session.state.history.end == live.end - 6
    session.step(1_000_000)
    assert not session.past
    session.step(-1_000_000)
    assert session.moment == session.first == 0


def test_what_happens_meanwhile_is_folded_and_not_shown(session: Session) -> None:
    session.go(700)
    session.apply([Maker().received("late", "hi")])
    assert knowledge(session.state) == knowledge(lived(700))
    session.present()
    assert session.live.history[session.live.history.end - 1].kind == "event_received"


def test_time_goes_back_as_far_as_the_history_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "EVERY", 100)
    monkeypatch.setattr(session_module, "PER_SOCKET", 0)
    session = Session(State(max_records=300))
    for start in range(0, len(STORY), 50):
        session.apply(STORY[start : start + 50])  # type: ignore[arg-type]
    assert 0 < session.first < len(STORY) - 300
    session.go(0)
    assert session.moment == session.first
    assert session.state.rosters == lived(session.first).rosters


def test_snapshots_are_bounded_and_every_moment_can_still_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "EVERY", 20)
    monkeypatch.setattr(session_module, "PER_SOCKET", 0)
    monkeypatch.setattr(session_module, "MAX_SNAPSHOTS", 10)
    session = Session(State())
    session.apply(STORY)  # type: ignore[arg-type]
    assert len(session._snapshots) <= 10
    for moment in range(0, len(STORY), 211):
        session.go(moment)
        assert knowledge(session.state) == knowledge(lived(moment))


def test_a_time_finds_its_moment(session: Session) -> None:
    session.travel(NOON + 500 * 1_000_000)
    assert session.state.time == NOON + 500 * 1_000_000
    assert session.now() == session.state.time
    session.travel(0)
    assert session.moment == 0


def test_moments_are_read_as_people_write_them(session: Session) -> None:
    session.go(1_000)
    here = session.state.time
    assert find("50%", session) == len(STORY) // 2
    assert find("#123", session) == 123
    assert find("-200ms", session) == session.moment_of(here - 200_000_000)
    assert find("+0.1s", session) == session.moment_of(here + 100_000_000)
    assert find("100%", session) == session.end
    for wrong in ("", "yesterday", "25:61", "12:00:99", "-3 weeks"):
        with pytest.raises(MomentError):
            find(wrong, session)


def test_a_clock_time_is_one_of_the_session(session: Session) -> None:
    at = session.live.time - 300_000_000
    assert abs(session.moment_of(at) - find(clock(at), session)) <= 2


def test_playing_goes_on_with_the_clock_until_now(session: Session) -> None:
    session.travel(NOON + 100_000_000)
    player = Player(session)
    player.play(10.0)
    player.tick(10.1)
    assert session.state.time == pytest.approx(NOON + 200_000_000, abs=3_000_000)
    player.faster(1, 10.1)
    player.tick(10.2)
    assert session.state.time == pytest.approx(NOON + 400_000_000, abs=4_000_000)
    player.pause()
    player.tick(99.0)
    assert session.past
    player.play(100.0)
    player.tick(200.0)
    assert not session.past
    assert not player.playing


def test_the_difference_of_two_moments_is_who_came_and_left_and_what_changed() -> None:
    make = Maker()
    before, after = State(), State()
    start = [*make.socket("a", rooms=("lobby",), mood="good", old=1), *make.socket("b")]
    before.apply(start)  # type: ignore[arg-type]
    after.apply(start)  # type: ignore[arg-type]
    after.apply(
        [
            make(records.Disconnected, socket="b", reason="x"),
            *make.socket("c"),  # type: ignore[list-item]
            make(records.RoomJoined, socket="a", room="dev"),
            make(records.RoomLeft, socket="a", room="lobby"),
            make(records.AttributeSet, socket="a", name="mood", value='"bad"'),
            make(records.AttributeSet, socket="a", name="new", value="2"),
            make(records.AttributeDeleted, socket="a", name="old"),
        ]
    )
    assert difference(before, after) == [
        Change("left", "b"),
        Change("came", "c"),
        Change("room", "a", "dev", None, "dev"),
        Change("room", "a", "lobby", "lobby", None),
        Change("attribute", "a", "mood", '"good"', '"bad"'),
        Change("attribute", "a", "new", None, "2"),
        Change("attribute", "a", "old", "1", None),
    ]
    assert difference(after, after) == []
