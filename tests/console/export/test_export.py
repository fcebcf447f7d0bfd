"""What is exported is what was there: harmless wherever it is opened, and never in another file's place."""

from __future__ import annotations

import csv
import io
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.export import FORMATS, RECORDS, ExportError, Format, Sheet, default_path, save, write
from console.export.sheets import LOGS, clients, masked, rooms, rooms_sheet, sockets
from console.export.sheets import records as records_sheet
from console.state.state import State
from server_core import records
from tests.console.screens.conftest import chat
from tests.console.screens.test_hostile import CLEAN, hostile_records
from tests.support.make import Maker

MAKE = Maker()


def written(things: Any, format: Format, sheet: Sheet[Any] = RECORDS) -> str:
    file = io.BytesIO()
    write(things, file, format, sheet)
    return file.getvalue().decode()


def objects(things: Any, sheet: Sheet[Any] = RECORDS) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in written(things, "ndjson", sheet).splitlines()]
    assert json.loads(written(things, "json", sheet)) == lines
    return lines


def rows(things: Any, sheet: Sheet[Any] = RECORDS) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written(things, "csv", sheet), newline="")))


def state() -> State:
    state = State()
    state.apply(chat())  # type: ignore[arg-type]
    return state


def test_an_event_as_an_object_and_as_a_row() -> None:
    made = MAKE.received("s1", "private message", "s2", {"text": "hi, bob", "n": 1.50}, id=12)
    (data,) = objects([made])
    assert data["kind"] == "event_received"
    assert data["event"] == "private message"
    assert data["data"] == ["private message", "s2", {"text": "hi, bob", "n": 1.5}]
    assert data["at"].startswith("2023-11-14T22:13:20.")
    (row,) = rows([made])
    assert row["event"] == "private message"
    assert json.loads(row["data"]) == data["data"]
    assert (row["ack id"], row["socket"], row["namespace"]) == ("12", "s1", "/")


def test_rows_have_names_beside_ids() -> None:
    live = state()
    found = {row["event"]: row for row in rows(list(live.history.since(0)), records_sheet(live)) if row["event"]}
    news, private = found["news"], found["private message"]
    assert (news["socket"], news["rooms"], news["room names"]) == ("", "lobby", "lobby")
    assert (private["socket"], private["name"]) == ("N8xVt0aQ91aaaaaaAAAB", "bea")
    assert (private["rooms"], private["room names"]) == ("N8xVt0aQ91aaaaaaAAAB", "bea")
    assert "<td>bea</td>" in written(list(live.history.since(0)), "html", records_sheet(live))


def test_payloads_keep_their_digits() -> None:
    made = MAKE(records.EventReceived, socket="s", data='["n",12345678901234567890123,1.10,\n "x"]')
    assert "12345678901234567890123,1.10" in written([made], "ndjson")
    assert written([made], "ndjson").count("\n") == 1


def test_a_payload_that_is_no_json_is_a_text() -> None:
    cut = MAKE(records.EventReceived, socket="s", data='["big","xxx', length=1000, digest="d")
    assert objects([cut])[0]["data"] == '["big","xxx'


def test_what_is_live_has_the_shape_of_the_commands() -> None:
    live = state()
    found = objects(list(live.sockets()), sockets(live))
    bob = next(each for each in found if each["name"] == "bob")
    assert bob["rooms"] == ["lobby", "ojIckSD2jqNzOqIrAGzL"]
    assert bob["attributes"]["user"] == {"name": "bob"}
    assert (bob["transport"], bob["rtt"], bob["received"]) == ("websocket", 0.0042, 1)
    (row,) = [row for row in rows(list(live.sockets()), sockets(live)) if row["name"] == "bob"]
    assert row["rooms"] == "lobby ojIckSD2jqNzOqIrAGzL"
    assert json.loads(row["attributes"])["mood"] == "good"
    lobby = next(each for each in objects(rooms(live), rooms_sheet(live)) if each["room"] == "lobby")
    assert (lobby["private"], lobby["sockets"], len(lobby["members"]), lobby["names"]) == (False, 2, 2, ["bob", "bea"])
    assert next(row for row in rows(rooms(live), rooms_sheet(live)) if row["room"] == "lobby")["names"] == "bob bea"
    own = next(each for each in rows(rooms(live), rooms_sheet(live)) if each["room"] == "kzQ19aZpzzzzzzzzAAAC")
    assert (own["private"], own["nsp"]) == ("yes", "/chat")
    engines = [engine for roster in live.rosters.values() for engine in roster.engines.values()]
    client = next(each for each in objects(engines, clients(live)) if "oj" in each["id"])
    assert client["sockets"] == [{"nsp": "/", "id": "ojIckSD2jqNzOqIrAGzL", "name": "bob"}]
    assert client["names"] == ["bob"]
    assert client["bytes_received"] > 0
    assert [row["text"] for row in rows(list(live.log), LOGS)] == ["chat is up", "warning: token=t0psecret is old"]


def test_secrets_are_masked_unless_they_were_asked_for() -> None:
    live = state()
    everything = [*live.history.since(0), *live.log]
    for format in FORMATS:
        assert "t0psecret" not in written(masked(everything, show_secrets=False), format)
        assert "s3cret" not in written(list(live.sockets()), format, sockets(live))
        assert "t0psecret" in written(masked(everything, show_secrets=True), format)
    assert "s3cret" in written(list(live.sockets()), "json", sockets(live, show_secrets=True))


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_that_a_peer_sent_can_do_harm(format: Format) -> None:
    made = hostile_records()
    live = State()
    live.apply(made)  # type: ignore[arg-type]
    texts = [
        written(made, format),
        written(list(live.log), format, LOGS),
        written(list(live.sockets()), format, sockets(live)),
        written(rooms(live), format, rooms_sheet(live)),
    ]
    for text in texts:
        assert [character for character in text if not character.isprintable() and character not in "\r\n\t\xa0"] == []
        assert "\t" not in text or format in ("csv", "html")
    if format not in ("csv", "html"):
        assert CLEAN in [each["data"][0] for each in objects(made) if each["kind"] == "event_sent"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\r=1", "＝1", '=cmd|"/c calc"!A1'])
def test_no_text_becomes_a_formula(text: str) -> None:
    log = MAKE(records.Log, stream="stdout", text=text)
    (row,) = rows([log], LOGS)
    assert row["text"] == ("\\u000d=1" if text[0] == "\r" else f"'{text}")


def test_numbers_stay_numbers() -> None:
    (row,) = rows([MAKE(records.AckSent, socket="s", id=3, elapsed=0.0442)])
    assert (row["ack ms"], row["ack id"]) == ("44.2", "3")


anything = st.text(max_size=30)
numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | anything,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(anything, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.tuples(anything, values), max_size=4))
def test_json_comes_back_as_it_was(sent: list[tuple[str, Any]]) -> None:
    made = [MAKE(records.EventSent, data=json.dumps([event, value]), sockets=1) for event, value in sent]
    for data, (event, value) in zip(objects(made), sent, strict=True):
        got = data["data"]
        assert (json.loads(got) if isinstance(got, str) else got) == [event, value]  # a lone surrogate: a text


@given(st.lists(st.text(max_size=40), max_size=4))
def test_csv_comes_back_as_it_was(texts: list[str]) -> None:
    made = [MAKE(records.Log, stream="stdout", text=text) for text in texts]
    plain = [row["text"] for row in rows(made, LOGS)]
    assert len(plain) == len(texts)
    for got, text in zip(plain, texts, strict=True):
        if text.isprintable():
            assert got.removeprefix("'") == text.removeprefix("'")
        assert all(character.isprintable() or character.isspace() for character in got)


def test_a_file_is_whole_private_and_never_takes_anothers_place(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    assert save([MAKE.received("s", "a")], path, "csv") == 1
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    with pytest.raises(ExportError, match=r"events\.csv is there already"):
        save([], path, "csv")
    assert path.read_bytes() == before
    assert save([], path, "json", overwrite=True) == 0
    assert path.read_text() == "[]\n"
    assert [each.name for each in tmp_path.iterdir()] == ["events.csv"]


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="can't be written: No such file or directory"):
        save([], tmp_path / "none" / "x.csv", "csv")
    stop = threading.Event()

    def progress(number: int) -> None:
        stop.set()
        raise ValueError(f"stopped after {number}")

    with pytest.raises(ExportError, match="stopped after 500"):
        save([MAKE.received("s", "a")] * 1_000, tmp_path / "x.csv", "csv", progress=progress)
    assert stop.is_set()
    assert list(tmp_path.iterdir()) == []


def test_the_default_path_says_what_and_when(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_700_000_000)
    path = default_path("events of #a/b", "csv", tmp_path)
    assert path.parent == tmp_path
    assert path.name.startswith("events-of-a-b-2023111")
    assert path.suffix == ".csv"
