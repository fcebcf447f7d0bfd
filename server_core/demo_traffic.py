"""Simulated clients that keep the demo app alive, over real sockets: `python -m server_core.demo_traffic URL`."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import random
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

#: These are there all the time, for whoever tries the console on them.
REGULARS = ("alice", "bob", "carol")
PEOPLE = (*REGULARS, "ada", "grace", "linus", "ken")
ROOMS = ("lobby", "dev", "random")
LINES = (
    "good morning",
    "did anyone see the build?",
    "it works on my machine",
    "who broke main?",
    "lunch?",
    "the websocket upgrade is green now",
    "reading the logs",
    "brb",
)
QUESTIONS = ("dev", "lobby news", "who is in random", "everything that was said in the lobby since monday")


class Client:
    """One simulated client, no more than the demo's traffic needs of the protocol."""

    def __init__(self, ws: ClientConnection) -> None:
        self._ws = ws
        self._ids = itertools.count(1)

    async def connect(self, auth: dict[str, Any]) -> bool:
        """Join the default namespace; False when the server refuses."""
        await self._ws.send("40" + json.dumps(auth))
        async for packet in self.packets():
            if packet[:1] in ("0", "4"):
                return packet[:1] == "0"
        return False

    async def emit(self, event: str, *args: Any, ack: bool = False) -> None:
        number = str(next(self._ids)) if ack else ""
        await self._ws.send(f"42{number}" + json.dumps([event, *args]))

    async def upload(self, data: bytes) -> None:
        await self._ws.send(f"451-{next(self._ids)}" + json.dumps(["upload", {"_placeholder": True, "num": 0}]))
        await self._ws.send(data)

    async def disconnect(self) -> None:
        await self._ws.send("41")

    async def packets(self) -> AsyncIterator[str]:
        """The Socket.IO packets that come; pings are answered."""
        async for message in self._ws:
            if message == "2":
                await self._ws.send("3")
            elif isinstance(message, str) and message.startswith("4"):
                yield message[1:]


async def _open(url: str, *, upgrade: bool) -> ClientConnection:
    """A WebSocket connection, by upgrade from polling as browsers do, or straight."""
    ws_url = "ws" + url.removeprefix("http") + "/socket.io/?EIO=4&transport=websocket"
    if not upgrade:
        ws = await connect(ws_url, compression=None)
        await ws.recv()
        return ws
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"{url}/socket.io/?EIO=4&transport=polling")
    sid = msgspec.json.decode(answer.text[1:])["sid"]
    ws = await connect(f"{ws_url}&sid={sid}", compression=None)
    await ws.send("2probe")
    await ws.recv()
    await ws.send("5")
    return ws


async def _live(url: str, name: str, dice: random.Random) -> None:
    """One client's life: connect, chat for a while (who is a regular, for long), go."""
    ws = await _open(url, upgrade=dice.random() < 0.5)
    try:
        client = Client(ws)
        if not await client.connect({"name": name, "token": f"demo-{name}"}):
            return
        reader = asyncio.ensure_future(_read(client, dice))
        try:
            await client.emit("join", dice.choice(ROOMS), ack=True)
            if name == "alice":
                await client.emit("admin", "shutdown")  # nobody may: it is blocked
            for _ in range(10_000 if name in REGULARS else dice.randint(8, 40)):
                await asyncio.sleep(dice.uniform(0.4, 3.0))
                await _act(client, dice)
            if dice.random() < 0.5:
                await client.disconnect()
        finally:
            reader.cancel()
    finally:
        if dice.random() < 0.3:
            ws.transport.abort()  # some clients go without a word
        else:
            await ws.close()


async def _act(client: Client, dice: random.Random) -> None:
    what = dice.random()
    if what < 0.5:
        await client.emit("message", dice.choice(ROOMS), dice.choice(LINES))
    elif what < 0.6:
        await client.emit("typing", dice.choice(ROOMS))
    elif what < 0.65:
        await client.emit("search", dice.choice(QUESTIONS), ack=True)
    elif what < 0.78:
        await client.emit("whisper", dice.choice(PEOPLE), dice.choice(LINES), ack=True)
    elif what < 0.86:
        await client.emit(dice.choice(("join", "leave")), dice.choice(ROOMS[1:]), ack=True)
    elif what < 0.91:
        await client.emit("rename", {"status": dice.choice(("here", "away", "busy"))}, ack=True)
    elif what < 0.95:
        await client.upload(dice.randbytes(dice.randint(8, 64)))
    elif what < 0.98:
        await client.emit("admin", "shutdown")
    else:
        await client.emit("divide", 1, 0, ack=True)  # the app raises


async def _read(client: Client, dice: random.Random) -> None:
    async for packet in client.packets():
        if packet[:1] == "2" and (number := packet[1:].partition("[")[0]).isdigit():
            await asyncio.sleep(dice.uniform(0.01, 0.2))
            await client._ws.send(f"43{number}" + json.dumps(["ok"]))


async def _person(url: str, name: str, dice: random.Random) -> None:
    """The same person, again and again."""
    await asyncio.sleep(dice.uniform(0, 2))
    while True:
        # the server restarts, refuses, or disconnects at the console's word: come back later
        with contextlib.suppress(OSError, WebSocketException, httpx.HTTPError, KeyError, msgspec.DecodeError):
            await _live(url, name, dice)
        await asyncio.sleep(dice.uniform(1, 5))


async def _stranger(url: str, dice: random.Random) -> None:
    """Somebody whom the demo refuses."""
    while True:
        await asyncio.sleep(dice.uniform(8, 20))
        with contextlib.suppress(OSError, WebSocketException):
            ws = await _open(url, upgrade=False)
            await Client(ws).connect({"name": "mallory"})
            await ws.close()


async def run(url: str, seed: int | None = None) -> None:
    """Keep the demo at this URL alive until cancelled."""
    dice = random.Random(seed)  # noqa: S311  no secret hangs on it
    lives = [_person(url, name, random.Random(dice.random())) for name in PEOPLE]  # noqa: S311
    await asyncio.gather(*lives, _stranger(url, dice))


def _end_with_parent() -> None:
    """Whoever started us holds our stdin: when it closes, they are gone."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(sys.argv[1]))
