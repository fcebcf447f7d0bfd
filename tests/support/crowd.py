"""Simulated people who authenticate by a public name, for recordings of the demo app."""

from __future__ import annotations

import asyncio
import contextlib
import random

from console.wire.client import Client, ClientSocket
from console.wire.engine import Engine
from console.wire.errors import WireError

LINES = ("good morning", "did anyone see the build?", "it works on my machine", "who broke main?", "lunch?")
ROOMS = ("lobby", "dev", "random")
TRANSPORTS = (["websocket"], ["websocket"], ["polling", "websocket"], ["polling"])


async def crowd(url: str, people: int, seconds: float, *, pace: float = 1.0) -> None:
    """Have so many people chat for a while; `pace` divides the time between what each does."""
    end = asyncio.get_running_loop().time() + seconds
    await asyncio.gather(*(_person(url, number, end, pace) for number in range(people)))


async def _person(url: str, number: int, end: float, pace: float) -> None:
    dice, loop = random.Random(number), asyncio.get_running_loop()
    await asyncio.sleep(dice.uniform(0, 3) / pace)
    while loop.time() < end:
        client = Client(Engine(url, transports=dice.choice(TRANSPORTS)))
        with contextlib.suppress(WireError, TimeoutError):
            await client.open()
            socket = await client.connect("/", {"name": f"user{number}"}, on_event=lambda _: None)
            await socket.emit_with_ack("join", dice.choice(ROOMS), timeout=10)
            for _ in range(dice.randint(5, 25)):
                await asyncio.sleep(dice.uniform(0.4, 3.0) / pace)
                if loop.time() > end:
                    break
                await _act(socket, dice)
            if dice.random() < 0.4:
                await socket.disconnect()
        if dice.random() < 0.7:
            await client.close()
        else:
            await client.engine.abort()
        await asyncio.sleep(dice.uniform(0.5, 2.0) / pace)


async def _act(socket: ClientSocket, dice: random.Random) -> None:
    what = dice.random()
    if what < 0.5:
        await socket.emit("message", dice.choice(ROOMS), dice.choice(LINES))
    elif what < 0.65:
        await socket.emit("typing", dice.choice(ROOMS))
    elif what < 0.78:
        await socket.emit_with_ack("whisper", f"user{dice.randrange(6)}", dice.choice(LINES), timeout=10)
    elif what < 0.86:
        await socket.emit_with_ack(dice.choice(("join", "leave")), dice.choice(ROOMS[1:]), timeout=10)
    elif what < 0.91:
        await socket.emit_with_ack("rename", {"status": dice.choice(("here", "away"))}, timeout=10)
    elif what < 0.95:
        await socket.emit_with_ack("upload", dice.randbytes(20), timeout=10)
    elif what < 0.98:
        await socket.emit("admin", "shutdown")
    else:
        await socket.ask("divide", 1, 0)
