"""An Engine.IO connection as a client holds it: polling, WebSocket, and the upgrade from one to the other."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, WebSocketException

from console.wire.channel import Channel
from console.wire.errors import Closed, WireError

if TYPE_CHECKING:
    from console.wire.http import Http

#: Messages that may wait to be read before reading from the network stops.
INBOX = 1_000
#: Bytes of the largest message taken.
MAX_SIZE = 64 * 1024 * 1024
#: Seconds for a connection, or an upgrade, to be made.
OPEN_TIMEOUT = 10.0

Message = str | bytes


class Open(msgspec.Struct, frozen=True):
    """The handshake of the OPEN packet; times in milliseconds."""

    sid: str
    upgrades: list[str]
    ping_interval: int = msgspec.field(name="pingInterval")
    ping_timeout: int = msgspec.field(name="pingTimeout")
    #: Bytes of the largest message that the server takes.
    max_payload: int = msgspec.field(name="maxPayload", default=1_000_000)


class Engine:
    """One connection; `open` makes it.

    The reason why it ended is honest: `transport close`, `transport error`, `ping timeout`, `server close` (a CLOSE
    packet) or `client close`, with what the transport said of it.
    """

    def __init__(
        self,
        url: str,
        *,
        path: str = "/socket.io/",
        transports: Sequence[str] = ("websocket",),
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._base = url.rstrip("/")
        self._path = "/" + path.strip("/") + "/"
        self._transports = tuple(transports)
        self._headers = dict(headers or {})
        self._query = dict(query or {})
        self._tls = tls
        self._http: Http | None = None
        self._ws: ClientConnection | None = None
        self._inbox: Channel[Message] = Channel(INBOX)
        #: Takes each message as it comes, in place of `receive`.
        self.sink: Callable[[Message], None] | None = None
        self._outbox: asyncio.Queue[Message | None] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._alive = asyncio.Event()
        self.handshake = Open("", [], 25_000, 20_000)
        #: `polling` or `websocket`.
        self.transport = ""
        #: Why the connection ended; empty while it lasts.
        self.reason = ""

    @property
    def sid(self) -> str:
        return self.handshake.sid

    async def open(self) -> None:
        """Connect; WireError says why it can't be."""
        try:
            async with asyncio.timeout(OPEN_TIMEOUT):
                if self._transports[0] == "websocket":
                    await self._open_websocket()
                else:
                    await self._open_polling()
        except TimeoutError:
            await self._release()
            raise WireError(f"{self._base} did not answer within {OPEN_TIMEOUT:.0f} s") from None
        except (OSError, WebSocketException, msgspec.DecodeError, ValueError) as error:
            await self._release()
            raise WireError(f"{self._base}: {_why(error)}") from error
        self._start(self._watch_pings())

    async def send(self, message: Message) -> None:
        """Send a message; on WebSocket it returns when it is written out."""
        if self.reason:
            raise Closed(self.reason)
        if self._ws and self.transport == "websocket":
            try:
                await self._ws.send(message if isinstance(message, bytes) else "4" + message)
            except ConnectionClosed as error:
                await self._end("transport close", error)
                raise Closed(self.reason) from error
        else:
            await self._outbox.put(message)

    async def settle(self) -> None:
        """Wait until what was sent has reached the server's process: what others send from now on comes after it."""
        if self.reason:
            return
        if self._ws and self.transport == "websocket":
            with contextlib.suppress(ConnectionClosed):  # reading ends the connection
                await (await self._ws.ping())
        else:
            await self._drain()

    async def receive(self) -> Message:
        """The next message; Closed when the connection is over and all has been read."""
        return await self._inbox.get()

    async def close(self) -> None:
        """Say goodbye and close, once all that was sent is written out."""
        if self.reason:
            return
        with contextlib.suppress(WireError, OSError, ConnectionClosed, TimeoutError):
            async with asyncio.timeout(OPEN_TIMEOUT):
                if self.transport == "websocket" and self._ws:
                    await self._ws.send("1")
                else:
                    await self._drain()
                    await self._post("1")
        await self._end("client close")

    async def abort(self) -> None:
        """Drop the connection without a word."""
        if self._ws:
            self._ws.transport.abort()
        await self._end("client close")

    # websocket

    def _url(self, transport: str, scheme: str = "") -> str:
        base = self._base
        if scheme:
            base = scheme + base.removeprefix("http")
        query = {**self._query, "EIO": "4", "transport": transport} | ({"sid": self.sid} if self.sid else {})
        return f"{base}{self._path}?{urlencode(query)}"

    async def _connect_websocket(self) -> ClientConnection:
        return await connect(
            self._url("websocket", "ws"),
            additional_headers=self._headers,
            compression=None,
            max_size=MAX_SIZE,
            ping_interval=None,
            open_timeout=OPEN_TIMEOUT,
            close_timeout=2,
            ssl=self._tls if self._base.startswith("https") else None,
            proxy=None,
        )

    async def _open_websocket(self) -> None:
        self._ws = await self._connect_websocket()
        first = await self._ws.recv()
        if not isinstance(first, str) or not first.startswith("0"):
            raise ValueError("it answered, but not with Engine.IO")
        self.handshake = msgspec.json.decode(first[1:], type=Open)
        self.transport = "websocket"
        self._start(self._read_websocket(self._ws))

    async def _read_websocket(self, ws: ClientConnection) -> None:
        try:
            async for data in ws:
                if isinstance(data, bytes):
                    await self._message(data)
                else:
                    await self._packet(data)
            await self._end("transport close")
        except ConnectionClosed as error:
            await self._end("transport close", error)

    async def _upgrade(self) -> None:
        """Move from polling to WebSocket; when that fails, it stays with polling.

        No poll is under way meanwhile: Node's server would answer it with CLOSE.
        """
        try:
            async with asyncio.timeout(OPEN_TIMEOUT):
                ws = await self._connect_websocket()
                await ws.send("2probe")
                if await ws.recv() != "3probe":
                    await ws.close()
                    return
        except (OSError, WebSocketException, TimeoutError):
            return
        self._ws = ws
        await ws.send("5")
        self.transport = "websocket"
        self._start(self._read_websocket(ws))

    # polling

    async def _open_polling(self) -> None:
        from console.wire.http import Http

        self._http = Http(self._headers, self._verify(), OPEN_TIMEOUT)
        answer = await self._http.get(self._url("polling"))
        if answer.status != 200:
            raise ValueError(f"it refused with {answer.status}: {answer.text[:200]}")
        first, *rest = answer.text.split("\x1e")
        if not first.startswith("0"):
            raise ValueError("it answered, but not with Engine.IO")
        self.handshake = msgspec.json.decode(first[1:], type=Open)
        self.transport = "polling"
        for packet in rest:
            await self._packet(packet)
        if "websocket" in self._transports and "websocket" in self.handshake.upgrades:
            await self._upgrade()
        if self.transport == "polling":
            self._start(self._poll())
            self._start(self._post_outbox())

    def _verify(self) -> ssl.SSLContext | bool:
        """What checks certificates; without TLS nothing does, and loading them takes long."""
        return (self._tls or True) if self._base.startswith("https") else False

    async def _poll(self) -> None:
        assert self._http is not None  # noqa: S101  made before this task
        try:
            while self.transport == "polling" and not self.reason:
                answer = await self._http.get(self._url("polling"))
                if answer.status != 200:
                    if self.transport == "polling":
                        await self._end("transport error", f"HTTP {answer.status}: {answer.text[:200]}")
                    return
                for packet in answer.text.split("\x1e"):
                    await self._packet(packet)
        except OSError as error:
            if self.transport == "polling":
                await self._end("transport error", error)

    async def _post_outbox(self) -> None:
        try:
            while (message := await self._outbox.get()) is not None:
                packets = [_encode(message)]
                taken = 1
                while not self._outbox.empty() and taken < 16:
                    more = self._outbox.get_nowait()
                    taken += 1
                    packets += [] if more is None else [_encode(more)]
                try:
                    await self._post("\x1e".join(packets))
                finally:
                    for _ in range(taken):
                        self._outbox.task_done()
        except OSError as error:
            await self._end("transport error", error)

    async def _post(self, body: str) -> None:
        assert self._http is not None  # noqa: S101  only polling posts
        answer = await self._http.post(self._url("polling"), body)
        if answer.status != 200:
            await self._end("transport error", f"HTTP {answer.status}: {answer.text[:200]}")

    async def _drain(self) -> None:
        """Wait until what was sent by polling is written out."""
        if self._http:
            await self._outbox.join()

    # both

    async def _message(self, message: Message) -> None:
        if self.sink:
            self.sink(message)
        else:
            await self._inbox.put(message)

    async def _packet(self, packet: str) -> None:
        kind, rest = packet[:1], packet[1:]
        if kind == "4":
            await self._message(rest)
        elif kind == "b":
            await self._message(base64.b64decode(rest))
        elif kind == "2":
            self._alive.set()
            await self._answer_ping()
        elif kind == "1":
            await self._end("server close")

    async def _answer_ping(self) -> None:
        if self._ws and self.transport == "websocket":
            with contextlib.suppress(ConnectionClosed):  # reading ends the connection
                await self._ws.send("3")
        else:
            self._start(self._post("3"))

    async def _watch_pings(self) -> None:
        """End the connection when the server's ping does not come."""
        patience = (self.handshake.ping_interval + self.handshake.ping_timeout) / 1000
        while not self.reason:
            self._alive.clear()
            try:
                await asyncio.wait_for(self._alive.wait(), patience)
            except TimeoutError:
                await self._end("ping timeout")

    def _start(self, work: object) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._tasks.append(task)

    async def _end(self, reason: str, detail: object = "") -> None:
        if self.reason:
            return
        self.reason = f"{reason} ({_why(detail)})" if detail else reason
        await self._release()
        await self._inbox.end(self.reason)

    async def _release(self) -> None:
        here = asyncio.current_task()
        for task in self._tasks:
            if task is not here:
                task.cancel()
        if self._ws:
            with contextlib.suppress(WebSocketException, OSError):
                await self._ws.close()
        if self._http:
            await self._http.close()


def _encode(message: Message) -> str:
    return "4" + message if isinstance(message, str) else "b" + base64.b64encode(message).decode()


def _why(error: object) -> str:
    if isinstance(error, ConnectionClosed):
        frame = error.rcvd
        return f"code {frame.code}{f' {frame.reason}' if frame.reason else ''}" if frame else "no close frame"
    if isinstance(error, InvalidHandshake):
        return f"no WebSocket: {error}"
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    return str(error) or type(error).__name__
