"""`python -m tests.benchmarks.generator PORT SOCKETS RATE`: a server that is not there, on the real link.

A real tap is told of so many sockets and so many events a second; a real admin namespace hands out its records. It says
on a line where it listens, if PORT is 0; on SIGUSR1 no more events come, and it says how many there were.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import signal
import sys
import time
from typing import Any

import msgspec
import uvicorn

from server_core import Server
from server_core.admin import Admin
from server_core.feed import Feed
from server_core.listen import bind
from server_core.loops import new_event_loop
from server_core.records import CommandResult, Handshake, ServerInfo
from server_core.tap import Tap

#: Seconds between two bursts of events.
BURST = 0.01
#: Members of a room.
PER_ROOM = 20


def _populate(tap: Tap, sockets: int) -> None:
    tap.server_started(ServerInfo(target="bench:app", url="http://bench", library="generator", pid=1))
    for number in range(sockets):
        engine, sid = f"engine-{number}", f"socket-{number:014d}"
        tap.engine_opened(engine, "websocket", f"10.0.{number // 250 % 250}.{number % 250}")
        auth = msgspec.json.encode({"name": f"user {number}"}).decode()
        headers = {"user-agent": "generator", "host": "bench"}
        tap.connecting(sid, "/", engine, Handshake(headers=headers, auth=auth, url="/socket.io/", address="10.0.0.1"))
        tap.packet_sent(engine, f'0{{"sid":"{sid}"}}')
        tap.room_joined(sid, "/", f"room-{number // PER_ROOM}")
        tap.attribute_set(sid, "/", "user", auth)
        if number % 1_000 == 0:
            tap.drain()  # the roster keeps them: a console starts from that
    tap.drain()


async def _events(tap: Tap, feed: Feed, sockets: int, rate: int) -> None:
    """From the first console on. Half of them with an ack; one in a hundred is an emit to a room."""
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, asked.set)
    random_ = random.Random(1)
    ids = itertools.count(1)
    start, made = time.monotonic(), 0
    while rate and not asked.is_set():
        await asyncio.sleep(BURST)
        if not feed.is_heard:
            start, made = time.monotonic(), 0
            continue
        due = int((time.monotonic() - start) * rate)
        while made < due:
            number = random_.randrange(sockets)
            engine, id = f"engine-{number}", next(ids)
            text = f'["message","room-{number // PER_ROOM}",{{"text":"hello there, number {id}","at":{id}}}]'
            if id % 100 == 0:
                tap.broadcast("/", f"room-{number // PER_ROOM}", (), PER_ROOM, f"2{text}")
                made += 1
            elif id % 2:
                tap.packet_received(engine, f"2{text}")
                made += 1
            else:
                tap.packet_received(engine, f"2{id}{text}")
                tap.packet_sent(engine, f'3{id}["ok"]')
                made += 2
    await asked.wait()
    print(made, flush=True)


async def _run(port: int, sockets: int, rate: int) -> None:
    tap = Tap("bench:app")
    _populate(tap, sockets)
    feed = Feed([tap])
    io = Server(cors_allowed_origins=[], max_http_buffer_size=256 * 1024 * 1024, max_queued_bytes=1024**3)

    async def accept(_auth: Any) -> bool:
        return True

    async def execute(_command: object, _by: str) -> CommandResult:
        return CommandResult(ok=True)

    Admin(io, feed, execute, lambda _console, _ids: None, accept=accept)
    config = uvicorn.Config(io.app, log_level="error", lifespan="off", ws_max_size=2**28, ws_per_message_deflate=False)
    listener = bind("127.0.0.1", port)
    serving = asyncio.ensure_future(uvicorn.Server(config).serve([listener]))
    if not port:
        print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    feeding = asyncio.ensure_future(feed.run())
    await asyncio.gather(_events(tap, feed, sockets, rate), feeding, serving)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_run(*map(int, sys.argv[1:4])))
