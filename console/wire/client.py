"""A Socket.IO client at wire level: namespaces over one Engine.IO connection, honest about how each ended."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import msgspec

from console.wire.channel import Channel
from console.wire.engine import Engine
from console.wire.errors import Closed, Refused, WireError
from server_core import packets

#: Events of one socket that may wait before reading from the network stops.
INBOX = 1_000


class Event(msgspec.Struct, frozen=True):
    """An event from the server; `id` is there when it wants an ack."""

    name: str
    args: list[Any]
    id: int | None


#: Called with each event as it comes, on the loop; nothing waits for whoever is called.
OnEvent = Callable[[Event], None]


class ClientSocket:
    """This client's socket of one namespace."""

    def __init__(self, client: Client, nsp: str, on_event: OnEvent | None = None) -> None:
        self._client = client
        self._on_event = on_event
        self.nsp = nsp
        self.id = ""
        #: `io server disconnect`, `io client disconnect`, or why the connection ended; empty while it lasts.
        self.reason = ""
        self._events: Channel[Event] = Channel(INBOX)
        self._ids = itertools.count()
        self._acks: dict[int, asyncio.Future[list[Any]]] = {}
        self._joined: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        #: Done when the socket has ended: `reason` says why.
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def emit(self, event: str, *args: Any) -> None:
        """Send an event; on WebSocket it returns when it is written out."""
        await self._send(packets.EVENT, [event, *args])

    async def emit_with_ack(self, event: str, *args: Any, timeout: float | None = None) -> list[Any]:
        """Send an event and return the values of the server's ack; TimeoutError, or Closed."""
        number, answer = await self.ask(event, *args)
        try:
            return await asyncio.wait_for(answer, timeout)
        finally:
            self._acks.pop(number, None)

    async def ask(self, event: str, *args: Any) -> tuple[int, asyncio.Future[list[Any]]]:
        """Send an event that wants an ack: its number, and the values of the ack when it comes (or Closed)."""
        number = next(self._ids)
        answer = self._acks[number] = asyncio.get_running_loop().create_future()
        try:
            await self._send(packets.EVENT, [event, *args], number)
        except BaseException:
            self._acks.pop(number, None)
            raise
        return number, answer

    async def ack(self, event: Event, *values: Any) -> None:
        """Answer an event that wants it."""
        if event.id is not None:
            await self._send(packets.ACK, list(values), event.id)

    async def receive(self) -> Event:
        """The next event; Closed when the socket is gone and all has been read."""
        return await self._events.get()

    @property
    def waiting(self) -> int:
        """Events that were not read yet."""
        return len(self._events)

    async def disconnect(self) -> None:
        """Leave this namespace: DISCONNECT is written out before it returns."""
        if not self.reason:
            with contextlib.suppress(Closed):
                await self._send(packets.DISCONNECT)
            await self.end("io client disconnect")

    # what the client calls

    async def join(self, auth: Any) -> None:
        await self._send(packets.CONNECT, auth)
        self.id = await self._joined

    def joined(self, id: str) -> None:
        if not self._joined.done():
            self._joined.set_result(id)

    def refused(self, error: WireError) -> None:
        if not self._joined.done():
            self._joined.set_exception(error)

    def event(self, event: Event) -> Coroutine[Any, Any, None] | None:
        if self.reason:
            return None  # it came while the goodbye was under way
        if self._on_event is None:
            return self._events.put(event)
        self._on_event(event)
        return None

    def acked(self, number: int | None, values: list[Any]) -> None:
        if number is not None and (answer := self._acks.pop(number, None)) and not answer.done():
            answer.set_result(values)

    async def end(self, reason: str) -> None:
        if self.reason:
            return
        self.reason = reason
        self.refused(Closed(reason))
        self._joined.exception()
        for answer in self._acks.values():
            if not answer.done():
                answer.set_exception(Closed(reason))
                answer.exception()  # whoever waits gets it all the same; nobody has to
        await self._events.end(reason)
        if not self.ended.done():
            self.ended.set_result(None)

    async def _send(self, kind: int, data: Any = None, id: int | None = None) -> None:
        if self.reason:
            raise Closed(self.reason)
        await self._client.send_packet(kind, self.nsp, id, data)


class Client:
    """Namespaces over one connection."""

    def __init__(self, engine: Engine, *, msgpack: bool = False, direct: bool = False) -> None:
        """`msgpack`: the server uses the msgpack parser. `direct`: all sockets have an `on_event`, so nothing of what
        comes ever has to wait."""
        self.engine = engine
        if direct:
            engine.sink = self._take_now
        #: A packet whose attachments have not all come.
        self._partial: tuple[packets.Head, list[bytes]] | None = None
        self._ending: set[asyncio.Future[None]] = set()
        #: What could not be read.
        self._broken = ""
        self.msgpack = msgpack
        self._sockets: dict[str, ClientSocket] = {}
        self._reader: asyncio.Task[None] | None = None
        self._sending = asyncio.Lock()

    async def open(self) -> None:
        """Connect; WireError says why it can't be."""
        await self.engine.open()
        self._reader = asyncio.ensure_future(self._read())

    async def connect(
        self, nsp: str = "/", auth: Any = None, *, timeout: float = 20.0, on_event: OnEvent | None = None
    ) -> ClientSocket:
        """Join a namespace; Refused with what the server says, WireError when it says nothing.

        With `on_event`, events are handed over as they come, and `receive` gives none.
        """
        socket = self._sockets[nsp] = ClientSocket(self, nsp, on_event)
        try:
            await asyncio.wait_for(socket.join(auth), timeout)
        except TimeoutError:
            raise WireError(f"the server did not answer CONNECT to {nsp} within {timeout:.0f} s") from None
        return socket

    async def send_packet(self, kind: int, nsp: str, id: int | None, data: Any) -> None:
        """Encode a packet and send it."""
        if self.msgpack:
            packet = {"type": kind, "nsp": nsp} | ({} if data is None else {"data": data})
            await self.engine.send(msgspec.msgpack.encode(packet | ({} if id is None else {"id": id})))
            return
        text, attachments = ("", ()) if data is None else _encode(data)
        if attachments:
            kind = {packets.EVENT: packets.BINARY_EVENT, packets.ACK: packets.BINARY_ACK}[kind]
        count = f"{len(attachments)}-" if attachments else ""
        name = "" if nsp == "/" else f"{nsp},"
        number = "" if id is None else str(id)
        await self.send(f"{kind}{count}{name}{number}{text}", attachments)

    async def send(self, text: str, attachments: Sequence[bytes] = ()) -> None:
        """Send a packet with its attachments, nothing in between."""
        async with self._sending:
            await self.engine.send(text)
            for attachment in attachments:
                await self.engine.send(attachment)

    async def close(self) -> None:
        """Leave every namespace and close the connection, once all is written out."""
        for socket in self._sockets.values():
            await socket.disconnect()
        await self.engine.close()
        if self._reader:
            await self._reader

    async def _read(self) -> None:
        try:
            while True:
                message = await self.engine.receive()
                if isinstance(message, str):
                    head = packets.split(message)
                    rest = self._packet(head, [await self._attachment() for _ in range(head.attachments)])
                else:
                    rest = self._packet(*packets.split_msgpack(message)) if self.msgpack else None
                if rest is not None:
                    await rest
        except Closed as closed:
            reason = self._broken or str(closed)
        except (ValueError, msgspec.DecodeError) as error:
            reason = f"parse error ({error})"
            await self.engine.abort()
        for socket in self._sockets.values():
            await socket.end(reason)

    async def _attachment(self) -> bytes:
        message = await self.engine.receive()
        if not isinstance(message, bytes):
            raise ValueError("text in the middle of attachments")
        return message

    def _take_now(self, message: str | bytes) -> None:
        """Take a message as it comes."""
        try:
            if isinstance(message, str):
                head = packets.split(message)
                if head.attachments:
                    self._partial = head, []
                    return
                rest = self._packet(head, ())
            elif self._partial:
                head, attachments = self._partial
                attachments.append(message)
                if len(attachments) < head.attachments:
                    return
                self._partial = None
                rest = self._packet(head, attachments)
            else:
                rest = self._packet(*packets.split_msgpack(message)) if self.msgpack else None
        except (ValueError, msgspec.DecodeError) as error:
            self._broken = f"parse error ({error})"
            rest = self.engine.abort()
        if rest is not None:
            task = asyncio.ensure_future(rest)
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def _packet(self, head: packets.Head, attachments: Sequence[bytes]) -> Coroutine[Any, Any, None] | None:
        """Take a packet; what is returned still has to be awaited."""
        socket = self._sockets.get(head.nsp)
        if socket is None:
            return None
        data = packets.decode(head.data, attachments) if head.data else None
        if head.type in (packets.EVENT, packets.BINARY_EVENT) and isinstance(data, list) and data:
            return socket.event(Event(str(data[0]), data[1:], head.id))
        if head.type in (packets.ACK, packets.BINARY_ACK) and isinstance(data, list):
            socket.acked(head.id, data)
        elif head.type == packets.CONNECT and isinstance(data, dict):
            socket.joined(str(data.get("sid", "")))
        elif head.type == packets.CONNECT_ERROR:
            message, more = (data.get("message"), data.get("data")) if isinstance(data, dict) else (data, None)
            socket.refused(Refused(message if isinstance(message, str) else "refused", more))
        elif head.type == packets.DISCONNECT:
            return socket.end("io server disconnect")
        return None


def _encode(data: Any) -> tuple[str, tuple[bytes, ...]]:
    if isinstance(data, list):
        return packets.encode_args(data)
    return msgspec.json.encode(data).decode(), ()
