"""`socketscope replay` as a person or a CI runs it: output, files, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from server_core import demo
from tests.support.run import SOCKETSCOPE, Running
from tests.support.serving import serve

HERE = Path(__file__).parent
TEXT = """sio: 1
cases:
- name: good
  steps:
  - alice: {connect: {auth: {name: alice}}}
- name: bad <&> "\\e]"
  steps:
  - alice: {connect: {auth: {name: alice}}}
  - {alice: {expect: [nothing]}, within: 30ms}
"""


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with serve(demo.app) as url:
        yield url


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "a rather long name of a script, in a folder as deep as they are.sio.yaml"
    path.write_text(TEXT)
    return path


async def run(*arguments: object, cwd: Path) -> tuple[int, str, str]:
    command = [*SOCKETSCOPE, "replay", *map(str, arguments)]
    async with Running(command, cwd=cwd, env={"COLUMNS": "60"}) as process:
        code = await process.wait_exit()
        return code, "\n".join(process.stdout), "\n".join(process.stderr)


async def test_a_failure_is_told_and_files_are_written(url: str, script: Path, tmp_path: Path) -> None:
    code, out, err = await run(script, url, "--headless", "--junit", "report.xml", cwd=tmp_path)
    assert code == 1
    assert f"\n  {script}:9\n" in out
    assert "expected [nothing]" in out
    assert out.splitlines()[-1].startswith("1 passed, 1 failed in ")
    assert "✓ good" in err
    (kept,) = (tmp_path / "replay-failures").iterdir()
    assert f"    replay-failures/{kept.name}" in out.splitlines()
    suite = ElementTree.parse(tmp_path / "report.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    good, bad = suite
    assert len(good) == 0
    assert (bad.get("file"), bad.get("line")) == (str(script), "9")
    assert "expected [nothing]" in (bad[0].text or "")


async def test_json_is_alone_on_stdout(url: str, script: Path, tmp_path: Path) -> None:
    code, out, err = await run(script, url, "--json", "--no-keep", cwd=tmp_path)
    report = json.loads(out)
    assert (code, report["exit"], report["passed"], report["failed"], err) == (1, 1, 1, 1, "")
    failure = report["cases"][1]["failure"]
    assert (failure["file"], failure["line"], failure["expected"]) == (str(script), 9, "[nothing]")
    assert not (tmp_path / "replay-failures").exists()


async def test_exit_codes(url: str, script: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.sio.yaml"
    wrong.write_text(TEXT.replace("expect:", "expct:"))
    assert (await run(script, url, "--only", "good", cwd=tmp_path))[0] == 0
    assert (await run(script, url, "--only", "none such", cwd=tmp_path))[0] == 5
    assert (await run(script, "http://127.0.0.1:1", cwd=tmp_path))[0] == 3
    assert (await run(script, cwd=tmp_path))[0] == 2
    assert (await run("nowhere.sio.yaml", cwd=tmp_path))[::2] == (
        2,
        "can't read nowhere.sio.yaml: No such file or directory",
    )
    for more in ([], ["--check"]):
        code, out, err = await run(wrong, *more, cwd=tmp_path)
        assert (code, out) == (2, "")
        assert err == f'{wrong}:9:14: a client can\'t "expct": did you mean "expect"?'
    code, out, _ = await run(script, "--check", cwd=tmp_path)
    assert (code, out) == (0, f"{script}: 2 cases, 3 steps: fine")
    assert (await run(script, "--speed", "never", cwd=tmp_path))[0] == 2


async def test_interrupted_it_says_what_came_of_it_until_then(url: str, tmp_path: Path) -> None:
    path = tmp_path / "s.sio.yaml"
    path.write_text("sio: 1\ncases:\n- {name: first, steps: []}\n- {name: long, steps: [{wait: 1h}]}\n")
    command = [*SOCKETSCOPE, "replay", str(path), url, "--speed", "1"]
    async with Running(command, cwd=tmp_path) as process:
        await process.wait_line("first", "stderr")
        from signal import SIGINT

        assert await process.end(SIGINT) == 130
        assert process.stdout[-1].startswith("1 passed, 1 skipped in ")
        assert process.stdout[-1].endswith("interrupted")
        assert not any("Traceback" in line for line in process.stderr)


def test_the_schema_is_printed() -> None:
    done = subprocess.run([sys.executable, "-m", "console", "replay", "--schema"], capture_output=True, text=True)
    assert json.loads(done.stdout)["properties"]["sio"] == {"const": 1}


def test_replaying_loads_no_textual() -> None:
    code = (
        "import sys\nfrom console.cli import cli\n"
        f"try: cli(['replay', {str(HERE / 'tour.sio.yaml')!r}, '--check'])\nexcept SystemExit: pass\n"
        "print('textual' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr.strip() == "False"
