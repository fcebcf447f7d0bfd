"""Whose processes are still there: children that a test started carry a mark in their environment, and pass it on."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from pathlib import Path
from typing import NamedTuple

from tests.support.waiting import poll

#: Environment variable with the mark.
MARK = "SOCKETSCOPE_TEST_MARK"

_PROC = Path("/proc")

#: Seconds at most in which a process may have neither environment nor arguments yet.
_EXEC_TAKES = 1.0


class Process(NamedTuple):
    """A living process (no zombie)."""

    pid: int
    parent: int
    command: str


def new_mark() -> str:
    return uuid.uuid4().hex


def marked(mark: str) -> list[Process]:
    """The living processes that were started, however indirectly, with this mark in their environment."""
    wanted = f"{MARK}={mark}"
    if (_PROC / "self" / "environ").exists():
        return [process for pid in _pids() if (process := from_proc(pid, wanted))]
    listing = subprocess.run(
        ["ps", "-A", "-E", "-ww", "-o", "pid=,ppid=,stat=,command="], capture_output=True, text=True, check=True
    ).stdout
    found = []
    for line in listing.splitlines():
        pid, parent, state, command = line.split(None, 3)
        if wanted in command and not state.startswith("Z"):
            found.append(Process(int(pid), int(parent), command.partition(wanted)[0].strip()))
    return found


def children(mark: str, parent: int) -> list[Process]:
    """The marked processes that this one started itself."""
    return [process for process in marked(mark) if process.parent == parent]


async def gone(mark: str, timeout: float = 20.0) -> list[Process]:
    """Wait until no marked process is left; those that are still there after `timeout` seconds."""
    await poll(lambda: not marked(mark), timeout)
    return marked(mark)


def kill_all(mark: str) -> None:
    """End what a failed test left behind."""
    for process in marked(mark):
        try:
            os.kill(process.pid, 9)
        except ProcessLookupError:
            continue


def _pids() -> list[int]:
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]


def from_proc(pid: int, wanted: str) -> Process | None:
    """The living process of this number, if its environment has this line."""
    try:
        environment, command = _environment_and_command(_PROC / str(pid))
        if wanted.encode() not in environment.split(b"\0"):
            return None
        state, parent = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:  # it ended meanwhile, or is not ours
        return None
    return (
        None
        if state in "ZX"
        else Process(pid, int(parent), command.replace(b"\0", b" ").decode(errors="replace").strip())
    )


def _environment_and_command(process: Path) -> tuple[bytes, bytes]:
    """Both are empty for an instant in every `exec`, after its parent was told that it worked: they are read again.

    Raises:
        OSError: It ended, or it is not ours.
    """
    until = time.monotonic() + _EXEC_TAKES
    settled = False
    while True:
        command, environment = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        if environment or settled or time.monotonic() > until:
            return environment, command
        settled = bool(command)  # the arguments come first: what has them and no environment is looked at once more
        (process / "exe").readlink()  # a zombie and a thread of the kernel have no program
        time.sleep(0.005)
