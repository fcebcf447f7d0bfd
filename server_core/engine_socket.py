"""One Engine.IO connection (`socket.conn`): both transports, its timers, and honest reasons."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from engineio import exceptions, packet
from engineio.async_socket import AsyncSocket
from engineio.packet import Packet

from server_core.engine_upgrade import Upgrade, WebSocket
from server_core.listeners import Handler, Listeners
from server_core.reasons import (
    FORCED_CLOSE,
    FORCED_SERVER_CLOSE,
    PARSE_ERROR,
    PING_TIMEOUT,
    SERVER_SHUTTING_DOWN,
    TRANSPORT_CLOSE,
    TRANSPORT_ERROR,
)
from server_core.send_queue import SendQueue

if TYPE_CHECKING:
    from server_core.engine import EngineServer

logger = logging.getLogger("server_core")

#: Seconds that a closed connection waits for the client to take its last packets.
LINGER = 30.0
#: The server's own reasons to end a connection, which the client is told.
_LINGERING = (FORCED_CLOSE, FORCED_SERVER_CLOSE, SERVER_SHUTTING_DOWN)


class EngineSocket(AsyncSocket):
    """One Engine.IO connection (`socket.conn`)."""

    server: EngineServer
    sid: str
    connected: bool
    upgrading: bool
    closing: bool
    closed: bool
    session: dict[str, Any]
    queue: SendQueue

    def __init__(self, server: EngineServer, sid: str, environ: dict[str, Any]) -> None:
        self._upgraded = False
        self._listeners: Listeners | None = None
        super().__init__(server, sid)
        self.environ = environ
        #: Seconds from PING sent to PONG received, the last one measured.
        self.rtt: float | None = None
        #: What is known of how the connection ended, beside the reason.
        self.description: Any = None
        #: Held while an event's handlers run, where those of several events must not overlap.
        self.turn: asyncio.Lock | None = None
        self._polling = False
        self._upgrade: Upgrade | None = None
        self._dropped = False
        self._ping_sent = 0.0
        self._timer: asyncio.TimerHandle | None = None
        #: How it ends, once it does.
        self._ending: asyncio.Task[None] | None = None
        #: Whether more waited than may.
        self._full = False
        #: What reads from the WebSocket, and why it was cut off.
        self._reader: asyncio.Task[Any] | None = None
        self._cut_because = ""

    @property
    def id(self) -> str:
        return self.sid

    @property
    def transport(self) -> str:
        """`polling` or `websocket`."""
        return "websocket" if self._upgraded else "polling"

    @property
    def writable(self) -> bool:
        """Whether the client takes what is sent now: nothing waits, and on polling a poll is open."""
        return self.queue.empty() and not self.closing and (self._upgraded or self._polling)

    def on(self, event: str, handler: Handler) -> Handler:
        """Add a handler for `upgrade(transport)`, `packet(packet)`, `packetCreate(packet)`, `drain()`,
        `heartbeat(rtt)` or `close(reason)`."""
        if self._listeners is None:
            self._listeners = Listeners()
        return self._listeners.on(event, handler)

    def off(self, event: str, handler: Handler | None = None) -> None:
        """Remove a handler, or all of an event's."""
        if self._listeners is not None:
            self._listeners.off(event, handler)

    def _tell(self, event: str, *args: Any) -> None:
        """Call the handlers of an event; they are synchronous, and what they raise is logged."""
        for listener in self._listeners.take(event) if self._listeners is not None else ():
            try:
                listener.handler(*args[: listener.accepts])
            except Exception:
                logger.exception("conn.on(%r) raised", event)

    @property
    def upgraded(self) -> bool:
        """Whether the connection is on WebSocket now; python-engineio's name for it."""
        return self._upgraded

    @upgraded.setter
    def upgraded(self, value: bool) -> None:
        self._upgraded = value

    # heartbeat

    def schedule_ping(self) -> None:
        self._set_timer(self.server.ping_interval, self._send_ping_now)

    async def check_ping_timeout(self) -> bool:
        """Always true: a timer closes the connection when its PONG is late."""
        if self.closed:
            raise exceptions.SocketIsClosedError
        return True

    async def _send_ping(self) -> None:
        self._send_ping_now()

    def _send_ping_now(self) -> None:
        if self.closing or self.closed:
            return
        self._ping_sent = time.monotonic()
        self.put(Packet(packet.PING))
        self._set_timer(self.server.ping_timeout, self._ping_timed_out)

    def _ping_timed_out(self) -> None:
        self.server.start_background_task(self.close, wait=False, reason=PING_TIMEOUT)

    def _pong(self) -> None:
        if self._ping_sent:
            self.rtt = time.monotonic() - self._ping_sent
            self._ping_sent = 0.0
            if self.server.tap:
                self.server.tap.engine_heartbeat(self.sid, self.rtt)
            self._tell("heartbeat", self.rtt)
        self.schedule_ping()

    def _set_timer(self, delay: float, then: Callable[[], None]) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None if self.closing else asyncio.get_running_loop().call_later(delay, then)

    # packets

    def put(self, pkt: Packet) -> None:
        """Queue a packet for the client; one that is gone gets none."""
        if not self.closed:
            if self._listeners is not None:
                self._tell("packetCreate", pkt)
            self.queue.put_nowait(pkt)

    def put_message(self, frame: str | bytes) -> None:
        """Queue a message, as a WebSocket frame holds it: "4" and its text, or its bytes.

        For a client that does not read, `max_queued_bytes` may wait; then its connection is closed.
        """
        if self.closed or self._full:
            return
        if self._listeners is not None:
            self._tell("packetCreate", _packet(frame))
        queue = self.queue
        queue.size += len(frame)
        queue.put_nowait(frame)
        if queue.size > self.server.max_queued_bytes:
            self._give_up()

    def _give_up(self) -> None:
        """The client reads too slowly, or not at all: it gets nothing more."""
        self._full = True
        description = f"more than {self.server.max_queued_bytes} bytes waited to be sent"
        self.queue.take()
        if self._reader:
            self._cut(description)
        else:
            self.server.start_background_task(
                self.close, wait=False, abort=True, reason=TRANSPORT_ERROR, description=description
            )

    def _cut(self, because: str) -> None:
        """End what serves the WebSocket, whatever waits to be sent on it."""
        if self._reader:
            self._cut_because = because
            self._reader.cancel()

    async def send(self, pkt: Packet) -> None:
        self.put(pkt)

    async def receive(self, pkt: Packet) -> None:
        if self.closing:
            return
        if self._listeners is not None:
            self._tell("packet", pkt)
        if pkt.packet_type == packet.MESSAGE:
            await self.server.message(self.sid, pkt.data)
        elif pkt.packet_type == packet.PONG:
            self._pong()
        elif pkt.packet_type == packet.CLOSE:
            self.end_poll()
            await self.close(wait=False, abort=True, reason=TRANSPORT_CLOSE)
        elif pkt.packet_type == packet.UPGRADE:
            self.put(Packet(packet.NOOP))
        else:
            await self.close(wait=False, reason=TRANSPORT_ERROR, description="a packet that only a server sends")

    async def _receive_encoded(self, data: str | bytes) -> bool:
        """Receive one packet as it came; False when it could not be decoded, and the connection is closed."""
        try:
            pkt = _decode(data)
        except ValueError as error:
            await self.close(wait=False, reason=PARSE_ERROR, description=error)
            return False
        await self.receive(pkt)
        return True

    # polling

    async def poll(self) -> list[Packet]:
        """The packets to send now; waits for the first. An empty list: the connection is over."""
        await self.queue.wait()
        packets: list[Packet] = []
        for item in self.queue.take():
            if item is None:
                if packets:
                    self.queue.put_nowait(None)
                break
            packets.append(_packet(item))
        return packets

    def end_poll(self) -> None:
        """Answer the open poll, if there is one."""
        if self._polling:
            self.put(Packet(packet.NOOP))

    async def handle_get_request(self, environ: dict[str, Any]) -> list[Packet]:
        """The packets that answer a poll."""
        if self.upgrading and self._upgrade and self.queue.empty():
            await self._upgrade.hold_back()
            if self.queue.empty():
                return [Packet(packet.NOOP)]
        if self.upgraded:
            return [Packet(packet.NOOP)]
        if self._polling:
            await self.close(wait=False, reason=TRANSPORT_ERROR, description="overlapping polls")
            raise exceptions.EngineIOError("overlapping polls")
        self._polling = True
        try:
            packets = await self._poll_while_there(environ)
            if self._dropped:
                raise exceptions.EngineIOError("the connection was dropped")
            return packets
        finally:
            self._polling = False
            if self._ending and self._ending.done():
                self._finish()

    async def _poll_while_there(self, environ: dict[str, Any]) -> list[Packet]:
        """The packets of a poll, unless whoever polls goes away meanwhile: that ends the connection."""
        receive = environ.get("asgi.receive")
        if receive is None:  # another driver than ASGI's
            return await self.poll()
        polled = asyncio.ensure_future(self.poll())
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait((polled, gone), return_when=asyncio.FIRST_COMPLETED)
            if not polled.done():
                await self.close(wait=False, abort=True, reason=TRANSPORT_ERROR, description="the poll was cancelled")
            return await polled
        finally:
            polled.cancel()
            gone.cancel()

    async def handle_post_request(self, environ: dict[str, Any]) -> None:
        limit = self.server.max_http_buffer_size
        length = int(environ.get("CONTENT_LENGTH") or 0)
        # a body that comes in chunks does not say how long it is
        data: bytes = b"" if length > limit else await environ["wsgi.input"].read(length or limit + 1)
        if max(length, len(data)) > limit:
            description = f"a body of {length or f'more than {limit}'} bytes"
            await self.close(wait=False, reason=TRANSPORT_ERROR, description=description)
            raise exceptions.ContentTooLongError
        try:
            body = data.decode()
        except UnicodeDecodeError:
            body = ""
        for encoded in body.split("\x1e"):
            if self.closed or self.closing:
                return
            if not await self._receive_encoded(encoded):
                raise exceptions.EngineIOError("undecodable packet")

    # websocket

    async def _websocket_handler(self, ws: WebSocket) -> None:
        if not self.connected:
            self.connected = True
            self.upgraded = True
        elif not await self._moves_to(ws):
            return
        writer = asyncio.ensure_future(self._write(ws))
        reason, description = TRANSPORT_CLOSE, None
        self._reader = asyncio.current_task()
        wait, take, limit = ws.wait, self.server.take, self.server.max_http_buffer_size
        surely_less = limit // 4  # characters: each has at most four bytes
        try:
            while not self.closed:
                data = await wait()
                if data is None:
                    break
                if len(data) > surely_less and (size := _size(data)) > limit:
                    reason, description = TRANSPORT_ERROR, f"a message of {size} bytes"
                    break
                if (
                    self._listeners is None
                    and not self.closing
                    and isinstance(data, str)
                    and data[:1] == "4"
                    and take(self.sid, data[1:])
                ):
                    continue
                if not await self._receive_encoded(data):
                    break
        except OSError:
            pass
        except asyncio.CancelledError:
            if not self._cut_because:
                raise
            reason, description = TRANSPORT_ERROR, self._cut_because
            writer.cancel()  # it waits for a client that does not read
            _abort(ws)
        finally:
            self._reader = None
            await self.close(wait=False, abort=True, reason=reason, description=description)
            await asyncio.wait((writer,), timeout=LINGER)
            if writer.cancel():
                _abort(ws)
            if self.closed and self._timer:
                self._timer.cancel()

    async def _moves_to(self, ws: WebSocket) -> bool:
        """Whether the upgrade from polling succeeds; when it does not, polling goes on."""
        if self._upgrade is None and not self.upgraded:
            self._upgrade = Upgrade(self, ws)
            try:
                self.upgraded = await self._upgrade.succeeds()
            finally:
                self._upgrade = None
                self.upgrading = False
            if self.upgraded:
                if self.server.tap:
                    self.server.tap.engine_upgraded(self.sid, self.transport)
                self._tell("upgrade", self.transport)
                return True
        await ws.close()
        return False

    async def _write(self, ws: WebSocket) -> None:
        """Send what is queued until the connection is over."""
        queue, send = self.queue, _sender(ws)
        try:
            over = False
            while not over:
                await queue.wait()
                for item in queue.take():
                    if item is None:
                        over = True
                        break
                    await send(item.encode() if isinstance(item, Packet) else item)
                else:
                    if self._listeners is not None and queue.empty():
                        self._tell("drain")
        except Exception as error:  # noqa: BLE001  each web server has its own errors for a peer that is gone
            await self.close(wait=False, abort=True, reason=TRANSPORT_CLOSE, description=error)
        await ws.close()

    async def close(
        self, wait: bool = True, abort: bool = False, reason: str | None = None, description: Any = None
    ) -> None:
        """End the connection, its sockets' disconnect events first; `abort` leaves out the CLOSE packet.

        `description`: what is known beside the reason, for the handlers.
        """
        if self.closed or self.closing:
            return
        self.closing = True
        if self._timer:
            self._timer.cancel()
        self.description = description
        self._ending = asyncio.ensure_future(self._end(reason or FORCED_SERVER_CLOSE, abort))
        await asyncio.shield(self._ending)  # whoever closes it may be cancelled, its end is not

    async def _end(self, reason: str, abort: bool) -> None:
        await self.server.closed(self.sid, reason)
        self._tell("close", reason)
        if not abort:
            self.put(Packet(packet.CLOSE))
        self.queue.put_nowait(None)
        if abort or self._upgraded or self._polling or reason not in _LINGERING:
            self._finish()
        else:  # the client is between two polls: its next one gets what is queued
            self._timer = asyncio.get_running_loop().call_later(LINGER, self._finish)

    async def drop(self) -> None:
        """Cut the connection at once and without a goodbye, as a lost network would, and what waits to be sent with it:
        its sockets' reason is `transport close`."""
        if self.closing:
            return
        self._dropped = True
        self.queue.take()
        self.queue.put_nowait(None)  # ends the open poll, or the writer, which closes the WebSocket
        await self.close(wait=False, abort=True, reason=TRANSPORT_CLOSE, description="dropped")

    def _finish(self) -> None:
        if self._timer:
            self._timer.cancel()
        self.closed = True
        if self._reader:
            because = "its last packets were not taken"
            self._timer = asyncio.get_running_loop().call_later(LINGER, self._cut, because)
        if self._upgrade:
            self._upgrade.end()
        # not at once: python-engineio looks the connection up again after an error
        asyncio.get_running_loop().call_soon(self.server.sockets.pop, self.sid, None)


def _packet(item: Packet | str | bytes) -> Packet:
    """What is queued, as a packet."""
    if isinstance(item, Packet):
        return item
    return Packet(packet.MESSAGE, item[1:] if isinstance(item, str) else item)


def _sender(ws: WebSocket) -> Callable[[str | bytes], Awaitable[None]]:
    """How to send on a WebSocket; on python-engineio's ASGI driver without the driver's own call between."""
    asgi_send: Callable[[dict[str, Any]], Awaitable[None]] | None = getattr(ws, "asgi_send", None)
    if asgi_send is None:
        return ws.send

    def send(frame: str | bytes) -> Awaitable[None]:
        return asgi_send({"type": "websocket.send", "text" if isinstance(frame, str) else "bytes": frame})

    return send


def _size(data: str | bytes) -> int:
    """Bytes of a message, as the network has them."""
    return len(data) if isinstance(data, bytes) or data.isascii() else len(data.encode())


def _abort(ws: WebSocket) -> None:
    """Cut the TCP connection below a WebSocket, where the web server lets see it.

    uvicorn's does: closed in ASGI's way, it would stay for as long as its client does not read what was sent before.
    """
    protocol = getattr(getattr(ws, "asgi_send", None), "__self__", None)
    abort: Callable[[], None] | None = getattr(getattr(protocol, "transport", None), "abort", None)
    if abort:
        abort()


async def _gone(receive: Callable[[], Awaitable[dict[str, Any]]]) -> None:
    """Return when the client of an HTTP request is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _decode(data: str | bytes) -> Packet:
    """One Engine.IO packet; ValueError when it is none. Messages keep their text: Socket.IO decodes it."""
    if isinstance(data, bytes):
        return Packet(encoded_packet=data)
    if not data:
        raise ValueError("empty packet")
    if data[0] == "b":
        return Packet(encoded_packet=data)
    if data[0] not in "0123456":
        raise ValueError("unknown packet type")
    pkt = Packet(int(data[0]))
    pkt.data = data[1:]
    return pkt
