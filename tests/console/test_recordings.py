"""`socketscope open` and what stands beside it, without a screen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console.cli import cli
from server_core.recording import Recorder
from tests.support.story import story

STORY = story(400)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    path = tmp_path / "s.siorec"
    recorder = Recorder(path, target="chat:io", url="http://x")
    recorder.write(STORY)
    recorder.close()
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_a_summary_is_lines_or_json(recorded: Path) -> None:
    done = run("open", recorded, "--summary")
    assert done.exit_code == 0
    assert "event_received" in done.stdout
    assert "chat:io" in done.stdout
    found = json.loads(run("open", recorded, "--summary", "--json").stdout)
    assert (found["records"], found["damaged_lines"], found["truncated"]) == (len(STORY), 0, False)


def test_a_damaged_recording_opens_and_says_what_is_missing(recorded: Path) -> None:
    recorded.write_bytes(recorded.read_bytes()[:-7] + b"")
    done = run("open", recorded, "--summary")
    assert done.exit_code == 0
    assert "the last line" in done.stdout


@pytest.mark.parametrize("command", ["distill", "import"])
def test_a_file_that_is_none_is_named(command: str, tmp_path: Path) -> None:
    path = tmp_path / "chat.sio.yaml"
    path.write_text("sio: 1\n")
    done = run(command, path, "-o", tmp_path / "o.siorec")
    assert done.exit_code
    assert f"{path}: this is no" in done.stderr
    done = run(command, tmp_path / "none", "-o", tmp_path / "o.siorec")
    assert done.stderr.count(str(tmp_path / "none")) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no recording"),
        (b"hello\n", "no recording"),
        (b'{"socketscope":"siorec","version":99,"created":"","by":""}\n', "version 99, newer"),
        (b"\x28\xb5\x2f\xfdjunk", "no recording"),
    ],
)
def test_what_is_no_recording_is_refused_in_a_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.siorec"
    path.write_bytes(content)
    for arguments in (["--summary"], ["--json"], ["--export", tmp_path / "o.html"], []):
        done = run("open", path, *arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert said in done.stderr
        assert str(path) in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_file_that_is_not_there_and_a_screen_that_is_not_there(recorded: Path, tmp_path: Path) -> None:
    assert "No such file" in run("open", tmp_path / "nowhere.siorec", "--summary").stderr
    done = run("open", recorded)
    assert done.exit_code == 2
    assert "needs a terminal" in done.stderr


@pytest.mark.parametrize("suffix", ["ndjson", "json", "csv", "html"])
def test_what_a_filter_takes_is_exported(recorded: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"out.{suffix}"
    done = run("open", recorded, "--export", out, "--filter", "kind:event_received event:typing")
    expected = sum(record.kind == "event_received" and getattr(record, "event", "") == "typing" for record in STORY)
    assert expected > 3
    assert (done.exit_code, done.stdout) == (0, f"{expected} events in {out}\n")
    assert out.read_text().count("typing") >= expected


def test_an_export_that_can_not_be_says_why(recorded: Path, tmp_path: Path) -> None:
    assert "suffix" in run("open", recorded, "--export", tmp_path / "x.pdf").stderr
    done = run("open", recorded, "--export", tmp_path / "x.csv", "--filter", "wrong:x")
    assert done.stderr == 'socketscope: --filter: there is no field "wrong": quotes make it a text\n'
    assert "is there already" in run("open", recorded, "--export", _there(tmp_path)).stderr
    assert run("open", recorded, "--filter", "x").exit_code == 2


def _there(folder: Path) -> Path:
    path = folder / "there.csv"
    path.write_text("x")
    return path
