"""How a client joins a namespace: CONNECT, the middlewares, and acceptance or refusal."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from typing import TYPE_CHECKING, Any

from socketio import exceptions
from socketio import packet as sio_packet

from server_core import middleware
from server_core.dynamic import DynamicNames
from server_core.errors import SocketError
from server_core.handshake import Handshake, session_attributes
from server_core.listeners import Listener
from server_core.namespace import DynamicNamespace, Namespace
from server_core.reasons import FORCED_SERVER_CLOSE
from server_core.recovery import Session
from server_core.socket import DISCONNECTING_PATIENCE, Socket

if TYPE_CHECKING:
    from server_core.server import Server

INVALID_NAMESPACE = {"message": "Invalid namespace"}
INTERNAL_ERROR = {"message": "internal server error"}


class Admission:
    """Takes CONNECT packets for a server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.dynamic = DynamicNames(server)
        #: Middlewares that have answered and go on.
        self._going_on: set[asyncio.Future[Any] | None] = set()

    async def connect(self, eio_sid: str, name: str, auth: Any) -> None:
        """Begin to admit a client to a namespace; ValueError for what no client of the protocol does."""
        if auth is not None and not isinstance(auth, dict):
            raise ValueError("auth is not an object")
        if self.dynamic.asking(eio_sid, name):
            raise ValueError("CONNECT twice")
        server, nsp = self._server, self._namespace(name)
        if nsp is None and (dynamic := self.dynamic.first(name)):
            if dynamic.asks:
                self.dynamic.ask(eio_sid, name, auth or {}, functools.partial(self._asked, eio_sid, name, auth))
                return
            nsp = server.make_namespace(name, dynamic)
        if nsp is None:
            self._send_refusal(eio_sid, name, INVALID_NAMESPACE)
            return
        await self._join(eio_sid, nsp, auth)

    def _namespace(self, name: str) -> Namespace | None:
        """The namespace of this name: there already, or used in python-socketio's way."""
        server = self._server
        if name not in server.namespaces_in_use and server.stock_handlers.know(name):
            server.of(name)
        return server.namespaces_in_use.get(name)

    async def _asked(
        self,
        eio_sid: str,
        name: str,
        auth: dict[str, Any] | None,
        dynamic: DynamicNamespace | None,
        outcome: middleware.Outcome,
    ) -> None:
        """Go on once the functions of dynamic namespaces have answered."""
        server = self._server
        if not outcome.passed:
            await self._refuse(eio_sid, name, outcome, self.dynamic.raised(name))
            return
        if dynamic is None:
            self._send_refusal(eio_sid, name, INVALID_NAMESPACE)
            return
        try:  # another client may have made it meanwhile
            nsp = self._namespace(name) or server.make_namespace(name, dynamic)
        except Exception as error:  # noqa: BLE001  the app's handler
            server.app_raised("on 'new_namespace'", error, name)
            self._send_refusal(eio_sid, name, INTERNAL_ERROR)
            return
        await self._join(eio_sid, nsp, auth)

    async def _join(self, eio_sid: str, nsp: Namespace, auth: dict[str, Any] | None) -> None:
        """Make the socket, and begin to admit it."""
        server, name = self._server, nsp.name
        if name in server.connections[eio_sid]:
            raise ValueError("CONNECT twice")
        pid, session = "", None
        missed: list[list[str | bytes]] = []
        if recovery := server.recovery and server.recovery.of(name):
            session, missed = recovery.restore(name, auth or {})
            if session and (former := nsp.sockets.get(session.sid)):  # whose handlers have not ended
                server.forget(former, session.reason, succeeded=True)
            pid = session.pid if session else recovery.new_pid()
        sid = await server.manager.pre_connect(eio_sid, name, session.sid if session else None)
        if sid is None:
            raise ValueError("CONNECT twice")
        handshake = Handshake(server.environ[eio_sid], auth)
        socket = Socket(sid, nsp, server.eio.sockets[eio_sid], handshake, pid, session)
        server.connections[eio_sid][name] = socket
        if server.eio.tap:
            server.eio.tap.connecting(sid, name, eio_sid, handshake.to_record(), socket.recovered)
        if session:
            await self._restore(socket, session)
        server.spawn(self._admit(socket, missed))

    async def _restore(self, socket: Socket, session: Session) -> None:
        """Give a socket that came back what it had; what is emitted to it from now on is kept until it is accepted."""
        server, name = self._server, socket.nsp.name
        if session.saved is not None:
            socket.conn.session[name] = session.saved
        await socket.join(session.rooms - {socket.id})
        server.manager.hold(socket.id, name)
        if server.eio.tap:
            saved = session_attributes(session.saved or {})
            server.eio.tap.attributes_are(socket.id, name, saved | socket.described)

    async def _admit(self, socket: Socket, missed: list[list[str | bytes]]) -> None:
        """Run the connection middlewares, then accept or refuse.

        python-socketio's `connect` handler is run for a socket that came back, too: its `disconnect` handler was.
        """
        server, recovery = self._server, self._server.recovery

        def raised(by: str, error: BaseException) -> None:
            server.app_raised(f"middleware {by}", error, socket)

        outcome = middleware.PASSED
        await self._let_leave(socket)
        if socket.gone:
            return
        if not (socket.recovered and recovery and recovery.options.skip_middlewares):
            asking = middleware.Asking(raised, self._going_on, server.connect_timeout)
            outcome = await asking.run(socket.nsp.middlewares, socket)
        if outcome.passed and not server.always_connect:
            outcome = await server.stock_handlers.connect(socket)
        if socket.gone:
            return
        if not outcome.passed:
            await self._refuse(socket.conn.id, socket.nsp.name, outcome, raised, socket)
            return
        await server.manager.connect(socket.id, socket.nsp.name)
        socket.nsp.sockets[socket.id] = socket
        server.joined(socket.conn.id)
        socket.accept()
        for parts in missed:
            socket.put_missed(parts)
        server.manager.release(socket.id, socket.nsp.name)
        if server.always_connect and not await self._keep(socket):
            return
        for listener in socket.nsp.listeners.take("connection"):
            server.spawn(self._call_connection(listener, socket))

    async def _let_leave(self, socket: Socket) -> None:
        """Let who had its place end before, as long as handlers may take: `disconnect` comes before `connection`."""
        before = [each for each in self._server.leaving(socket.conn.id) if each.nsp is socket.nsp]
        if not before:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DISCONNECTING_PATIENCE):
                for each in before:
                    await each.left()

    async def _keep(self, socket: Socket) -> bool:
        """Run python-socketio's `connect` handler after the acceptance; a refusal disconnects."""
        outcome = await self._server.stock_handlers.connect(socket)
        if outcome.passed:
            return True
        if outcome.error is not None and not isinstance(outcome.error, exceptions.ConnectionRefusedError):
            self._server.app_raised("on 'connect'", outcome.error, socket)
        await socket.disconnect()
        return False

    async def _call_connection(self, listener: Listener, socket: Socket) -> None:
        try:
            await listener.call(socket)
        except Exception as error:  # noqa: BLE001  the app's handler
            self._server.app_raised("on 'connection'", error, socket)

    async def _refuse(
        self,
        eio_sid: str,
        name: str,
        outcome: middleware.Outcome,
        raised: middleware.Raised,
        socket: Socket | None = None,
    ) -> None:
        """Send CONNECT_ERROR and forget the socket, if there is one yet."""
        server = self._server
        if server.eio.tap:
            server.eio.tap.refusing(eio_sid, name, outcome.by)
        try:
            self._send_refusal(eio_sid, name, _answer(outcome, raised))
        except Exception as error:  # noqa: BLE001  what the app refused with: no JSON, or without a text
            raised(f"{outcome.by}'s refusal", error)
            self._send_refusal(eio_sid, name, INTERNAL_ERROR)
        if socket:
            server.forget(socket, "refused", refused=True)
        if outcome.error is None:
            await server.close_connection(eio_sid, FORCED_SERVER_CLOSE)

    def _send_refusal(self, eio_sid: str, name: str, answer: dict[str, Any]) -> None:
        server = self._server
        server.put_packet(eio_sid, server.packet_class(sio_packet.CONNECT_ERROR, answer, namespace=name))


def _answer(outcome: middleware.Outcome, raised: middleware.Raised) -> dict[str, Any]:
    """What a client that is refused is told; an unexpected exception tells it nothing of itself."""
    error = outcome.error
    if error is None:
        return {"message": "connection timed out"}
    if isinstance(error, exceptions.ConnectionRefusedError):
        answer: dict[str, Any] = error.error_args
        return answer
    if isinstance(error, SocketError) or not outcome.raised:
        data = getattr(error, "data", None)
        return {"message": str(error)} | ({} if data is None else {"data": data})
    raised(outcome.by, error)
    return INTERNAL_ERROR
