"""Recordings: private, complete to the last batch, and read whatever is left of them."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server_core import recording, records
from server_core.recording import Recorder, RecordingError, read
from server_core.records import AnyRecord, Record
from server_core.roster import Roster
from server_core.sink import PlainSink
from tests.server_core.test_records import any_record
from tests.support.make import Maker

any_path = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


both = pytest.mark.parametrize("suffix", [".siorec", ".siorec.zst"])


def write(path: Path, made: list[Record]) -> None:
    recorder = Recorder(path, target="chat:io", url="http://x")
    recorder.write(made)
    recorder.close()


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    make = Maker()
    made = [*make.socket("a", rooms=("lobby",), user="bob"), make.received("a", "hi", 1)]
    path = tmp_path / "s.siorec"
    recorder = Recorder(path, target="chat:io", url="http://x", show_secrets=True)
    recorder.write(made)
    recorder.close()
    found = read(path)
    assert found.records == made
    assert (found.header.target, found.header.url, found.damaged, found.truncated) == ("chat:io", "http://x", [], False)
    assert path.read_text().startswith('{"socketscope":"siorec","version":1,')
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_size == recorder.bytes_written


def test_a_batch_is_in_the_file_when_write_returns(tmp_path: Path) -> None:
    make = Maker()
    recorder = Recorder(tmp_path / "s.siorec")
    recorder.write(make.socket("a"))
    assert len(read(tmp_path / "s.siorec").records) == 3
    recorder.close()


def test_secrets_are_masked_in_the_file(tmp_path: Path) -> None:
    write(tmp_path / "s.siorec", [*Maker().socket("a", auth={"token": "hunter2"}, password="hunter2")])
    text = (tmp_path / "s.siorec").read_text()
    assert "hunter2" not in text
    assert "s3cret" not in text


@any_path
@given(cut=st.integers(0, 2_000))
def test_a_file_that_was_cut_short_is_read_as_far_as_it_goes(tmp_path: Path, cut: int) -> None:
    make = Maker()
    made = [*make.socket("a"), *(make.received("a", "hi", number) for number in range(10))]
    path = tmp_path / "s.siorec"
    recorder = Recorder(path, show_secrets=True)
    recorder.write(made)
    recorder.close()
    data = path.read_bytes()
    header = data.index(b"\n") + 1
    cut = min(cut, len(data) - header)
    path.write_bytes(data[: len(data) - cut])
    found = read(path)
    whole = path.read_bytes().count(b"\n") - 1
    assert found.records == made[:whole]
    assert found.truncated == (not path.read_bytes().endswith(b"\n"))
    assert found.damaged == []


@any_path
@given(data=st.binary(max_size=300))
def test_any_bytes_are_refused_in_one_line_or_read(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.siorec"
    path.write_bytes(data)
    said = ""
    try:
        read(path)
    except RecordingError as error:
        said = str(error)
    assert "\n" not in said


@any_path
@given(junk=st.binary(max_size=60).filter(lambda data: b"\n" not in data and data.strip() != b""))
def test_a_damaged_line_is_counted_and_the_rest_is_read(tmp_path: Path, junk: bytes) -> None:
    make = Maker()
    first, last = make.received("a", "hi"), make.received("a", "ho")
    path = tmp_path / "s.siorec"
    write(path, [first])
    with path.open("ab") as file:
        file.write(junk + b"\n" + records.encode_lines([last]))
    found = read(path)
    assert found.records == [first, last]
    assert found.damaged == [3]


def test_a_newer_version_says_so(tmp_path: Path) -> None:
    path = tmp_path / "s.siorec"
    path.write_text('{"socketscope":"siorec","version":99,"created":"","by":"","target":"","url":""}\n')
    with pytest.raises(RecordingError, match="version 99, newer"):
        read(path)


def test_another_recording_is_overwritten_and_any_other_file_is_not(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("dear diary\n")
    with pytest.raises(RecordingError, match="is no recording"):
        Recorder(path)
    assert path.read_text() == "dear diary\n"
    again = tmp_path / "s.siorec"
    write(again, [Maker().received("a", "old")])
    write(again, [])
    assert read(again).records == []


def test_a_folder_that_is_not_there_is_an_error_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="No such file"):
        Recorder(tmp_path / "nowhere" / "s.siorec")


def test_a_full_disk_ends_the_recording_and_nothing_else(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.fail("this test needs /dev/full, which Linux has")
    recorder = Recorder(tmp_path / "s.siorec")
    descriptor = full.open("wb", buffering=0)
    recorder._sink = PlainSink(descriptor.fileno())
    recorder.write([Maker().received("a", "hi")])
    assert "No space left" in recorder.error
    recorder.write([Maker().received("a", "hi")])
    assert recording.is_recording(tmp_path / "s.siorec")
    descriptor.close()


@both
@any_path
@given(made=st.lists(any_record, max_size=8))
def test_records_to_a_file_and_back_is_the_identity(tmp_path: Path, suffix: str, made: list[AnyRecord]) -> None:
    path = tmp_path / f"s{suffix}"
    recorder = Recorder(path, show_secrets=True)
    for each in made:
        recorder.write([each])
    recorder.close()
    found = read(path)
    assert found.records == made
    assert (found.damaged, found.truncated) == ([], False)


@both
@any_path
@given(start=st.floats(0, 1), end=st.floats(0, 1), junk=st.binary(max_size=40))
def test_a_file_that_was_cut_and_spliced_is_read_without_a_traceback(
    tmp_path: Path, suffix: str, start: float, end: float, junk: bytes
) -> None:
    make = Maker()
    path = tmp_path / f"s{suffix}"
    path.unlink(missing_ok=True)
    recorder = Recorder(path, show_secrets=True)
    made = [make.received("a", "hi", number) for number in range(20)]
    for each in made:
        recorder.write([each])
    recorder.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: int(start * len(whole))] + junk + whole[int(end * len(whole)) :])
    said, found = "", []
    try:
        found = read(path).records
    except RecordingError as error:
        said = str(error)
    assert "\n" not in said
    if suffix == ".siorec.zst":  # its frames have checksums: what is read is what was written
        assert all(record in made for record in found)


def test_a_compressed_one_is_smaller_and_read_to_where_it_was_cut(tmp_path: Path) -> None:
    make = Maker()
    made = [make.received("a", "hi", number) for number in range(3_000)]
    sizes = {}
    for suffix in (".siorec", ".siorec.zst"):
        path = tmp_path / f"s{suffix}"
        recorder = Recorder(path)
        for start in range(0, len(made), 100):
            recorder.write(made[start : start + 100])
        recorder.close()
        sizes[suffix] = path.stat().st_size
        assert read(path).records == made
    assert sizes[".siorec.zst"] * 3 < sizes[".siorec"]
    path.write_bytes(path.read_bytes()[:-200])
    found = read(path)
    assert 2_000 <= len(found.records) < 3_000
    assert found.records == made[: len(found.records)]


def test_a_frame_that_is_damaged_is_counted_and_the_next_are_read(tmp_path: Path) -> None:
    make = Maker()
    path = tmp_path / "s.siorec.zst"
    recorder = Recorder(path)
    made = [make.received("a", "hi", number) for number in range(3_000)]
    ends = []
    for start in range(0, len(made), 1_000):
        recorder.write(made[start : start + 1_000])
        ends.append(recorder.bytes_written)
    recorder.close()
    data = bytearray(path.read_bytes())
    middle = (ends[0] + ends[1]) // 2
    data[middle : middle + 8] = bytes(8)
    path.write_bytes(data)
    found = read(path)
    assert found.records == made[:1_000] + made[2_000:]
    assert len(found.damaged) == 1


def test_without_the_package_a_compressed_one_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "s.siorec.zst", [])
    monkeypatch.setitem(sys.modules, "zstandard", None)
    for attempt in (lambda: read(tmp_path / "s.siorec.zst"), lambda: Recorder(tmp_path / "t.siorec.zst")):
        with pytest.raises(RecordingError, match="pip install"):
            attempt()


def test_a_fold_can_start_at_any_sync_of_the_file(tmp_path: Path) -> None:
    make = Maker()
    path = tmp_path / "s.siorec"
    recorder = Recorder(path, sync_every=10, show_secrets=True)
    live = Roster()
    for number in range(40):
        made = make.socket(f"s{number}", rooms=("lobby",))
        if number > 3:
            made.append(make(records.Disconnected, socket=f"s{number - 3}", reason="transport close"))
        for each in made:
            live.apply(each)
        recorder.write(made)
    recorder.close()
    found = read(path).records
    syncs = [index for index, each in enumerate(found) if isinstance(each, records.Sync)]
    assert len(syncs) > 3
    for start in syncs:
        roster = Roster()
        for each in found[start:]:
            roster.apply(each)
        assert roster == live


def test_the_syncs_that_it_adds_are_masked(tmp_path: Path) -> None:
    make = Maker()
    path = tmp_path / "s.siorec"
    recorder = Recorder(path, sync_every=3)
    recorder.write(make.socket("a", auth={"token": "hunter2"}, password="hunter2"))
    recorder.write([*make.socket("b"), *(make.received("b", "x" * 500) for _ in range(20))])
    recorder.close()
    assert sum(isinstance(each, records.Sync) for each in read(path).records) == 2
    assert "hunter2" not in path.read_text()


def test_one_that_starts_in_mid_stream_starts_at_a_sync(tmp_path: Path) -> None:
    make, log = Maker(), Maker(server=records.CONSOLE)
    path = tmp_path / "s.siorec"
    recorder = Recorder(path, from_sync=True)
    line, before, sync, after = (
        log(records.Log, stream="stdout", text="x"),
        make.received("a", "hi"),
        make(records.Sync),
        make.received("a", "ho"),
    )
    recorder.write([line, before])
    recorder.write([sync, after])
    recorder.close()
    assert read(path).records == [line, sync, after]
