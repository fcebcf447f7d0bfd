"""The immutable operator behind `io.to(...)` and `socket.to(...)`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from server_core.errors import SocketError
from server_core.packets import RESERVED_EVENTS
from server_core.remote import REQUEST_TIMEOUT, RemoteSocket, pack, unpack

if TYPE_CHECKING:
    from server_core.namespace import Namespace
    from server_core.socket import Socket

Rooms = str | Iterable[str]


class BroadcastOperator:
    """Whom an event goes to, on every server of the cluster; each method returns a new operator.

    Follows Socket.IO's `BroadcastOperator`, except that an empty collection of rooms addresses nobody.
    """

    __slots__ = ("_except", "_local", "_nsp", "_rooms", "_timeout", "_volatile")

    def __init__(
        self,
        nsp: Namespace,
        rooms: frozenset[str] | None = None,
        except_: frozenset[str] = frozenset(),
        timeout: float | None = None,
        volatile: bool = False,
        local: bool = False,
    ) -> None:
        self._nsp = nsp
        self._rooms = rooms
        self._except = except_
        self._timeout = timeout
        self._volatile = volatile
        self._local = local

    def _with(self, **changes: Any) -> BroadcastOperator:
        now = {
            "rooms": self._rooms,
            "except_": self._except,
            "timeout": self._timeout,
            "volatile": self._volatile,
            "local": self._local,
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
        """To this server's sockets alone."""
        return self._with(local=True)

    def compress(self, _compress: bool) -> BroadcastOperator:
        """Whether to compress: the web server decides that, so it changes nothing."""
        return self._with()

    async def emit(self, event: str, *args: Any) -> None:
        """Emit to all of them."""
        check_event(event)
        manager = self._nsp.server.manager
        for nsp in self._nsp.addressed:
            manager.emit_to(event, list(args), nsp.name, self._rooms, self._except, volatile=self._volatile)
            if self._goes_elsewhere:
                await manager.emit_elsewhere(event, list(args), nsp.name, self._rooms, self._except, self._volatile)

    async def send(self, *args: Any) -> None:
        """Emit the event `message`."""
        await self.emit("message", *args)

    async def emit_with_ack(self, event: str, *args: Any) -> list[Any]:
        """Emit to all of them and return their answers; TimeoutError with `responses` when one is late."""
        check_event(event)
        here = asyncio.gather(
            *(socket.timeout(self._timeout).emit_with_ack(event, *args) for socket in self._here()),
            return_exceptions=True,
        )
        late = False
        patience = None if self._timeout is None else self._timeout + REQUEST_TIMEOUT
        fields = {"event": event, "timeout": self._timeout, **pack(list(args))}
        try:
            elsewhere = await self._ask("emit_with_ack", patience, **fields)
        except TimeoutError as error:
            late, elsewhere = True, error.responses  # type: ignore[attr-defined]
        answers = await here
        responses = [answer for answer in answers if not isinstance(answer, BaseException)]
        late = late or len(responses) < len(answers)
        for answer in elsewhere:
            responses += unpack(answer)
            late = late or answer["late"]
        if late:
            timeout = TimeoutError("operation has timed out")
            timeout.responses = responses  # type: ignore[attr-defined]
            raise timeout
        return responses

    async def fetch_sockets(self) -> list[Socket | RemoteSocket]:
        """The sockets that it addresses; those of other servers as they are now."""
        sockets: list[Socket | RemoteSocket] = list(self._here())
        for details in await self._ask("fetch_sockets"):
            sockets += [RemoteSocket(self._nsp, each) for each in details or ()]
        return sockets

    async def sockets_join(self, rooms: Rooms) -> None:
        """Let them join a room, or several."""
        wanted = names(rooms)
        for socket in self._here():
            await socket.join(wanted)
        await self._tell("sockets_join", rooms=list(wanted))

    async def sockets_leave(self, rooms: Rooms) -> None:
        """Let them leave a room, or several."""
        wanted = names(rooms)
        for socket in self._here():
            for room in wanted:
                await socket.leave(room)
        await self._tell("sockets_leave", rooms=list(wanted))

    async def disconnect_sockets(self, close: bool = False) -> None:
        """Disconnect them, or close their whole connections."""
        await asyncio.gather(*(socket.disconnect(close) for socket in self._here()))
        await self._tell("disconnect_sockets", close=close)

    def _here(self) -> list[Socket]:
        """Those of this server."""
        addresses = self._nsp.server.manager.addressed
        return [
            socket
            for nsp in self._nsp.addressed
            for skip in [addresses(nsp.name, self._except) if self._except else ()]
            for socket in nsp.members(self._rooms)
            if socket.id not in skip
        ]

    @property
    def _goes_elsewhere(self) -> bool:
        """Whether sockets of other servers may be addressed."""
        return not self._local and self._rooms != frozenset()

    def _whom(self) -> list[dict[str, Any]]:
        rooms = None if self._rooms is None else list(self._rooms)
        nsps = self._nsp.addressed if self._goes_elsewhere else ()
        return [{"namespace": nsp.name, "room": rooms, "skip_sid": list(self._except)} for nsp in nsps]

    async def _tell(self, method: str, **fields: Any) -> None:
        for whom in self._whom():
            await self._nsp.server.manager.tell_elsewhere(method, **whom, **fields)

    async def _ask(self, method: str, patience: float | None = REQUEST_TIMEOUT, **fields: Any) -> list[Any]:
        manager = self._nsp.server.manager
        return [
            answer
            for whom in self._whom()
            for answer in await manager.ask_elsewhere(method, patience, **whom, **fields)
        ]


def check_event(event: str) -> None:
    """Raise SocketError for an event name that Socket.IO keeps for itself."""
    if event in RESERVED_EVENTS:
        raise SocketError(f'"{event}" is a reserved event name')


def names(rooms: Rooms) -> frozenset[str]:
    """One room or several, as a set; python-socketio's apps have rooms that are no strings, too."""
    if isinstance(rooms, str) or not isinstance(rooms, Iterable):
        return frozenset((rooms,))
    return frozenset(rooms)
