"""What a replay costs beside a hand-written client that does the same: CPU time of the clients' process."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from rich.console import Console
from rich.table import Table
from websockets.asyncio.client import ClientConnection, connect

from console.replay import parse
from console.replay.outcome import Exit
from console.replay.run import Options, replay
from tests.support.run import headless

ROUNDS = 7
EXCHANGES = 400
PEOPLE = 4

SCRIPT = f"""
sio: 1
cases:
- name: chat
  steps:
{chr(10).join(f"  - p{n}: {{connect: {{auth: {{name: p{n}}}}}}}" for n in range(PEOPLE))}
  - repeat: {EXCHANGES}
    steps:
    - p0: {{emit: [message, lobby, {{text: hello, tags: [a, b], n: 1}}]}}
    - each: [{", ".join(f"p{n}" for n in range(1, PEOPLE))}]
      expect: [message, p0, !sub {{text: {{text: hello, tags: [a, b], n: 1}}}}]
    - p1: {{emit: [rename, {{status: away}}], ack: [{{name: p1, status: away}}]}}
"""

PARSED = parse.parse(SCRIPT)


class _Client:
    """What somebody would write for a test: no more of the protocol than it needs."""

    def __init__(self, ws: ClientConnection) -> None:
        self._ws = ws
        self._ids = itertools.count()
        self._acks: dict[int, asyncio.Future[Any]] = {}
        self._events: defaultdict[str, asyncio.Queue[Any]] = defaultdict(asyncio.Queue)
        self._joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reader = asyncio.ensure_future(self._read())

    async def join(self, auth: Any) -> None:
        await self._ws.send("40" + json.dumps(auth))
        await self._joined

    async def emit(self, *values: Any) -> None:
        await self._ws.send("42" + json.dumps(values))

    async def call(self, *values: Any) -> Any:
        number = next(self._ids)
        answer = self._acks[number] = asyncio.get_running_loop().create_future()
        await self._ws.send(f"42{number}" + json.dumps(values))
        return await asyncio.wait_for(answer, 5)

    async def next(self, name: str) -> Any:
        return await asyncio.wait_for(self._events[name].get(), 5)

    async def close(self) -> None:
        await self._ws.send("41")
        await self._ws.close()
        await self._reader

    async def _read(self) -> None:
        async for message in self._ws:
            if not isinstance(message, str):
                continue
            if message == "2":
                await self._ws.send("3")
            elif message.startswith("40"):
                self._joined.set_result(None)
            elif message.startswith("42"):
                name, *args = json.loads(message[2:])
                self._events[name].put_nowait(args)
            elif message.startswith("43"):
                number, _, rest = message[2:].partition("[")
                self._acks.pop(int(number)).set_result(json.loads("[" + rest))


async def _by_hand(url: str) -> None:
    clients = []
    for number in range(PEOPLE):
        ws = await connect(f"ws{url.removeprefix('http')}/socket.io/?EIO=4&transport=websocket", compression=None)
        await ws.recv()
        clients.append(_Client(ws))
        await clients[-1].join({"name": f"p{number}"})
    sent = {"text": "hello", "tags": ["a", "b"], "n": 1}
    for _ in range(EXCHANGES):
        await clients[0].emit("message", "lobby", sent)
        for who, body in await asyncio.gather(*(client.next("message") for client in clients[1:])):
            assert who == "p0"
            assert body["text"] == sent
        assert await clients[1].call("rename", {"status": "away"}) == [{"name": "p1", "status": "away"}]
    for client in clients:
        await client.close()


async def _by_script(url: str) -> None:
    report = await replay(PARSED, Options(url=url))
    assert report.exit is Exit.PASSED


async def _cpu(play: Callable[[str], Awaitable[None]], url: str) -> float:
    gc.collect()
    start = time.process_time()
    await play(url)
    return time.process_time() - start


def _reading() -> float:
    """CPU seconds that reading the script takes."""
    start = time.process_time()
    parse.parse(SCRIPT)
    return time.process_time() - start


async def ratio() -> tuple[float, float, float]:
    """CPU seconds by hand and by script, and the median of their ratios, round by round; reading it included."""
    async with headless("server_core.demo:app", "--no-traffic") as server:
        await _by_hand(server.url)
        await _by_script(server.url)
        rounds = [
            (await _cpu(_by_hand, server.url), await _cpu(_by_script, server.url) + _reading()) for _ in range(ROUNDS)
        ]
    hand, script = (statistics.median(column) for column in zip(*rounds, strict=True))
    return hand, script, statistics.median(script / hand for hand, script in rounds)


async def run() -> None:
    hand, script, times = await ratio()
    table = Table(title=f"{EXCHANGES} exchanges of {PEOPLE} clients: CPU time of the clients' process")
    for column in ("", "seconds", "beside the hand-written client"):
        table.add_column(column, justify="left" if not column else "right")
    table.add_row("[dim]hand-written asyncio client[/dim]", f"{hand:.3f}", "×1.00")
    table.add_row("socketscope replay, --speed max, with reading the script", f"{script:.3f}", f"×{times:.2f}")
    Console().print(table)
