"""`python -m tests.benchmarks.below`: the same stock app on uvicorn, aiohttp and granian, for the choice of a default.

It needs aiohttp and granian, which nothing else here does: `pip install aiohttp granian`, where no other code runs.

CPU time of all of a server's processes, in rounds that take turns; memory for each connected socket.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from server_core.loops import new_event_loop
from tests.benchmarks import load
from tests.benchmarks.process import Process, free_port

ROUNDS = 5
ECHOING, EVENTS = 50, 8_000
LISTENING, BROADCASTS = 500, 40
SOCKETS = 1_000
SERVERS = ("uvicorn", "aiohttp", "granian")


def _command(server: str, port: int) -> list[str]:
    app = "tests.apps.bench_stock:app"
    match server:
        case "uvicorn":
            return [sys.executable, "-m", "tests.benchmarks.serve", app, str(port), "0", "1"]
        case "aiohttp":
            return [sys.executable, "-m", "tests.benchmarks.below", str(port)]
    options = ("--interface", "asgi", "--workers", "1", "--loop", "uvloop", "--no-log")
    return [sys.executable, "-m", "granian", *options, "--host", "127.0.0.1", "--port", str(port), app]


def _processes(pid: int) -> list[int]:
    """A process and all below it."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [pid]
    for each in found:
        found += parents.get(each, [])
    return found


def _sum(of: Callable[[int], float], pid: int) -> float:
    return sum(map(of, _processes(pid)))


async def _round(server: str) -> dict[str, float]:
    """CPU µs for an event with its ack, CPU ms for a broadcast, KiB for a socket."""
    port = free_port()
    with Process(_command(server, port), port) as process:
        pid = process.pid
        clients = await load.connect(port, ECHOING)
        await load.echo(clients, EVENTS // 4)
        start = _sum(load.cpu_seconds, pid)
        await load.echo(clients, EVENTS)
        event = (_sum(load.cpu_seconds, pid) - start) / EVENTS
        clients += await load.connect(port, LISTENING - ECHOING)
        await load.broadcast(clients, BROADCASTS // 4)
        start = _sum(load.cpu_seconds, pid)
        await load.broadcast(clients, BROADCASTS)
        broadcast = (_sum(load.cpu_seconds, pid) - start) / BROADCASTS
        await asyncio.sleep(0.5)
        before = _sum(load.memory, pid)
        clients += await load.connect(port, SOCKETS)
        await asyncio.sleep(0.5)
        held = (_sum(load.memory, pid) - before) / SOCKETS
        for client in clients:
            client.close()
        for each in _processes(pid)[1:]:
            os.kill(each, 9)
    return {"event": event * 1e6, "broadcast": broadcast * 1e3, "memory": held / 1024}


async def compare() -> None:
    found: dict[str, list[dict[str, float]]] = {server: [] for server in SERVERS}
    for number in range(ROUNDS):
        for server in SERVERS:
            print(f"… {server}, round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
            found[server].append(await _round(server))
    table = Table(title="stock python-socketio on each server below")
    for column in ("", "event with ack, CPU", "÷ uvicorn", "broadcast to 500, CPU", "÷ uvicorn", "memory a socket"):
        table.add_column(column, justify="right" if column else "left")

    def median(server: str, what: str) -> float:
        return statistics.median(each[what] for each in found[server])

    for server in SERVERS:
        event, broadcast, held = (median(server, what) for what in ("event", "broadcast", "memory"))
        table.add_row(
            server,
            f"{event:.0f} µs",
            f"{event / median('uvicorn', 'event'):.2f}",
            f"{broadcast:.1f} ms",
            f"{broadcast / median('uvicorn', 'broadcast'):.2f}",
            f"{held:.1f} KiB",
        )
    Console().print(table)


def _serve_aiohttp(port: int) -> None:
    """What `bench_stock` does, on aiohttp with uvloop."""
    import socketio

    web = importlib.import_module("aiohttp.web")
    stock = importlib.import_module("tests.apps.bench_stock")
    sio = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins="*", ping_interval=3600, ping_timeout=3600)
    for name in ("connect", "echo", "all"):
        sio.on(name, getattr(stock, name))
    vars(stock)["sio"] = sio  # whom its handlers speak to
    app = web.Application()
    sio.attach(app)
    web.run_app(app, host="127.0.0.1", port=port, loop=new_event_loop(), print=None, access_log=None)


if __name__ == "__main__":
    if sys.argv[1:]:
        _serve_aiohttp(int(sys.argv[1]))
    else:
        missing = [name for name in SERVERS if importlib.util.find_spec(name) is None]
        if missing:
            sys.exit(f"{', '.join(missing)} not installed: pip install {' '.join(missing)}")
        asyncio.run(compare())
