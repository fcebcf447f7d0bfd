"""Handlers in python-socketio's own way, `(sid, *args)`, run for a `Server`'s sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import engineio
from socketio import exceptions

from server_core import reasons
from server_core.listeners import Listener
from server_core.middleware import Outcome

if TYPE_CHECKING:
    from server_core.server import Server
    from server_core.socket import Socket


_STOCK = engineio.AsyncServer.reason
#: python-socketio knows five reasons, as `AsyncServer.reason`.
_STOCK_REASONS = {
    reasons.SERVER_DISCONNECT: _STOCK.SERVER_DISCONNECT,
    reasons.CLIENT_DISCONNECT: _STOCK.CLIENT_DISCONNECT,
    reasons.SERVER_SHUTTING_DOWN: _STOCK.SERVER_DISCONNECT,
    reasons.PING_TIMEOUT: _STOCK.PING_TIMEOUT,
    reasons.TRANSPORT_CLOSE: _STOCK.TRANSPORT_CLOSE,
    reasons.TRANSPORT_ERROR: _STOCK.TRANSPORT_ERROR,
    reasons.PARSE_ERROR: _STOCK.TRANSPORT_ERROR,
    reasons.FORCED_CLOSE: _STOCK.TRANSPORT_ERROR,
    reasons.FORCED_SERVER_CLOSE: _STOCK.SERVER_DISCONNECT,
}


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
        if not server.handlers and not server.namespace_handlers:
            return None
        handler, _ = server._get_event_handler(event, name, ())
        if handler is None:
            handler, _ = server._get_namespace_handler(name, ())
            if handler is None:
                return None

        async def call(*args: Any) -> Any:
            result = await server._trigger_event(event, name, *args)
            return NotImplemented if result is server.not_handled else result

        return Listener(call, once=False, accepts_any=True)

    async def connect(self, socket: Socket) -> Outcome:
        """Run the `connect` handler, which refuses by returning False or raising."""
        server, name = self._server, socket.nsp.name
        environ = server.environ.get(socket.conn.id)
        if environ is None or self.listener("connect", socket) is None:
            return Outcome(True)
        auth = socket.handshake.auth or None
        if not socket.connected:
            server.manager.hold(socket.id, name)
        try:
            try:
                result = await server._trigger_event("connect", name, socket.id, environ, auth)
            except TypeError as first:
                if auth is not None:
                    raise
                try:
                    result = await server._trigger_event("connect", name, socket.id, environ)
                except TypeError:
                    raise first from None
        except ConnectionRefusedError:
            return Outcome(False, exceptions.ConnectionRefusedError("Connection refused by server"), "connect")
        except Exception as error:  # noqa: BLE001  whatever the app raises refuses
            return Outcome(False, error, "connect", raised=True)
        refused = exceptions.ConnectionRefusedError() if result is False else None
        return Outcome(refused is None, refused, "connect")

    async def disconnect(self, socket: Socket, reason: str) -> None:
        """Run the `disconnect` handler, which gets the reason in python-socketio's words."""
        try:
            await self._server._trigger_event("disconnect", socket.nsp.name, socket.id, _STOCK_REASONS[reason])
        except Exception as error:  # noqa: BLE001  the app's handler
            self._server.app_raised("on 'disconnect'", error, socket)
