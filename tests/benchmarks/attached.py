"""The console attached to a Node server with many sockets, beside one of ours with as many: how long a key takes to
show, idle and while something happens."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from tests.benchmarks.load import cpu_seconds
from tests.benchmarks.rows import Row
from tests.benchmarks.screen import Pty, p95
from tests.support import node
from tests.support.peers import AUTH
from tests.support.run import APPS

SOCKETS = 1_000
#: Events with an ack, and events that the server sends on to all sockets, a second.
ECHOES, SHOUTS = 100, 1
DOWN = "\x1b[B"
LOGIN = ("--user", AUTH["username"], "--password", AUTH["password"])
_SERVERS = {
    "node": lambda: [str(node.install()), str(node.JS / "server.mjs"), json.dumps({"password": AUTH["password"]})],
    "own": lambda: [sys.executable, str(APPS / "peer.py"), "own"],
}


@dataclass
class Answers:
    """Seconds from a key to what it paints, at the 95th percentile; and the console's share of a core."""

    idle: float
    busy: float
    share: float


@contextlib.contextmanager
def _started(command: list[str], says: str) -> Iterator[tuple[str, IO[str]]]:
    """A process, once it has said something: the rest of that line, and its stdin."""
    with subprocess.Popen(
        command, cwd=node.JS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            while says not in (line := process.stdout.readline()):
                if not line:
                    raise RuntimeError(f"{command[0]} ended")
            yield line.partition(says)[2].strip(), process.stdin
        finally:
            process.kill()


def _listed(url: str) -> list[str]:
    """Ids of the sockets, in the console's order."""
    command = [sys.executable, "-m", "console", "sockets", url, *LOGIN, "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [each["id"] for each in json.loads(done.stdout)]


def _move(console: Pty, ids: list[str]) -> list[float]:
    took = []
    for id in ids:
        took.append(console.press(DOWN, id))
        time.sleep(0.12)
    return took


def measure(kind: str, keys: int) -> Answers:
    """Attach to a server of a kind, and move through its sockets."""
    clients = [str(node.install()), str(node.JS / "load.mjs")]
    with (
        _started(_SERVERS[kind](), "listening on ") as (url, _),
        _started([*clients, url, str(SOCKETS)], "ready") as (_, traffic),
        tempfile.TemporaryDirectory(prefix="socketscope-bench-") as home,
    ):
        ids = _listed(url)
        if len(ids) != SOCKETS:
            raise RuntimeError(f"{len(ids)} sockets")
        with contextlib.closing(Pty([sys.executable, "-m", "console", "attach", url, *LOGIN], home)) as console:
            console.wait(ids[0])
            time.sleep(3)
            idle = _move(console, ids[1 : keys + 1])
            traffic.write(f"{ECHOES} {SHOUTS}\n")
            time.sleep(3)
            before, start = cpu_seconds(console.pid), time.monotonic()
            busy = _move(console, ids[keys + 1 : 2 * keys + 1])
            share = (cpu_seconds(console.pid) - before) / (time.monotonic() - start)
            return Answers(p95(idle), p95(busy), share)


def measure_all(*, quick: bool, say: Callable[[str], None]) -> list[Row]:
    """The rows: noise on a busy machine."""
    found = {}
    for kind in _SERVERS:
        say(f"attached to {kind}, {SOCKETS:,} sockets")
        found[kind] = measure(kind, 40 if quick else 100)
    node_, own = found["node"], found["own"]
    what = f"attached to Node, {SOCKETS:,} sockets"
    traffic = f"{ECHOES} events/s, {SHOUTS} to all"

    def row(id: str, workload: str, ours: float, must: float | None = None, unit: str = " ms") -> Row:
        return Row(id, workload, ours, must, unit, steady=False)

    return [
        row("attached-idle-p95", f"{what}, idle: key to paint, p95", node_.idle * 1e3),
        row("attached-idle", f"{what}, idle: p95 beyond that with our Server", (node_.idle - own.idle) * 1e3, 10),
        row("attached-p95", f"{what}, {traffic}: key to paint, p95", node_.busy * 1e3),
        row("attached", f"{what}, {traffic}: p95 beyond that with our Server", (node_.busy - own.busy) * 1e3, 30),
        row("attached-share", f"{what}, {traffic}: share of one core", node_.share * 100, unit=" %"),
    ]
