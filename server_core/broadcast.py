"""The immutable operator behind `io.to(...)` and `socket.to(...)`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from server_core.errors import SocketError

if TYPE_CHECKING:
    from server_core.namespace import Namespace
    from server_core.socket import Socket

Rooms = str | Iterable[str]


class BroadcastOperator:
    """Whom an event goes to; each method returns a new operator.

    Follows Socket.IO's `BroadcastOperator`, except that an empty collection of rooms addresses nobody.
    """

    __slots__ = ("_except", "_nsp", "_rooms", "_timeout", "_volatile")

    def __init__(
        self,
        nsp: Namespace,
        rooms: frozenset[str] | None = None,
        except_: frozenset[str] = frozenset(),
        timeout: float | None = None,
        volatile: bool = False,
    ) -> None:
        self._nsp = nsp
        self._rooms = rooms
        self._except = except_
        self._timeout = timeout
        self._volatile = volatile

    def _with(self, **changes: Any) -> BroadcastOperator:
        now = {
            "rooms": self._rooms,
            "except_": self._except,
            "timeout": self._timeout,
            "volatile": self._volatile,
        }
        return BroadcastOperator(self._nsp, **{**now, **changes})

    def to(self, rooms: Rooms) -> BroadcastOperator:
        """Also to the members of a room, or of several."""
        return self._with(rooms=(self._rooms or frozenset()) | names(rooms))

    in_ = to

    def except_(self, rooms: Rooms) -> BroadcastOperator:
        """Not to the members of a room, or of several."""
        return self._with(except_=self._except | names(rooms))

    def timeout(self, seconds: float) -> BroadcastOperator:
        """How long `emit_with_ack` waits."""
        return self._with(timeout=seconds)

    @property
    def volatile(self) -> BroadcastOperator:
        """Not to those to whom something is still waiting to be sent."""
        return self._with(volatile=True)

    @property
    def local(self) -> BroadcastOperator:
        """To this node's sockets alone; they are the only ones that there are without a cluster."""
        return self._with()

    def compress(self, _compress: bool) -> BroadcastOperator:
        """Whether to compress: the web server decides that, so it changes nothing."""
        return self._with()

    async def emit(self, event: str, *args: Any) -> None:
        """Emit to all of them."""
        check_event(event)
        skip = self._skip()
        if self._volatile:
            skip |= {socket.id for socket in self._nsp.members(self._rooms) if not socket.conn.writable}
        self._nsp.server.manager.emit_to(event, list(args), self._nsp.name, self._rooms, skip)

    async def emit_with_ack(self, event: str, *args: Any) -> list[Any]:
        """Emit to all of them and return their answers; TimeoutError with `responses` when one is late."""
        check_event(event)
        sockets = self._sockets()
        answers = await asyncio.gather(
            *(socket.timeout(self._timeout).emit_with_ack(event, *args) for socket in sockets), return_exceptions=True
        )
        if any(isinstance(answer, BaseException) for answer in answers):
            late = TimeoutError("operation has timed out")
            late.responses = [a for a in answers if not isinstance(a, BaseException)]  # type: ignore[attr-defined]
            raise late
        return list(answers)

    async def fetch_sockets(self) -> list[Socket]:
        """The sockets that it addresses."""
        return self._sockets()

    async def sockets_join(self, rooms: Rooms) -> None:
        """Let them join a room, or several."""
        wanted = names(rooms)
        for socket in self._sockets():
            await socket.join(wanted)

    async def sockets_leave(self, rooms: Rooms) -> None:
        """Let them leave a room, or several."""
        wanted = names(rooms)
        for socket in self._sockets():
            for room in wanted:
                await socket.leave(room)

    async def disconnect_sockets(self, close: bool = False) -> None:
        """Disconnect them, or close their whole connections."""
        for socket in self._sockets():
            await socket.disconnect(close)

    def _sockets(self) -> list[Socket]:
        skip = self._skip()
        return [socket for socket in self._nsp.members(self._rooms) if socket.id not in skip]

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
