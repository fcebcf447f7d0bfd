"""Completion by the shell: what is offered, and a real bash."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.support.command import socketscope
from tests.support.terminal import Terminal

HERE = Path(__file__).parents[3]
CONFIG = """
[targets]
staging = "https://chat.example.com --user admin"
stage-2 = "http://localhost:3000"
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config file that names servers, and a filter."""
    file = tmp_path / "config.toml"
    file.write_text(CONFIG + '\n[filters]\nslow = "ack>200ms"\n')
    monkeypatch.setenv("SOCKETSCOPE_CONFIG", str(file))
    return file


async def offered(line: str) -> list[str]:
    """What bash is offered for the last word of a command line."""
    words = shlex.split(line) if line.count("'") % 2 == 0 else line.split()
    env = {"_SOCKETSCOPE_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    if line.endswith(" "):
        env["COMP_CWORD"] = str(len(words))
    done = await socketscope(env=env)
    assert done.err == ""
    return [each.partition(",")[2] for each in done.out.splitlines() if each]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("socketscope soc", ["sockets"]),
        ("socketscope attach ", ["staging", "stage-2"]),
        ("socketscope sockets stag", ["staging", "stage-2"]),
        ("socketscope record stagi", ["staging"]),
        ("socketscope sockets staging --wh", ["--where"]),
        ("socketscope sockets staging --where tra", ["transport:"]),
        ("socketscope sockets staging --where transport:webs", ["transport:websocket"]),
        ("socketscope events staging --where ac", ["ack"]),
        ("socketscope events staging --where @", ["@slow"]),
        ("socketscope sockets staging --transport p", ["polling"]),
        ("socketscope attach staging --theme l", ["light"]),
        ("socketscope completion z", ["zsh"]),
    ],
)
async def test_what_is_offered(config: Path, line: str, found: list[str]) -> None:
    assert await offered(line) == found


async def test_every_command_is_offered() -> None:
    found = await offered("socketscope ")
    assert {"attach", "completion", "doctor", "emit", "open", "record", "replay", "run", "sockets"} <= set(found)


async def test_a_broken_config_file_offers_nothing(config: Path) -> None:
    await asyncio.to_thread(config.write_text, "targets = [")
    assert await offered("socketscope attach ") == []
    assert await offered("socketscope sockets x --where @") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
async def test_the_code_for_a_shell_names_the_variable(shell: str) -> None:
    done = await socketscope("completion", shell)
    assert (done.code, done.err) == (0, "")
    assert f"_SOCKETSCOPE_COMPLETE={shell}_complete" in done.out
    assert (await socketscope("completion", "csh")).code == 2


async def test_a_real_bash(config: Path, tmp_path: Path) -> None:
    command = tmp_path / "bin" / "socketscope"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m console "$@"\n')
    command.chmod(0o755)
    (tmp_path / "session.siorec").touch()
    env = {
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(HERE),
        "PS1": "$ ",
        "HOME": str(tmp_path),
    }
    env["SOCKETSCOPE_CONFIG"] = str(config)
    bash = ["bash", "--noprofile", "--norc", "-i"]
    async with Terminal(bash, columns=100, lines=30, cwd=tmp_path, env=env) as terminal:
        await terminal.wait_for("$")
        terminal.type('eval "$(socketscope completion bash)"; echo re""ady\n')
        await terminal.wait_for(re.compile(r"^ready *\n\$", re.MULTILINE))
        for typed, completed in (
            ("socketscope soc\t", "socketscope sockets "),
            ("stagi\t", "socketscope sockets staging "),
            ("--whe\t", "socketscope sockets staging --where "),
            ("'tra\t", "socketscope sockets staging --where 'transport:'"),
            ("\x7fwebs\t", "socketscope sockets staging --where transport:websocket"),
            ("\x15socketscope open ses\t", "socketscope open session.siorec"),
        ):
            terminal.type(typed)
            await terminal.wait_for(re.compile(rf"^{re.escape(f'$ {completed}'.rstrip())}$", re.MULTILINE))
        terminal.type("\x15exit\n")
        assert await terminal.wait_exit() == 0
