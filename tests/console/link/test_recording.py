"""The link to a file: the same states as live, the same answers to queries, whatever is left of the file."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.lines import Reader
from console.link import recording_index
from console.link.base import LinkState
from console.link.recording import RecordingLink
from console.link.recording_index import Index
from console.link.summary import as_text, summarize
from console.query.context import Context
from console.query.parse import parse
from console.state.session import Session
from console.state.sockets import SocketListing
from console.state.state import State
from console.state.timeline import Timeline
from server_core import blocks
from server_core.recording import Recorder, RecordingError
from server_core.records import Disconnect, Record
from tests.server_core.test_records import any_record
from tests.support.knowledge import knowledge
from tests.support.make import Maker
from tests.support.story import story

both = pytest.mark.parametrize("suffix", [".siorec", ".siorec.zst"])
any_path = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)

STORY = story(3_000)

QUERIES = (
    "hello",
    "Hello 12",
    '"hello 123"',
    "nothing like this",
    "user3",
    "transport close",
    "joined",
    "unknown user",
    "/",
    "[",
    "e",
    "/hello.*7/",
    "event:message",
    "event=typing",
    "event:*message",
    "event:/^n/",
    "kind:disconnected",
    "kind:",
    "dir:in",
    "dir:out !event:news",
    "who:user3 or who:user5",
    "id:socket-1",
    "id:engine",
    "room:room-1",
    "nsp:/",
    "ack>20s",
    "ack:",
    "size>24",
    "sockets>3",
    "reason:transport",
    "arg[0].text:hello",
    'arg[0].text="hello 700"',
    "arg[0]=700",
    "attr.mood:mood",
    "addr:10.0.0.7 kind:connected",
    "rooms>2",
    "!(event:message or dir:out) who:user2",
    "age>0s",
)


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many blocks and segments in a small file."""
    monkeypatch.setattr(blocks, "BLOCK", 8 * 1024)
    monkeypatch.setattr(recording_index, "SEGMENT", 300)
    monkeypatch.setattr(recording_index, "MAX_CACHED", 32 * 1024)


def write(path: Path, made: Sequence[Record]) -> Path:
    path.unlink(missing_ok=True)
    recorder = Recorder(path, show_secrets=True, sync_every=10**9)
    for start in range(0, len(made), 200):
        recorder.write(made[start : start + 200])
    recorder.close()
    return path


def opened(path: Path) -> tuple[RecordingLink, Session]:
    link = RecordingLink(path)
    session = link.session(max_log_lines=20_000)
    while link.status.state is LinkState.LOADING:
        session.apply(link.take())
    return link, session


def asking(session: Session) -> Context:
    return Context(session, Reader(session).text_of, SocketListing(session).text_of)


@both
def test_a_file_that_is_opened_ends_in_the_state_that_was_live(tmp_path: Path, suffix: str) -> None:
    link, session = opened(write(tmp_path / f"s{suffix}", STORY))
    live = State(max_gone=50_000)
    live.apply(STORY)  # type: ignore[arg-type]
    assert knowledge(session.state) == knowledge(live)
    assert link.status.why == ""
    result = link.send(Disconnect(sockets=("a",))).result()
    assert (result.ok, "recording" in result.error) == (False, True)
    link.stop()


@both
def test_any_moment_of_a_file_is_as_it_was(tmp_path: Path, suffix: str) -> None:
    link, session = opened(write(tmp_path / f"s{suffix}", STORY))

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.integers(0, len(STORY)), min_size=1, max_size=3))
    def travels(moments: list[int]) -> None:
        for moment in moments:
            session.go(moment)
            lived = State(max_gone=50_000)
            lived.apply(STORY[:moment])  # type: ignore[arg-type]
            assert knowledge(session.state) == knowledge(lived)

    travels()
    link.stop()


@pytest.fixture(scope="module")
def story_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The story as a file of each kind."""
    folder = tmp_path_factory.mktemp("story")
    return {suffix: write(folder / f"s{suffix}", STORY) for suffix in (".siorec", ".siorec.zst")}


@functools.cache
def lived() -> Session:
    """The story as it was live."""
    live = Session(State(max_gone=50_000))
    live.apply(STORY)  # type: ignore[arg-type]
    return live


@both
@pytest.mark.parametrize("text", QUERIES)
def test_a_query_finds_in_a_file_what_it_finds_live(story_files: dict[str, Path], suffix: str, text: str) -> None:
    link, session = opened(story_files[suffix])
    live = lived()
    query = parse(text)
    assert query
    expected, found = query.bind(asking(live)), Timeline(session)
    found.set(filter=query.bind(asking(session)))
    while found.progress < 1:
        found.extend()
    history = live.live.history
    assert list(found.numbers) == [n for n in range(history.end) if expected.takes_record(history[n])]
    link.stop()


@any_path
@given(made=st.lists(any_record, max_size=12), word=st.integers(0, 10_000))
def test_no_free_text_of_any_record_is_missed(tmp_path: Path, made: list[Any], word: int) -> None:
    link, session = opened(write(tmp_path / "s.siorec", made))
    context = asking(session)
    history = session.live.history
    for number in range(history.end):
        text = context.text_of_record(history[number])
        pieces = [piece for piece in text.split() if piece.isprintable() and '"' not in piece and "\\" not in piece]
        if not pieces:
            continue
        query = parse(f'"{pieces[word % len(pieces)]}"')
        assert query
        found = [each for part in history.search(query.bind(context), 0, history.end) for each in part.numbers]
        assert number in found
    link.stop()


def test_a_sockets_own_timeline_is_the_same_in_a_file(tmp_path: Path) -> None:
    link, session = opened(write(tmp_path / "s.siorec", STORY))
    live = Session(State(max_gone=50_000))
    live.apply(STORY)  # type: ignore[arg-type]
    for socket in [socket.id for socket in live.state.sockets()][:3] + list(live.state._gone)[-3:]:
        expected, found = Timeline(live), Timeline(session)
        expected.set(socket=socket)
        found.set(socket=socket)
        assert list(found.numbers) == list(expected.numbers)
        assert len(found) > 3
    link.stop()


def test_what_can_be_read_of_a_damaged_file_is_shown_and_the_rest_is_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "s.siorec", STORY)
    lines = path.read_bytes().split(b"\n")
    lines[100] = b"junk"
    lines[2_000] = lines[2_000][:20]
    path.write_bytes(b"\n".join(lines)[:-10])
    link, session = opened(path)
    assert link.status.why == "2 damaged lines left out, the last line is cut short"
    assert session.end == len(STORY) - 3
    summary = summarize(path)
    assert (summary.records, summary.damaged_lines, summary.truncated) == (len(STORY) - 3, 2, True)
    assert "2 lines" in as_text(summary)
    link.stop()


@any_path
@given(start=st.floats(0, 1), end=st.floats(0, 1), junk=st.binary(max_size=40))
def test_whatever_is_left_of_a_file_opens_or_is_refused_in_a_line(
    tmp_path: Path, start: float, end: float, junk: bytes
) -> None:
    whole = write(tmp_path / "whole.siorec", STORY[:300]).read_bytes()
    path = tmp_path / "s.siorec"
    path.write_bytes(whole[: int(start * len(whole))] + junk + whole[int(end * len(whole)) :])
    said = ""
    try:
        link, session = opened(path)
        timeline = Timeline(session)
        timeline.set()
        assert len([timeline[row] for row in range(len(timeline))]) == len(session.live.history)
        link.stop()
    except RecordingError as error:
        said = str(error)
    assert "\n" not in said


def test_a_file_that_is_cut_while_it_is_open_is_no_crash(tmp_path: Path) -> None:
    path = write(tmp_path / "s.siorec", STORY)
    link, _session = opened(path)
    path.write_bytes(path.read_bytes()[:10_000])
    records = list(link.index.records(0, len(link.index)))
    assert len(records) == len(STORY)
    assert records[-1].kind == "gap"
    link.stop()


def test_reading_shows_how_far_it_is_and_a_search_goes_on_slice_by_slice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.link.recording.SLICE", 0.0)
    monkeypatch.setattr("console.state.timeline.FIRST", 0.0)
    link = RecordingLink(write(tmp_path / "s.siorec", STORY))
    session = link.session(max_log_lines=100)
    seen = []
    while link.status.state is LinkState.LOADING:
        seen.append(link.status.progress)
        session.apply(link.take())
    assert seen == sorted(seen)
    assert len(seen) > 10
    timeline = Timeline(session)
    query = parse("hello")
    assert query
    timeline.set(filter=query.bind(asking(session)))
    progress = [timeline.progress]
    while timeline.progress < 1:
        timeline.extend(0.0)
        progress.append(timeline.progress)
    assert progress == sorted(progress)
    assert len(progress) > 4
    link.stop()


def test_the_summary_counts_what_is_in_it(tmp_path: Path) -> None:
    path = write(tmp_path / "s.siorec.zst", STORY)
    summary = summarize(path)
    assert sum(summary.kinds.values()) == summary.records == len(STORY)
    assert summary.sockets == sum(record.kind == "connecting" for record in STORY)
    assert summary.events_in == sum(record.kind == "event_received" for record in STORY)
    assert summary.servers == ["chat:io"]
    assert summary.last - summary.first == max(r.time for r in STORY) - min(r.time for r in STORY)
    assert "event_received" in as_text(summary)


def test_a_session_of_a_file_reads_its_past_from_the_file(tmp_path: Path) -> None:
    link, session = opened(write(tmp_path / "s.siorec", STORY))
    assert session._journal is link.index
    assert len(link.index._decoded) <= recording_index.MAX_DECODED
    link.stop()


def test_an_empty_recording_has_a_summary(tmp_path: Path) -> None:
    summary = summarize(write(tmp_path / "s.siorec", []))
    assert summary.records == 0
    assert "nothing happened" in as_text(summary)


def test_the_index_needs_little_for_a_record(tmp_path: Path) -> None:
    index = Index(write(tmp_path / "s.siorec", [Maker().received("a", "hi", "x" * 1_000) for _ in range(500)]))
    while index.advance() is not None:
        pass
    assert index._cached <= 40 * 1024
    columns = (index.times, index.seen, index.sockets, index.events, index.places, index.sizes, index.measures)
    assert sum(column.itemsize for column in columns) + index._offsets.itemsize + 1 <= 45
    assert index._texts._ends[-1] / 500 <= 30  # compressed, of texts of a thousand letters
    index.close()


def test_a_sockets_own_timeline_is_looked_for_slice_by_slice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.state.timeline.FIRST", 0.0)
    link, session = opened(write(tmp_path / "s.siorec", STORY))
    socket = next(iter(session.state.sockets()))
    timeline = Timeline(session)
    timeline.set(socket=socket.id)
    progress, rows = [timeline.progress], [len(timeline)]
    last = timeline[len(timeline) - 1]
    while timeline.progress < 1:
        timeline.extend(0.0)
        progress.append(timeline.progress)
        rows.append(len(timeline))
    assert (progress, rows) == (sorted(progress), sorted(rows))
    assert len(progress) > 4
    assert timeline[len(timeline) - 1] == last
    whole = list(timeline.numbers)
    monkeypatch.setattr("console.state.timeline.FIRST", 60.0)
    timeline.set()
    timeline.set(socket=socket.id)
    assert (timeline.progress, list(timeline.numbers)) == (1, whole)
    link.stop()
