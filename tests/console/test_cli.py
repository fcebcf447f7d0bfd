"""The command line: quick, and clear about what is wrong."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def run(*arguments: str, **options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "console", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def test_help_has_examples_and_names_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "socketscope run main:app --headless --record session.siorec" in done.stdout
    assert "--no-traffic" in done.stdout
    assert "run main:app --port 5000" in run("run", "--help").stdout


def test_help_loads_no_screen_and_no_server() -> None:
    script = (
        "import sys\nfrom console.cli import cli\n"
        "try: cli(['run', '--help'])\nexcept SystemExit: pass\n"
        "print({name.partition('.')[0] for name in sys.modules} & "
        "{'textual', 'rich', 'uvicorn', 'socketio', 'engineio', 'httpx', 'websockets'}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stderr.strip() == "set()"


@pytest.mark.parametrize("arguments", [[], ["run"], ["run", "main:app"]])
def test_without_a_terminal_it_says_what_to_do(arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "socketscope: the console needs a terminal: use --headless to host without one\n"


@pytest.mark.parametrize("arguments", [["--nonsense"], ["run", "--port", "x"], ["nonsense"]])
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_taken_port_names_the_port_and_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("run", "--headless", "--port", port)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"socketscope: port {port} on 127.0.0.1 is taken: stop what listens there, "
        "or use another with --port (0 picks one)"
    ]


def test_what_goes_wrong_inside_is_one_line_and_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    from console import cli

    def broken(**_options: object) -> None:
        raise ZeroDivisionError("inside")

    said: list[str] = []
    monkeypatch.setattr(cli, "cli", broken)
    monkeypatch.setattr("click.echo", lambda text, err: said.append(text))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 4
    path = said[0].rpartition("traceback in ")[2].rstrip(")")
    assert "ZeroDivisionError: inside" in Path(path).read_text()
    Path(path).unlink()
