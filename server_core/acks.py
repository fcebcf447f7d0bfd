"""Acks, both ways: waiting for a client's answer, and giving ours."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from server_core.broadcast import check_event
from server_core.errors import SocketError

if TYPE_CHECKING:
    from server_core.socket import Socket


class SocketWithTimeout:
    """What `socket.timeout(seconds)` returns."""

    __slots__ = ("_seconds", "_socket")

    def __init__(self, socket: Socket, seconds: float | None) -> None:
        self._socket = socket
        self._seconds = seconds

    async def emit_with_ack(self, event: str, *args: Any) -> Any:
        """Emit and return the client's answer; `TimeoutError("operation has timed out")` when it is late."""
        values = await self.ask(event, *args)
        return values[0] if len(values) == 1 else tuple(values) or None

    async def ask(self, event: str, *args: Any) -> list[Any]:
        """Like `emit_with_ack`, and returns the values that the client answered as they are."""
        check_event(event)
        socket = self._socket
        if not socket.connected:
            raise SocketError("socket has been disconnected")
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()

        def answered(*values: Any) -> None:
            if not answer.done():
                answer.set_result(list(values))

        manager = socket.nsp.server.manager
        ack_id = manager._generate_ack_id(socket.id, answered)
        pending = socket.pending_acks
        pending.add(answer)
        try:
            socket.put_event(event, args, ack_id)
            return await asyncio.wait_for(answer, self._seconds)
        except TimeoutError:
            raise TimeoutError("operation has timed out") from None
        finally:
            pending.discard(answer)
            manager.callbacks.get(socket.id, {}).pop(ack_id, None)


class Answer:
    """The `ack` of one event: answers it once, and only when the client asked."""

    __slots__ = ("_id", "_socket")

    def __init__(self, socket: Socket, id: int | None) -> None:
        self._socket = socket
        self._id = id

    def __call__(self, *values: Any) -> None:
        if self._id is not None and self._socket.connected:
            self._socket.put_ack(self._id, values)
            self._id = None


class Simulated:
    """The `ack` of an event that no client sent: whoever simulated it gets the answer, and hears what went wrong."""

    __slots__ = ("answered", "handled", "trouble", "values")

    def __init__(self) -> None:
        self.answered = asyncio.Event()
        #: What a handler answered.
        self.values: tuple[Any, ...] = ()
        #: Whether there was a handler.
        self.handled = False
        #: Why no handler ran to its end; empty when one did.
        self.trouble = ""

    def __call__(self, *values: Any) -> None:
        if not self.answered.is_set():
            self.values = values
            self.answered.set()


class VolatileSocket:
    """What `socket.volatile` is."""

    __slots__ = ("_socket",)

    def __init__(self, socket: Socket) -> None:
        self._socket = socket

    async def emit(self, event: str, *args: Any) -> None:
        """Emit to this client unless something is still waiting to be sent to it."""
        check_event(event)
        if self._socket.conn.writable:
            self._socket.put_event(event, args, volatile=True)
