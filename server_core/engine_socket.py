"""One Engine.IO connection (`socket.conn`): both transports, its timers, and honest reasons."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from engineio import exceptions, packet
from engineio.async_socket import AsyncSocket
from engineio.packet import Packet

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

if TYPE_CHECKING:
    from server_core.engine import EngineServer

logger = logging.getLogger("server_core")

#: Seconds that a closed connection on polling waits for the client to fetch its last packets.
LINGER = 30.0
#: The server's own reasons to end a connection, which the client is told.
_LINGERING = (FORCED_CLOSE, FORCED_SERVER_CLOSE, SERVER_SHUTTING_DOWN)


class WebSocket(Protocol):
    """What python-engineio's drivers hand to a websocket handler."""

    async def wait(self) -> str | bytes | None: ...
    async def send(self, message: str | bytes) -> None: ...
    async def close(self) -> None: ...


class EngineSocket(AsyncSocket):
    """One Engine.IO connection (`socket.conn`)."""

    server: EngineServer
    sid: str
    connected: bool
    upgrading: bool
    closing: bool
    closed: bool
    session: dict[str, Any]
    queue: asyncio.Queue[Packet | None]

    def __init__(self, server: EngineServer, sid: str, environ: dict[str, Any]) -> None:
        self._upgraded = False
        self._listeners: Listeners | None = None
        super().__init__(server, sid)
        self.environ = environ
        #: Seconds from PING sent to PONG received, the last one measured.
        self.rtt: float | None = None
        #: What is known of how the connection ended, beside the reason.
        self.description: Any = None
        self._polling = False
        self._dropped = False
        self._ping_sent = 0.0
        self._timer: asyncio.TimerHandle | None = None

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
            if self._polling:
                self.put(Packet(packet.NOOP))  # ends the open poll
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
        pkt = await self.queue.get()
        self.queue.task_done()
        packets: list[Packet] = []
        while pkt is not None:
            packets.append(pkt)
            if self.queue.empty():
                return packets
            pkt = self.queue.get_nowait()
            self.queue.task_done()
        if packets:
            self.queue.put_nowait(None)
        return packets

    async def handle_get_request(self, environ: dict[str, Any]) -> list[Packet]:
        """The packets that answer a poll."""
        if self.upgrading or self.upgraded:
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
            if self.closing:
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
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > self.server.max_http_buffer_size:
            await self.close(wait=False, reason=TRANSPORT_ERROR, description=f"a body of {length} bytes")
            raise exceptions.ContentTooLongError
        try:
            body = (await environ["wsgi.input"].read(length)).decode()
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
        elif not await self._probe(ws):
            return
        writer = asyncio.ensure_future(self._write(ws))
        reason, description = TRANSPORT_CLOSE, None
        try:
            while not self.closed:
                data = await ws.wait()
                if data is None:
                    break
                if len(data) > self.server.max_http_buffer_size:
                    reason, description = TRANSPORT_ERROR, f"a message of {len(data)} bytes"
                    break
                if not await self._receive_encoded(data):
                    break
        except OSError:
            pass
        finally:
            await self.close(wait=False, abort=True, reason=reason, description=description)
            await writer

    async def _probe(self, ws: WebSocket) -> bool:
        """Whether the upgrade from polling succeeded: PING probe, PONG probe, UPGRADE."""
        if self.upgrading or self.upgraded:
            await ws.close()
            return False
        self.upgrading = True
        try:
            if await ws.wait() != "2probe":
                return False
            await ws.send("3probe")
            if self._polling:
                self.put(Packet(packet.NOOP))  # ends the open poll
            if await ws.wait() != "5" or self.closed:
                return False
        except OSError:
            return False
        finally:
            self.upgrading = False
        self.upgraded = True
        if self.server.tap:
            self.server.tap.engine_upgraded(self.sid, self.transport)
        self._tell("upgrade", self.transport)
        return True

    async def _write(self, ws: WebSocket) -> None:
        """Send what is queued until the connection is over."""
        try:
            while packets := await self.poll():
                for pkt in packets:
                    await ws.send(pkt.encode())
                if self._listeners is not None and self.queue.empty():
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
        reason = reason or FORCED_SERVER_CLOSE
        self.description = description
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
        while not self.queue.empty():
            self.queue.get_nowait()
            self.queue.task_done()
        self.queue.put_nowait(None)  # ends the open poll, or the writer, which closes the WebSocket
        await self.close(wait=False, abort=True, reason=TRANSPORT_CLOSE, description="dropped")

    def _finish(self) -> None:
        if self._timer:
            self._timer.cancel()
        self.closed = True
        # not at once: python-engineio looks the connection up again after an error
        asyncio.get_running_loop().call_soon(self.server.sockets.pop, self.sid, None)


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
