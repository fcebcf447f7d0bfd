"""What a socket's own business costs as the number of other sockets grows, ours beside stock python-socketio.

Everything but the network: packets are handed to the server, what it sends is dropped.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import socketio
from engineio.async_socket import AsyncSocket
from rich.console import Console
from rich.table import Table

from server_core import Server
from server_core.engine_socket import EngineSocket

SIZES = (100, 10_000)
#: Sockets on which each operation is measured, in each of the rounds; the median of the rounds is shown.
SAMPLE = 50
ROUNDS = 7
#: Members of one room, beside every socket's own.
PER_ROOM = 10


class _Crowd:
    """A server with so many sockets, each in its own room and in one with a few others."""

    def __init__(self, sio: Any, engine_socket: type[AsyncSocket]) -> None:
        self.sio = sio
        self.sids: list[str] = []
        self._engine_socket = engine_socket
        self._next = 0

    async def add(self) -> str:
        eio_sid = f"engine-{self._next}"
        self._next += 1
        environ: dict[str, Any] = {"asgi.scope": {"headers": [], "query_string": b""}, "PATH_INFO": "/socket.io/"}
        args = (self.sio.eio, eio_sid, environ) if isinstance(self.sio, Server) else (self.sio.eio, eio_sid)
        engine = self._engine_socket(*args)
        engine.upgraded = engine.connected = True
        self.sio.eio.sockets[eio_sid] = engine
        await self.sio._handle_eio_connect(eio_sid, environ)
        await self.sio._handle_eio_message(eio_sid, "0")
        while (sid := self.sio.manager.sid_from_eio_sid(eio_sid, "/")) is None:
            await self.sio.sleep(0)
        await self.sio.enter_room(sid, f"room-{self._next // PER_ROOM}")
        while not engine.queue.empty():
            engine.queue.get_nowait()
        self.sids.append(sid)
        return str(sid)

    async def grow(self, size: int) -> None:
        while len(self.sids) < size:
            await self.add()


async def _time(work: Callable[[str], Awaitable[Any]], sids: list[str]) -> float:
    """Seconds of each call."""
    start = time.perf_counter()
    for sid in sids:
        await work(sid)
    return (time.perf_counter() - start) / len(sids)


async def _measure(crowd: _Crowd) -> dict[str, float]:
    """Operation → seconds, the median of the rounds."""
    sio = crowd.sio

    async def rooms(sid: str) -> None:
        sio.rooms(sid)

    operations: dict[str, Callable[[str], Awaitable[Any]]] = {
        "join": lambda sid: sio.enter_room(sid, "joined"),
        "list its rooms": rooms,
        "leave": lambda sid: sio.leave_room(sid, "joined"),
        "disconnect": sio.disconnect,
    }
    rounds: dict[str, list[float]] = {name: [] for name in operations}
    random_ = random.Random(1)
    gc.collect()
    gc.disable()
    try:
        for _ in range(ROUNDS):
            sids = random_.sample(crowd.sids, SAMPLE)
            for name, work in operations.items():
                rounds[name].append(await _time(work, sids))
            gone = set(sids)
            crowd.sids = [sid for sid in crowd.sids if sid not in gone]
            await crowd.grow(len(crowd.sids) + SAMPLE)
    finally:
        gc.enable()
    return {name: statistics.median(times) for name, times in rounds.items()}


async def measure() -> dict[tuple[str, int], dict[str, float]]:
    """(server, sockets) → operation → seconds."""
    results: dict[tuple[str, int], dict[str, float]] = {}
    crowds = {
        "stock": _Crowd(socketio.AsyncServer(async_mode="asgi", namespaces="*"), AsyncSocket),
        "ours": _Crowd(Server(ping_interval=3600, connect_timeout=3600), EngineSocket),
    }
    for size in SIZES:
        for name, crowd in crowds.items():
            await crowd.grow(size)
            results[name, size] = await _measure(crowd)
    return results


async def run() -> None:
    results = await measure()
    small, large = SIZES
    table = Table(title=f"One socket's own business, in µs, among {small:,} and {large:,} sockets")
    table.add_column("operation")
    for name in ("stock", "ours"):
        for column in (f"{name}, {small:,}", f"{name}, {large:,}", "grows"):
            table.add_column(column, justify="right")
    table.add_column(f"stock / ours at {large:,}", justify="right")
    for operation in results["stock", small]:
        row = [operation]
        for name in ("stock", "ours"):
            few, many = results[name, small][operation], results[name, large][operation]
            row += [f"{few * 1e6:.1f}", f"{many * 1e6:.1f}", f"×{many / few:.1f}"]
        ratio = results["stock", large][operation] / results["ours", large][operation]
        table.add_row(*row, f"×{ratio:.1f}")
    Console().print(table)
