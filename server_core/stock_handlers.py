"""Handlers in python-socketio's own way, `(sid, *args)`, run for a `Server`'s sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socketio import exceptions

from server_core.listeners import Listener
from server_core.middleware import Outcome

if TYPE_CHECKING:
    from server_core.server import Server
    from server_core.socket import Socket


class StockHandlers:
    """What `io.on(name)`, `io.event` and class-based namespaces registered."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def know(self, namespace: str) -> bool:
        """Whether the app uses this namespace in python-socketio's way."""
        server = self._server
        known = namespace in server.handlers or namespace in server.namespace_handlers
        return known or server.namespaces == "*" or namespace in server.namespaces

    def listener(self, event: str, socket: Socket) -> Listener | None:
        """The handler of an event, if there is one; its first argument is the socket's id."""
        server, name = self._server, socket.nsp.name
        handler, _ = server._get_event_handler(event, name, ())
        if handler is None:
            handler, _ = server._get_namespace_handler(name, ())
            if handler is None:
                return None

        async def call(*args: Any) -> Any:
            result = await server._trigger_event(event, name, *args)
            return NotImplemented if result is server.not_handled else result

        return Listener(call, once=False)

    async def connect(self, socket: Socket) -> Outcome:
        """Run the `connect` handler, which refuses by returning False or raising."""
        server, name = self._server, socket.nsp.name
        environ = server.environ.get(socket.conn.id)
        if environ is None or self.listener("connect", socket) is None:
            return Outcome(True)
        auth = socket.handshake.auth or None
        try:
            try:
                result = await server._trigger_event("connect", name, socket.id, environ, auth)
            except TypeError:
                if auth is not None:
                    raise
                result = await server._trigger_event("connect", name, socket.id, environ)
        except Exception as error:  # noqa: BLE001  whatever the app raises refuses
            return Outcome(False, error, "connect", raised=True)
        refused = exceptions.ConnectionRefusedError() if result is False else None
        return Outcome(refused is None, refused, "connect")

    async def disconnect(self, socket: Socket, reason: str) -> None:
        """Run the `disconnect` handler."""
        try:
            await self._server._trigger_event("disconnect", socket.nsp.name, socket.id, reason)
        except Exception as error:  # noqa: BLE001  the app's handler
            self._server.app_raised("on 'disconnect'", error, socket)
