"""The clients of a script: each one socket of one namespace, and the events that came to it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from console.replay.values import Value
from console.replay.witness import Witness
from console.wire.client import Client, ClientSocket, Event
from console.wire.engine import Engine
from console.wire.errors import Closed

#: Events that an actor keeps for expectations; older ones that nobody asked for are dropped, and counted.
MAX_EVENTS = 100_000


class Received:
    """An event that came; `step` is the step that was playing then."""

    __slots__ = ("event", "nth", "number", "step", "when")

    def __init__(self, event: Event, number: int, nth: int, step: object) -> None:
        self.event = event
        self.number = number
        #: Which of its name it is, from 1.
        self.nth = nth
        self.step = step
        self.when = time.monotonic()

    @property
    def values(self) -> list[Value]:
        return [self.event.name, *self.event.args]


class Inbox:
    """Events that nobody has asked for yet, in order, found by their name."""

    def __init__(self) -> None:
        self._open: dict[int, Received] = {}
        self._named: dict[str, dict[int, Received]] = {}
        self._counts: dict[str, int] = {}
        self._count = 0
        self.dropped = 0

    def add(self, event: Event, step: object) -> Received:
        self._count += 1
        nth = self._counts[event.name] = self._counts.get(event.name, 0) + 1
        received = Received(event, self._count, nth, step)
        self._open[received.number] = received
        self._named.setdefault(event.name, {})[received.number] = received
        if len(self._open) > MAX_EVENTS:
            self.take(next(iter(self._open.values())))
            self.dropped += 1
        return received

    def take(self, received: Received) -> None:
        """Somebody asked for it."""
        del self._open[received.number]
        del self._named[received.event.name][received.number]

    def open(self, name: str | None = None) -> Iterator[Received]:
        """Those that nobody asked for, oldest first; of one name, or of all."""
        return iter(list((self._open if name is None else self._named.get(name, {})).values()))

    @property
    def total(self) -> int:
        return self._count

    def count(self, name: str) -> int:
        return self._counts.get(name, 0)


class Connection:
    """A connection that actors of several namespaces may share."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.sockets = 0


class Actor:
    """One client of a script."""

    def __init__(self, name: str, witness: Witness, now_playing: Callable[[], object]) -> None:
        self.name = name
        self.inbox = Inbox()
        self.connection: Connection | None = None
        #: Answers that `expect-ack` may ask for, by the name that `emit` gave them.
        self.asked: dict[str, asyncio.Future[list[Any]]] = {}
        self._witness = witness
        self._now_playing = now_playing
        self._socket: ClientSocket | None = None
        self._waiters: list[asyncio.Future[None]] = []

    @property
    def socket(self) -> ClientSocket:
        if self._socket is None:
            raise Closed("it is not connected")
        return self._socket

    @property
    def is_connected(self) -> bool:
        return self._socket is not None and not self._socket.reason

    @property
    def reason(self) -> str:
        """Why its socket ended, in the words of the JavaScript client; "" while it lasts."""
        return reason_of(self._socket.reason) if self._socket else ""

    @property
    def transport(self) -> str:
        return self.connection.client.engine.transport if self.connection else ""

    def named(self) -> dict[str, Value]:
        """What references find: `$alice.id`, `$alice.engine`, …"""
        engine = self.connection.client.engine if self.connection else None
        return {
            "id": self._socket.id if self._socket else None,
            "engine": engine.sid if engine else None,
            "transport": engine.transport if engine else None,
            "name": self.name,
        }

    async def connect(
        self,
        url: str,
        *,
        path: str,
        transports: Sequence[str],
        headers: Mapping[str, str],
        query: Mapping[str, str],
        namespace: str,
        auth: Value,
        timeout: float,
        over: Connection | None = None,
    ) -> None:
        """Join a namespace, over a connection of its own or another's; WireError, or Refused, says why it can't."""
        if self.is_connected:
            await self.end()
        if over is None:
            client = Client(Engine(url, path=path, transports=transports, headers=headers, query=query), direct=True)
            await client.open()
            over = Connection(client)
        over.sockets += 1
        self.connection, self._socket = over, None
        self.inbox, self.asked = Inbox(), {}
        self._witness.connecting(self.name, namespace, auth, over.client.engine)
        try:
            socket = await over.client.connect(namespace, auth, timeout=timeout, on_event=self._event)
        except BaseException:
            await self._leave_connection()
            raise
        self._socket = socket
        self._witness.connected(self.name, namespace, socket.id)
        socket.ended.add_done_callback(lambda _: self._ended(socket))

    async def disconnect(self, *, close: bool) -> None:
        """Leave the namespace; the connection ends with its last socket, or at once."""
        connection = self.connection
        await self.socket.disconnect()
        if connection is None:
            return
        await connection.client.engine.settle()  # a server may take the end of the connection before the goodbye
        if close:
            await connection.client.close()
        else:
            await self._leave_connection()

    async def drop(self, *, close: bool = False) -> None:
        """Cut the connection without a word, or with Engine.IO's CLOSE alone."""
        if self.connection:
            engine = self.connection.client.engine
            await (engine.close() if close else engine.abort())
        if self._socket:
            await self._socket.ended

    async def end(self) -> None:
        """Leave politely, whatever there still is."""
        with contextlib.suppress(Closed):
            await self.disconnect(close=False)
        await self._leave_connection()

    async def settle(self) -> None:
        """Wait until what it sent has reached the server."""
        if self.connection and self.is_connected:
            await self.connection.client.engine.settle()

    async def changed(self, deadline: float) -> bool:
        """Wait for an event, or its end; False when it is later than `deadline` (the loop's clock)."""
        loop = asyncio.get_running_loop()
        left = deadline - loop.time()
        if left <= 0:
            return False
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiters.append(waiter)
        timer = loop.call_at(deadline, _wake, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
        return True

    def _event(self, event: Event) -> None:
        self.inbox.add(event, self._now_playing())
        self._witness.received(self.name, event)
        self._wake()

    def _ended(self, socket: ClientSocket) -> None:
        self._witness.ended(self.name, reason_of(socket.reason))
        self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            _wake(waiter)

    async def _leave_connection(self) -> None:
        connection, self.connection = self.connection, None
        if connection is None:
            return
        connection.sockets -= 1
        if connection.sockets <= 0:
            await connection.client.close()


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def reason_of(reason: str) -> str:
    """Why a socket ended, as the JavaScript client has it."""
    plain = reason.partition(" (")[0]
    return {"server close": "transport close", "client close": "io client disconnect"}.get(plain, plain)
