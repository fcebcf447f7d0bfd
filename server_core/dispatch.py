"""One incoming event's way: the catch-all handlers, the socket's middlewares, its handlers, the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from server_core.acks import Answer, Simulated
from server_core.errors import SocketError
from server_core.handshake import to_json
from server_core.listeners import Handler, Listener, Listeners
from server_core.middleware import Asking, Middleware

if TYPE_CHECKING:
    from server_core.socket import Socket


class Dispatch:
    """Runs the events that one socket receives, each in a task of its own.

    `turn`: held while an event's handlers run, where those of several must not overlap.
    """

    __slots__ = ("_asking", "_tasks", "_turn", "catch_all", "listeners", "middlewares")

    def __init__(self, turn: asyncio.Lock | None) -> None:
        self.listeners = Listeners()
        self.middlewares: list[Middleware] = []
        self.catch_all: list[Handler] = []
        #: What runs: each of these ends itself.
        self._tasks: set[asyncio.Future[Any] | None] = set()
        self._asking: Asking | None = None
        self._turn = turn

    @property
    def running(self) -> int:
        """Events whose handlers have not ended, and middlewares that go on after they let theirs pass."""
        return len(self._tasks)

    def release(self) -> None:
        """The socket has left: what its middlewares hold goes nowhere any more."""
        if self._asking:
            self._asking.release()

    def begin(self, socket: Socket, packet: list[Any], id: int | None, fallback: Listener | None) -> None:
        """Start one event's way."""
        work: Coroutine[Any, Any, None]
        if fallback is None and not self.catch_all and not self.middlewares:
            listeners = self.listeners.take(packet[0])
            if len(listeners) == 1 and not listeners[0].wants_ack and self._turn is None:
                work = self._run_one(socket, listeners[0], packet, id)
            else:  # none: the `connection` handler may be about to add it
                found = listeners or None
                work = self._run(socket, packet, None if id is None else Answer(socket, id), None, found)
        else:
            work = self._run(socket, packet, None if id is None else Answer(socket, id), fallback)
        self._tasks.add(asyncio.get_running_loop().create_task(work))

    async def simulate(self, socket: Socket, packet: list[Any], answer: Simulated, fallback: Listener | None) -> None:
        """The whole way of an event that no client sent; `answer` then knows what came of it."""
        await asyncio.ensure_future(self._run(socket, packet, answer, fallback))

    async def _run_one(self, socket: Socket, listener: Listener, packet: list[Any], id: int | None) -> None:
        """What nearly every event is: one handler, and nothing in its way."""
        try:
            result = listener.handler(*packet[1:])
            if type(result) is CoroutineType or isinstance(result, Awaitable):
                result = await result
            if id is not None and result is not NotImplemented and socket.connected:
                socket.put_ack(id, result if isinstance(result, tuple) else () if result is None else (result,))
        except Exception as error:  # noqa: BLE001  the app's handler
            socket.nsp.server.app_raised(f"on {packet[0]!r}", error, socket)
        finally:
            self._tasks.discard(asyncio.current_task())

    async def _run(
        self,
        socket: Socket,
        packet: list[Any],
        answer: Answer | Simulated | None,
        fallback: Listener | None,
        listeners: list[Listener] | None = None,
    ) -> None:
        where = f"on {packet[0]!r}"
        task = asyncio.current_task()
        self._tasks.add(task)  # also the one of an event that no client sent
        turn = None
        try:
            if self.catch_all:
                await self._tell_all(socket, packet)
            if self.middlewares:
                if not await self._pass(socket, packet, answer):
                    return
                if not socket.connected:  # it left while a middleware held the event
                    return
            if self._turn is not None:
                await self._turn.acquire()
                turn = self._turn
            event, *args = packet
            if listeners is None:
                listeners = self.listeners.take(event)
            calls = [_call(socket, listener, answer, args) for listener in listeners]
            if fallback:
                calls.append(_call(socket, fallback, answer, [socket.id, *args]))
            if isinstance(answer, Simulated):
                answer.handled = bool(calls or self.catch_all)
            if len(calls) == 1:
                await calls[0]
            elif calls:
                raised = await asyncio.gather(*calls, return_exceptions=True)
                for error in raised:
                    if isinstance(error, Exception):
                        _raised(socket, where, error, answer)
        except Exception as error:  # noqa: BLE001  the app's handler
            _raised(socket, where, error, answer)
        finally:
            if turn:
                turn.release()
            self._tasks.discard(task)

    async def _tell_all(self, socket: Socket, packet: Sequence[Any]) -> None:
        """Start the catch-all handlers, and go on once each has begun: a slow one holds nobody up."""
        for handler in list(self.catch_all):
            socket.start("on any", Listener(handler, once=False), *packet)
        await asyncio.sleep(0)

    async def _pass(self, socket: Socket, packet: list[Any], answer: Answer | Simulated | None) -> bool:
        server = socket.nsp.server
        if self._asking is None:
            self._asking = Asking(lambda by, error: server.app_raised(f"middleware {by}", error, socket), self._tasks)
        outcome = await self._asking.run(self.middlewares, packet)
        if outcome.passed:
            return True
        if isinstance(answer, Simulated):
            why = "it never called next" if outcome.error is None else str(outcome.error)
            answer.trouble = f"the middleware {outcome.by.rpartition('.')[2]} blocked it: {why}"
        if server.eio.tap and not (socket.disconnected and outcome.error is None):  # it left while it was held
            message = str(outcome.error) if outcome.error else ""
            server.eio.tap.event_blocked(socket.id, socket.nsp.name, to_json(packet), message)
        if outcome.error is not None:
            if outcome.raised and not isinstance(outcome.error, SocketError):
                server.app_raised(f"middleware {outcome.by}", outcome.error, socket)
            for listener in self.listeners.take("error"):
                await listener.call(outcome.error)
        return False


def _raised(socket: Socket, where: str, error: BaseException, answer: Answer | Simulated | None) -> None:
    socket.nsp.server.app_raised(where, error, socket)
    if isinstance(answer, Simulated):
        answer.trouble = f"{where} raised {type(error).__name__}: {error}"


async def _call(socket: Socket, listener: Listener, answer: Answer | Simulated | None, args: list[Any]) -> None:
    if listener.wants_ack:
        await listener.call(*args, ack=answer or Answer(socket, None))
        return
    result = await listener.call(*args)
    if answer is not None and result is not NotImplemented:
        answer(*(result if isinstance(result, tuple) else () if result is None else (result,)))
