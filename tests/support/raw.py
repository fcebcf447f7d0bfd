"""Engine.IO by hand, over httpx and websockets: a test says each packet itself, and sees each that comes back."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server_core import Server
from tests.support.waiting import poll

PATH = "/socket.io/"
TRANSPORTS = ("polling", "websocket")
#: Seconds for an answer, and for an end that the server makes; no ping of 25 s can end anything within them.
SOON = 10.0

Packet = str | bytes


class Polling:
    """A session on HTTP long-polling; `post` and `poll` for what must be seen as it is on the wire."""

    def __init__(self, http: httpx.AsyncClient, handshake: dict[str, Any]) -> None:
        self._http = http
        self._polled: list[Packet] = []
        self.handshake = handshake
        self.query = {"EIO": "4", "transport": "polling", "sid": self.sid}

    @property
    def sid(self) -> str:
        return str(self.handshake["sid"])

    async def post(self, body: str) -> httpx.Response:
        return await self._http.post(PATH, params=self.query, content=body)

    async def poll(self) -> httpx.Response:
        return await self._http.get(PATH, params=self.query)

    async def send(self, *packets: Packet) -> None:
        response = await self.post("\x1e".join(map(_to_text, packets)))
        assert (response.status_code, response.text) == (200, "ok")

    async def receive(self) -> Packet:
        """The next packet, of a poll when all of the last one are taken."""
        if not self._polled:
            response = await self.poll()
            assert response.status_code == 200, response.text
            self._polled += _packets(response)
        return self._polled.pop(0)

    async def rest(self) -> list[Packet]:
        """The packets until the server refuses to be polled, which must be soon."""
        packets, self._polled = self._polled, []
        async with asyncio.timeout(SOON):
            while (response := await self.poll()).status_code == 200:
                packets += _packets(response)
        assert response.status_code == 400, response.text
        return packets


class Websocket:
    """A WebSocket, each message of which is a packet."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.handshake: dict[str, Any] = {}

    @property
    def sid(self) -> str:
        return str(self.handshake["sid"])

    async def send(self, *packets: Packet) -> None:
        for packet in packets:
            await self._connection.send(packet)

    async def receive(self) -> Packet:
        return await asyncio.wait_for(self._connection.recv(), SOON)

    async def rest(self) -> list[Packet]:
        """The packets until the server closes the WebSocket, which must be soon."""
        packets: list[Packet] = []
        async with asyncio.timeout(SOON):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    packets.append(await self._connection.recv())
        return packets


Connection = Polling | Websocket


def _to_text(packet: Packet) -> str:
    return packet if isinstance(packet, str) else "b" + base64.b64encode(packet).decode()


def _packets(response: httpx.Response) -> list[Packet]:
    texts = response.text.split("\x1e")
    return [base64.b64decode(text[1:], validate=True) if text.startswith("b") else text for text in texts]


def _handshake(packet: Packet) -> dict[str, Any]:
    assert isinstance(packet, str)
    assert packet.startswith("0"), packet
    return dict(json.loads(packet[1:]))


def _http(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=SOON, trust_env=False, verify=False)


def _connect(url: str, query: Mapping[str, str]) -> connect:
    address = httpx.URL(url.replace("http", "ws", 1) + PATH, params=dict(query))
    # no pings of the WebSocket's own: none may keep a connection alive, nor end it
    return connect(
        str(address), compression=None, ping_interval=None, open_timeout=SOON, close_timeout=SOON, proxy=None
    )


@contextlib.asynccontextmanager
async def polling(url: str) -> AsyncIterator[Polling]:
    """A new session on polling."""
    async with _http(url) as http:
        response = await http.get(PATH, params={"EIO": "4", "transport": "polling"})
        assert response.status_code == 200, response.text
        (packet,) = _packets(response)
        yield Polling(http, _handshake(packet))


@contextlib.asynccontextmanager
async def websocket(url: str) -> AsyncIterator[Websocket]:
    """A new session on WebSocket."""
    async with _connect(url, {"EIO": "4", "transport": "websocket"}) as connection:
        opened = Websocket(connection)
        opened.handshake = _handshake(await opened.receive())
        yield opened


def session(url: str, transport: str) -> contextlib.AbstractAsyncContextManager[Connection]:
    """A new session on the transport of this name."""
    return polling(url) if transport == "polling" else websocket(url)


@contextlib.asynccontextmanager
async def unprobed(url: str, polled: Polling) -> AsyncIterator[Websocket]:
    """A WebSocket for a session on polling that has said nothing yet."""
    async with _connect(url, {"EIO": "4", "transport": "websocket", "sid": polled.sid}) as connection:
        yield Websocket(connection)


@contextlib.asynccontextmanager
async def probed(url: str, polled: Polling) -> AsyncIterator[Websocket]:
    """A WebSocket for a session on polling, probed: the packet "5" would complete the upgrade."""
    async with unprobed(url, polled) as opened:
        await opened.send("2probe")
        assert await opened.receive() == "3probe"
        yield opened


async def open_poll(io: Server, polled: Polling) -> asyncio.Task[httpx.Response]:
    """A poll that the server holds open."""
    task = asyncio.ensure_future(polled.poll())
    assert await poll(lambda: io.eio.sockets[polled.sid].writable, SOON)
    return task


async def status(url: str, query: Mapping[str, str], method: str = "GET") -> int:
    """The status of the answer to one HTTP request."""
    async with _http(url) as http:
        return (await http.request(method, PATH, params=dict(query))).status_code


async def refuses(url: str, over: str, query: Mapping[str, str]) -> bool:
    """Whether the server has nothing to do with a request by HTTP or by WebSocket (`over`).

    It may answer a WebSocket with an error, or open it and close it without a word: the protocol says neither.
    """
    if over == "polling":
        return await status(url, query) == 400
    try:
        async with _connect(url, query) as connection:
            return await Websocket(connection).rest() == []
    except InvalidStatus:
        return True
