"""A namespace: its sockets, its connection middlewares, its broadcasts."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from server_core.broadcast import BroadcastOperator, Rooms, check_event
from server_core.errors import SocketError
from server_core.listeners import Decorator, H, Listeners
from server_core.middleware import M, Middleware
from server_core.packets import RESERVED_EVENTS
from server_core.remote import REQUEST_TIMEOUT, RemoteSocket, pack, unpack

if TYPE_CHECKING:
    from server_core.server import Server
    from server_core.socket import Socket


class Namespace:
    """What `io.of("/chat")` returns."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name
        #: Connected sockets by id.
        self.sockets: dict[str, Socket] = {}
        self.middlewares: list[Middleware] = []
        self.listeners = Listeners()
        #: Ids of the sockets that have handlers for outgoing events.
        self.eavesdropped: set[str] = set()
        #: The dynamic namespace that it was made by.
        self.parent: DynamicNamespace | None = None

    @property
    def addressed(self) -> Sequence[Namespace]:
        """The namespaces whose sockets an operator on this one addresses."""
        return (self,)

    def use(self, middleware: M) -> M:
        """Run `middleware(socket, next)` once for each connection, before it is accepted."""
        self.middlewares.append(middleware)
        return middleware

    @overload
    def on(self, event: str) -> Decorator: ...
    @overload
    def on(self, event: str, handler: H) -> H: ...
    def on(self, event: str, handler: Any = None) -> Any:
        """Add a handler for `connection`, called with each new socket, or for an event that another server of the
        cluster sends with `server_side_emit`: what it returns is the answer."""
        return self.listeners.on("connection" if event == "connect" else event, handler)

    def to(self, rooms: Rooms) -> BroadcastOperator:
        return BroadcastOperator(self).to(rooms)

    in_ = to

    def except_(self, rooms: Rooms) -> BroadcastOperator:
        return BroadcastOperator(self).except_(rooms)

    def timeout(self, seconds: float) -> BroadcastOperator:
        return BroadcastOperator(self).timeout(seconds)

    def compress(self, compress: bool) -> BroadcastOperator:
        return BroadcastOperator(self).compress(compress)

    async def emit(self, event: str, *args: Any) -> None:
        """Emit to every socket of the namespace."""
        await BroadcastOperator(self).emit(event, *args)

    async def send(self, *args: Any) -> None:
        """Emit the event `message`."""
        await self.emit("message", *args)

    async def server_side_emit(self, event: str, *args: Any) -> None:
        """Emit to the handlers of this namespace on the other servers of the cluster."""
        check_event(event)
        await self.server.manager.tell_elsewhere("server_side_emit", **self._message(event, args))

    async def server_side_emit_with_ack(self, event: str, *args: Any) -> list[Any]:
        """Emit to the other servers, and return what each answers.

        What came is the error's `responses` when one is late (TimeoutError), or when a handler raised (SocketError).
        """
        check_event(event)
        manager = self.server.manager
        try:
            answers = await manager.ask_elsewhere("server_side_emit", REQUEST_TIMEOUT, **self._message(event, args))
        except TimeoutError as error:
            late: Any = error
            late.responses = [value for answer in late.responses for value in unpack(answer)]
            raise
        responses = [value for answer in answers for value in unpack(answer)]
        if any(answer["failed"] for answer in answers):
            raised: Any = SocketError(f'a handler of "{event}" on another server raised: its log says what')
            raised.responses = responses
            raise raised
        return responses

    def _message(self, event: str, args: Sequence[Any]) -> dict[str, Any]:
        return {"namespace": self.name, "event": event, **pack(list(args))}

    async def run_server_side(self, event: str, args: list[Any]) -> tuple[list[Any], bool]:
        """Run the handlers of an event from another server; what they answer, and whether any raised."""
        answers: list[Any] = []
        listeners = [] if event in ("connection", *RESERVED_EVENTS) else self.listeners.take(event)
        for listener in listeners:
            try:
                answers.append(await listener.call(*args))
            except Exception as error:  # noqa: BLE001  the app's handler
                self.server.app_raised(f"on {event!r} from another server", error, self)
        return answers, len(answers) < len(listeners)

    async def fetch_sockets(self) -> list[Socket | RemoteSocket]:
        """All connected sockets of the namespace; those of other servers of the cluster as they are now."""
        return await BroadcastOperator(self).fetch_sockets()

    async def sockets_join(self, rooms: Rooms) -> None:
        await BroadcastOperator(self).sockets_join(rooms)

    async def sockets_leave(self, rooms: Rooms) -> None:
        await BroadcastOperator(self).sockets_leave(rooms)

    async def disconnect_sockets(self, close: bool = False) -> None:
        await BroadcastOperator(self).disconnect_sockets(close)

    @property
    def local(self) -> BroadcastOperator:
        return BroadcastOperator(self).local

    @property
    def volatile(self) -> BroadcastOperator:
        return BroadcastOperator(self).volatile

    def members(self, rooms: Iterable[str] | None) -> Iterator[Socket]:
        """The connected sockets in any of the rooms, each once; all of the namespace's for None."""
        for sid, _ in self.server.manager.get_participants(self.name, rooms):
            if socket := self.sockets.get(sid):
                yield socket


#: Which names a dynamic namespace takes: those that a pattern matches whole, or to which `f(name, auth)` says yes.
Match = re.Pattern[str] | Callable[[str, dict[str, Any]], Any]


class DynamicNamespace(Namespace):
    """What `io.of(pattern)` returns: each matching name gets a namespace with these middlewares and handlers."""

    def __init__(self, server: Server, match: Match) -> None:
        super().__init__(server, f"/({match.pattern})" if isinstance(match, re.Pattern) else "/(function)")
        self._match = match
        #: The namespaces made so far.
        self.children: list[Namespace] = []

    @property
    def asks(self) -> bool:
        """Whether a function says which names it takes."""
        return not isinstance(self._match, re.Pattern)

    @property
    def asked_by(self) -> str:
        """The function's name."""
        return getattr(self._match, "__qualname__", type(self._match).__qualname__)

    async def takes(self, name: str, auth: dict[str, Any]) -> bool:
        """Whether a client may join a namespace of this name."""
        if isinstance(self._match, re.Pattern):
            return self._match.fullmatch(name) is not None
        answer = self._match(name, auth)
        return bool(await answer if isinstance(answer, Awaitable) else answer)

    def matches(self, name: str) -> bool:
        """Whether its pattern takes a name; a function can't tell without a client."""
        return isinstance(self._match, re.Pattern) and self._match.fullmatch(name) is not None

    @property
    def addressed(self) -> Sequence[Namespace]:
        return tuple(self.children)

    def adopt(self, nsp: Namespace) -> None:
        """Give a namespace that was just made these middlewares and handlers; those added later are not for it."""
        nsp.middlewares = list(self.middlewares)
        nsp.listeners = self.listeners.copy()
        nsp.parent = self
        self.children.append(nsp)
