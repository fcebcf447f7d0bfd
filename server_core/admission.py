"""How a client joins a namespace: CONNECT, the middlewares, and acceptance or refusal."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from socketio import exceptions
from socketio import packet as sio_packet

from server_core import middleware
from server_core.errors import SocketError
from server_core.handshake import Handshake, session_attributes
from server_core.listeners import Listener
from server_core.namespace import Namespace
from server_core.reasons import FORCED_SERVER_CLOSE
from server_core.recovery import Session
from server_core.socket import DISCONNECTING_PATIENCE, Socket

if TYPE_CHECKING:
    from server_core.server import Server

INTERNAL_ERROR = {"message": "internal server error"}


class Admission:
    """Takes CONNECT packets for a server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        #: Middlewares that have answered and go on.
        self._going_on: set[asyncio.Future[Any] | None] = set()

    async def connect(self, eio_sid: str, name: str, auth: Any) -> None:
        """Begin to admit a client to a namespace; ValueError for what no client of the protocol does."""
        server = self._server
        nsp = await self._namespace(name, auth)
        if nsp is None:
            self._send_refusal(eio_sid, name, {"message": "Invalid namespace"})
            return
        if auth is not None and not isinstance(auth, dict):
            raise ValueError("auth is not an object")
        if name in server.connections[eio_sid]:
            raise ValueError("CONNECT twice")
        pid, session = "", None
        missed: list[list[str | bytes]] = []
        if recovery := server.recovery and server.recovery.of(name):
            session, missed = recovery.restore(name, auth or {})
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

    async def _namespace(self, name: str, auth: Any) -> Namespace | None:
        """The namespace of this name: there already, used in python-socketio's way, or taken by a dynamic one."""
        server = self._server
        if name not in server.namespaces_in_use and server.stock_handlers.know(name):
            server.of(name)
        if name in server.namespaces_in_use:
            return server.namespaces_in_use[name]
        for dynamic in server.dynamic_namespaces:
            if await dynamic.takes(name, auth if isinstance(auth, dict) else {}):
                # another client may have made it meanwhile
                return server.namespaces_in_use.get(name) or server.make_namespace(name, dynamic)
        return None

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
        outcome = middleware.PASSED
        await self._let_leave(socket)
        if socket.gone:
            return
        if not (socket.recovered and recovery and recovery.options.skip_middlewares):
            outcome = await self._ask(socket)
        if outcome.passed and not server.always_connect:
            outcome = await server.stock_handlers.connect(socket)
        if socket.gone:
            return
        if not outcome.passed:
            await self._refuse(socket, outcome)
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

    async def _ask(self, socket: Socket) -> middleware.Outcome:
        """Run the connection middlewares."""
        server, asked = self._server, list(socket.nsp.middlewares)
        if not asked:
            return middleware.PASSED
        asking = middleware.Asking(
            lambda by, error: server.app_raised(f"middleware {by}", error, socket),
            self._going_on,
            patience=server.connect_timeout,
        )
        return await asking.run(asked, socket)

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

    async def _refuse(self, socket: Socket, outcome: middleware.Outcome) -> None:
        """Send CONNECT_ERROR and forget the socket."""
        server, eio_sid, name = self._server, socket.conn.id, socket.nsp.name
        if server.eio.tap:
            server.eio.tap.refusing(eio_sid, name, outcome.by)
        try:
            self._send_refusal(eio_sid, name, self._answer(socket, outcome))
        except Exception as error:  # noqa: BLE001  what the app refused with: no JSON, or without a text
            server.app_raised(f"refusal by {outcome.by}", error, socket)
            self._send_refusal(eio_sid, name, INTERNAL_ERROR)
        server.forget(socket, "refused", refused=True)
        if outcome.error is None:
            await server.close_connection(eio_sid, FORCED_SERVER_CLOSE)

    def _answer(self, socket: Socket, outcome: middleware.Outcome) -> dict[str, Any]:
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
        self._server.app_raised(f"middleware {outcome.by}", error, socket)
        return INTERNAL_ERROR

    def _send_refusal(self, eio_sid: str, name: str, answer: dict[str, Any]) -> None:
        server = self._server
        server.put_packet(eio_sid, server.packet_class(sio_packet.CONNECT_ERROR, answer, namespace=name))
