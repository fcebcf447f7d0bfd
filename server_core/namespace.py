"""A namespace: its sockets, its connection middlewares, its broadcasts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, overload

from server_core.broadcast import BroadcastOperator, Rooms
from server_core.listeners import Decorator, H, Listeners
from server_core.middleware import M, Middleware

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

    def use(self, middleware: M) -> M:
        """Run `middleware(socket, next)` once for each connection, before it is accepted."""
        self.middlewares.append(middleware)
        return middleware

    @overload
    def on(self, event: str) -> Decorator: ...
    @overload
    def on(self, event: str, handler: H) -> H: ...
    def on(self, event: str, handler: Any = None) -> Any:
        """Add a handler for `connection`, called with each new socket."""
        if event not in ("connection", "connect"):
            raise ValueError(f'a namespace has the event "connection", not "{event}": use socket.on("{event}")')
        return self.listeners.on("connection", handler)

    def to(self, rooms: Rooms) -> BroadcastOperator:
        return BroadcastOperator(self).to(rooms)

    in_ = to

    def except_(self, rooms: Rooms) -> BroadcastOperator:
        return BroadcastOperator(self).except_(rooms)

    def timeout(self, seconds: float) -> BroadcastOperator:
        return BroadcastOperator(self).timeout(seconds)

    async def emit(self, event: str, *args: Any) -> None:
        """Emit to every socket of the namespace."""
        await BroadcastOperator(self).emit(event, *args)

    def members(self, rooms: Iterable[str] | None) -> Iterator[Socket]:
        """The connected sockets in any of the rooms, each once; all of the namespace's for None."""
        for sid, _ in self.server.manager.get_participants(self.name, rooms):
            if socket := self.sockets.get(sid):
                yield socket
