"""The immutable operator behind `io.to(...)` and `socket.to(...)`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from server_core.errors import SocketError

if TYPE_CHECKING:
    from server_core.namespace import Namespace

Rooms = str | Iterable[str]


class BroadcastOperator:
    """Whom an event goes to; each method returns a new operator.

    Follows Socket.IO's `BroadcastOperator`, except that an empty collection of rooms addresses nobody.
    """

    __slots__ = ("_except", "_nsp", "_rooms", "_timeout")

    def __init__(
        self,
        nsp: Namespace,
        rooms: frozenset[str] | None = None,
        except_: frozenset[str] = frozenset(),
        timeout: float | None = None,
    ) -> None:
        self._nsp = nsp
        self._rooms = rooms
        self._except = except_
        self._timeout = timeout

    def to(self, rooms: Rooms) -> BroadcastOperator:
        """Also to the members of a room, or of several."""
        return BroadcastOperator(self._nsp, (self._rooms or frozenset()) | names(rooms), self._except, self._timeout)

    in_ = to

    def except_(self, rooms: Rooms) -> BroadcastOperator:
        """Not to the members of a room, or of several."""
        return BroadcastOperator(self._nsp, self._rooms, self._except | names(rooms), self._timeout)

    def timeout(self, seconds: float) -> BroadcastOperator:
        """How long `emit_with_ack` waits."""
        return BroadcastOperator(self._nsp, self._rooms, self._except, seconds)

    async def emit(self, event: str, *args: Any) -> None:
        """Emit to all of them."""
        check_event(event)
        manager = self._nsp.server.manager
        manager.emit_to(event, list(args), self._nsp.name, self._rooms, self._skip())

    async def emit_with_ack(self, event: str, *args: Any) -> list[Any]:
        """Emit to all of them and return their answers; TimeoutError with `responses` when one is late."""
        check_event(event)
        sockets = [socket for socket in self._nsp.members(self._rooms) if socket.id not in self._skip()]
        answers = await asyncio.gather(
            *(socket.timeout(self._timeout).emit_with_ack(event, *args) for socket in sockets), return_exceptions=True
        )
        if any(isinstance(answer, BaseException) for answer in answers):
            late = TimeoutError("operation has timed out")
            late.responses = [a for a in answers if not isinstance(a, BaseException)]  # type: ignore[attr-defined]
            raise late
        return list(answers)

    def _skip(self) -> set[str]:
        """Ids of the sockets left out."""
        return {socket.id for socket in self._nsp.members(self._except)} if self._except else set()


RESERVED_EVENTS = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}
)


def check_event(event: str) -> None:
    """Raise SocketError for an event name that Socket.IO keeps for itself."""
    if event in RESERVED_EVENTS:
        raise SocketError(f'"{event}" is a reserved event name')


def names(rooms: Rooms) -> frozenset[str]:
    """One room or several, as a set."""
    return frozenset((rooms,)) if isinstance(rooms, str) else frozenset(rooms)
