"""Sessions that are kept: each can be opened, and they stay within their limits."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from console.link.keeper import Keeper, Limits, kept, prune
from server_core import records
from server_core.recording import RecordingError, read
from server_core.roster import Roster
from tests.support.make import Maker


def keep(folder: Path, limits: Limits | None = None, title: str = "chat:io") -> Keeper:
    return Keeper(folder, title, "http://x", limits or Limits())


def test_a_session_is_kept_in_a_private_file_that_can_be_opened(tmp_path: Path) -> None:
    make = Maker()
    keeper = keep(tmp_path / "sessions", title="../chat:io")
    keeper.write([make(records.Sync), *make.socket("a", password="hunter2")])
    keeper.close()
    (path,) = kept(tmp_path / "sessions")
    assert path == keeper.path
    assert path.parent == tmp_path / "sessions"
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    assert [record.kind for record in read(path).records][:2] == ["sync", "engine_opened"]
    assert b"hunter2" not in path.read_bytes()


def test_a_long_session_has_several_files_and_each_begins_with_what_was_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.link.keeper._suffix", lambda: ".siorec")
    make, live = Maker(), Roster()
    keeper = keep(tmp_path, Limits(size=100_000, files=100))
    keeper.write([make(records.Sync)])
    for number in range(60):
        made = [*make.socket(f"s{number}"), make.received(f"s{number}", "x", os.urandom(500).hex())]
        for each in made:
            live.apply(each)
        keeper.write(made)
    keeper.close()
    files = kept(tmp_path)
    assert len(files) > 1
    roster = Roster()
    for each in read(keeper.path).records:
        roster.apply(each)
    assert set(roster.sockets) == set(live.sockets)
    assert roster.counters == live.counters
    assert sum(path.stat().st_size for path in files) < 130_000


def test_the_oldest_go_first_and_what_is_in_use_stays(tmp_path: Path) -> None:
    for number in range(8):
        path = tmp_path / f"s-{number}.siorec"
        path.write_bytes(b"x" * 1_000)
        os.utime(path, (time.time() - number * 3_600,) * 2)
    (tmp_path / "notes.txt").write_text("dear diary")
    prune(tmp_path, Limits(files=6))
    assert [path.name for path in kept(tmp_path)] == [f"s-{number}.siorec" for number in range(6)]
    prune(tmp_path, Limits(size=4_500))
    assert len(kept(tmp_path)) == 4
    prune(tmp_path, Limits(days=1.5 / 24))
    assert len(kept(tmp_path)) == 2
    keeper = keep(tmp_path, Limits(files=1))
    assert kept(tmp_path) == [keeper.path]
    other = keep(tmp_path, Limits(files=1))
    assert set(kept(tmp_path)) == {keeper.path, other.path}
    keeper.close()
    prune(tmp_path, Limits(files=1))
    assert kept(tmp_path) == [other.path]
    other.close()
    assert (tmp_path / "notes.txt").exists()


def test_a_folder_that_can_not_be_is_an_error_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match="can't keep sessions"):
        keep(tmp_path / "file" / "sessions")
