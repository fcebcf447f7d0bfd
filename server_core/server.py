"""The Socket.IO server with Socket instances, on `socketio.AsyncServer`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from typing import Any, overload

import socketio
from engineio import packet as eio_packet
from engineio.packet import Packet
from socketio import exceptions
from socketio import packet as sio_packet

from server_core import engine_socket, middleware
from server_core.broadcast import RESERVED_EVENTS, BroadcastOperator, Rooms
from server_core.engine import EngineServer
from server_core.errors import SocketError, app_frames
from server_core.handshake import Handshake, session_attributes
from server_core.listeners import Decorator, H, Listener
from server_core.manager import Manager
from server_core.middleware import M
from server_core.namespace import DynamicNamespace, Match, Namespace
from server_core.socket import CLIENT_DISCONNECT, Socket

logger = logging.getLogger("server_core")

#: Binary parts of one packet.
MAX_ATTACHMENTS = 10


class Server(socketio.AsyncServer):
    """A Socket.IO server: `io.use`, `io.on("connection")`, `io.of(...)`, `io.to(...)`, and all of `AsyncServer`.

    `connect_timeout`: seconds within which a client must have joined a namespace, and within which a middleware must
    have called `next`.
    """

    eio: EngineServer
    manager: Manager

    def __init__(
        self,
        client_manager: Manager | None = None,
        *,
        async_mode: str = "asgi",
        connect_timeout: float = 45.0,
        **options: Any,
    ) -> None:
        self.connect_timeout = connect_timeout
        self._namespaces: dict[str, Namespace] = {}
        self._dynamic: list[DynamicNamespace] = []
        #: Sockets of each Engine.IO connection by namespace, those still in a middleware included.
        self._connections: dict[str, dict[str, Socket]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._app: socketio.ASGIApp | None = None
        super().__init__(client_manager=client_manager or Manager(), async_mode=async_mode, **options)
        self.of("/")

    @property
    def app(self) -> socketio.ASGIApp:
        """The ASGI app that serves this server alone."""
        if self._app is None:
            self._app = socketio.ASGIApp(self)
        return self._app

    # the default namespace's methods

    @overload
    def of(self, name: str) -> Namespace: ...
    @overload
    def of(self, name: Match) -> DynamicNamespace: ...
    def of(self, name: str | Match) -> Namespace:
        """The namespace of this name, made when there is none.

        With a pattern or a function there is one for each name that it takes: a function gets `(name, auth)`, and says
        whether a client may join.
        """
        if not isinstance(name, str):
            dynamic = DynamicNamespace(self, name)
            self._dynamic.append(dynamic)
            return dynamic
        name = name if name.startswith("/") else f"/{name}"
        if name not in self._namespaces:
            self._namespaces[name] = Namespace(self, name)
        return self._namespaces[name]

    def use(self, middleware: M) -> M:
        """Run `middleware(socket, next)` once for each connection to `/`, before it is accepted."""
        return self.of("/").use(middleware)

    @overload
    def on(self, event: str, handler: None = None, namespace: str | None = None) -> Decorator: ...
    @overload
    def on(self, event: str, handler: H, namespace: str | None = None) -> H: ...
    def on(self, event: str, handler: Any = None, namespace: str | None = None) -> Any:
        """`on("connection")` gets each new Socket; any other event is python-socketio's, with `(sid, *args)`."""
        if event == "connection":
            return self.of(namespace or "/").on(event, handler)
        return super().on(event, handler, namespace)

    def to(self, rooms: Rooms) -> BroadcastOperator:
        return self.of("/").to(rooms)

    in_ = to

    def except_(self, rooms: Rooms) -> BroadcastOperator:
        return self.of("/").except_(rooms)

    def timeout(self, seconds: float) -> BroadcastOperator:
        return self.of("/").timeout(seconds)

    async def fetch_sockets(self) -> list[Socket]:
        """All connected sockets of `/`."""
        return await self.of("/").fetch_sockets()

    async def sockets_join(self, rooms: Rooms) -> None:
        await self.of("/").sockets_join(rooms)

    async def sockets_leave(self, rooms: Rooms) -> None:
        await self.of("/").sockets_leave(rooms)

    async def disconnect_sockets(self, close: bool = False) -> None:
        await self.of("/").disconnect_sockets(close)

    @property
    def local(self) -> BroadcastOperator:
        return self.of("/").local

    @property
    def volatile(self) -> BroadcastOperator:
        return self.of("/").volatile

    @property
    def namespaces_in_use(self) -> dict[str, Namespace]:
        return self._namespaces

    def sockets_of(self, engine_id: str) -> list[Socket]:
        """The sockets that one connection has, those still in a middleware included."""
        return list(self._connections.get(engine_id, {}).values())

    # AsyncServer's own methods, on sockets

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:
        if socket := self.of(namespace or "/").sockets.get(sid):
            await socket.disconnect()

    async def save_session(self, sid: str, session: dict[str, Any], namespace: str | None = None) -> None:
        await super().save_session(sid, session, namespace)
        if self.eio.tap:
            self._note_session(sid, namespace or "/", session)

    def _note_session(self, sid: str, namespace: str, session: dict[str, Any]) -> None:
        socket = self.of(namespace).sockets.get(sid) or self._connecting_socket(sid)
        attributes = session_attributes(session)
        if self.eio.tap:
            self.eio.tap.attributes_are(sid, namespace, attributes | (socket.described if socket else {}))

    def _connecting_socket(self, sid: str) -> Socket | None:
        """A socket that is still in its connect handler."""
        every = (socket for sockets in self._connections.values() for socket in sockets.values())
        return next((socket for socket in every if socket.id == sid), None)

    async def shutdown(self) -> None:
        """Disconnect every client with the reason `server shutting down`."""
        await self.eio.shutdown()

    # packets in

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        self._connections[eio_sid] = {}
        asyncio.get_running_loop().call_later(self.connect_timeout, self._check_joined, eio_sid)

    def _check_joined(self, eio_sid: str) -> None:
        if self._connections.get(eio_sid) == {}:
            self.spawn(self._close(eio_sid, engine_socket.FORCED_SERVER_CLOSE))

    async def _handle_eio_message(self, eio_sid: str, data: str | bytes) -> None:
        try:
            if isinstance(data, str) and eio_sid in self._binary_packet:
                raise ValueError("text in the middle of attachments")
            if isinstance(data, bytes) and self.packet_class.uses_binary_events and eio_sid not in self._binary_packet:
                raise ValueError("an attachment of no packet")
            await super()._handle_eio_message(eio_sid, data)
            if (partial := self._binary_packet.get(eio_sid)) and partial.attachment_count > MAX_ATTACHMENTS:
                raise ValueError("too many attachments")
        except Exception as error:  # noqa: BLE001  python-socketio's decoder raises whatever its parts raise
            logger.debug("undecodable packet from %s: %r", eio_sid, error)
            await self._close(eio_sid, engine_socket.FORCED_CLOSE)

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        name = namespace or "/"
        if name not in self._namespaces and self._is_pythons_own(name):
            self.of(name)
        nsp = self._namespaces.get(name) or await self._make_dynamic(name, data)
        if nsp is None:
            self.put_packet(
                eio_sid, self.packet_class(sio_packet.CONNECT_ERROR, {"message": "Invalid namespace"}, namespace=name)
            )
            return
        if data is not None and not isinstance(data, dict):
            raise ValueError("auth is not an object")
        if name in self._connections[eio_sid]:
            raise ValueError("CONNECT twice")
        sid = await self.manager.pre_connect(eio_sid, name)
        if sid is None:
            raise ValueError("CONNECT twice")
        socket = Socket(sid, nsp, self.eio.sockets[eio_sid], Handshake(self.environ[eio_sid], data))
        self._connections[eio_sid][name] = socket
        if self.eio.tap:
            self.eio.tap.connecting(sid, name, eio_sid, socket.handshake.to_record())
        self.spawn(self._admit(socket))

    async def _make_dynamic(self, name: str, auth: Any) -> Namespace | None:
        """A namespace of this name, when one of the dynamic ones takes it."""
        for dynamic in self._dynamic:
            if await dynamic.takes(name, auth if isinstance(auth, dict) else {}):
                return dynamic.child(name)
        return None

    async def _admit(self, socket: Socket) -> None:
        """Run the connection middlewares, then accept or refuse."""
        outcome = await middleware.run(socket.nsp.middlewares, socket, patience=self.connect_timeout)
        if outcome.passed:
            outcome = await self._run_legacy_connect(socket)
        if socket.gone:
            return
        if not outcome.passed:
            await self._refuse(socket, outcome)
            return
        await self.manager.connect(socket.id, socket.nsp.name)
        socket.nsp.sockets[socket.id] = socket
        socket.accept()
        for listener in socket.nsp.listeners.take("connection"):
            self.spawn(self._call_connection(listener, socket))

    async def _call_connection(self, listener: Listener, socket: Socket) -> None:
        try:
            await listener.call(socket)
        except Exception as error:  # noqa: BLE001  the app's handler
            self.app_raised("on 'connection'", error, socket)

    async def _refuse(self, socket: Socket, outcome: middleware.Outcome) -> None:
        """Send CONNECT_ERROR and forget the socket; an unexpected exception tells the client nothing of itself."""
        eio_sid, name, error = socket.conn.id, socket.nsp.name, outcome.error
        answer: dict[str, Any]
        if error is None:
            answer = {"message": "connection timed out"}
        elif isinstance(error, exceptions.ConnectionRefusedError):
            answer = error.error_args
        elif isinstance(error, SocketError) or not outcome.raised:
            data = getattr(error, "data", None)
            answer = {"message": str(error)} | ({} if data is None else {"data": data})
        else:
            self.app_raised(f"middleware {outcome.by}", error, socket)
            answer = {"message": "internal server error"}
        if self.eio.tap:
            self.eio.tap.refusing(eio_sid, name, outcome.by)
        self.put_packet(eio_sid, self.packet_class(sio_packet.CONNECT_ERROR, answer, namespace=name))
        self.forget(socket, "refused", refused=True)
        if error is None:
            await self._close(eio_sid, engine_socket.FORCED_SERVER_CLOSE)

    async def _handle_event(self, eio_sid: str, namespace: str | None, id: int | None, data: Any) -> None:
        if not isinstance(data, list) or not data or not isinstance(data[0], str) or data[0] in RESERVED_EVENTS:
            raise ValueError("not an event")
        socket = self._connections.get(eio_sid, {}).get(namespace or "/")
        if socket is None:
            raise ValueError("event before CONNECT")
        if socket.connected:
            self.spawn(socket.dispatch(data, id, self._pythons_handler(data[0], socket)))

    async def _handle_disconnect(self, eio_sid: str, namespace: str | None, reason: str | None = None) -> None:
        if socket := self._connections.get(eio_sid, {}).get(namespace or "/"):
            await socket.leave_for(CLIENT_DISCONNECT)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        for socket in self.sockets_of(eio_sid):
            await socket.leave_for(reason)
        self._connections.pop(eio_sid, None)
        self._binary_packet.pop(eio_sid, None)
        self.environ.pop(eio_sid, None)

    async def _close(self, eio_sid: str, reason: str) -> None:
        if connection := self.eio.sockets.get(eio_sid):
            await connection.close(wait=False, reason=reason)

    # packets out

    def put_packet(self, eio_sid: str, pkt: Any) -> None:
        """Queue a Socket.IO packet for one connection."""
        connection = self.eio.sockets.get(eio_sid)
        if connection is None:
            return
        encoded = pkt.encode()
        parts = encoded if isinstance(encoded, list) else [encoded]
        if self.eio.tap:
            self.eio.tap.packet_sent(eio_sid, parts)
        for part in parts:
            connection.put(Packet(eio_packet.MESSAGE, part))

    async def _send_packet(self, eio_sid: str, pkt: Any) -> None:
        self.put_packet(eio_sid, pkt)

    # what sockets and managers call

    def forget(self, socket: Socket, reason: str, *, refused: bool = False) -> None:
        """Take a socket out of its rooms, its namespace and its connection."""
        name, eio_sid = socket.nsp.name, socket.conn.id
        rooms = frozenset(self.manager.get_rooms(socket.id, name))
        self.manager.basic_disconnect(socket.id, name)
        socket.nsp.sockets.pop(socket.id, None)
        socket.nsp.eavesdropped.discard(socket.id)
        self._connections.get(eio_sid, {}).pop(name, None)
        if self.eio.tap and not refused:
            self.eio.tap.disconnected(socket.id, name, reason, rooms)

    def note_outgoing(self, namespace: str, recipients: list[tuple[str, str]], packet: list[Any]) -> None:
        """Tell the handlers of outgoing events of those whom a broadcast reaches."""
        nsp = self._namespaces.get(namespace)
        if nsp is None or not nsp.eavesdropped:
            return
        for sid, _ in recipients:
            if sid in nsp.eavesdropped and (socket := nsp.sockets.get(sid)):
                socket.note_outgoing(packet)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine beside the read loop, kept until it is done."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def app_raised(self, where: str, error: BaseException, socket: Socket) -> None:
        """Log what the app raised, and note it."""
        logger.error("%s raised, for socket %s", where, socket.id, exc_info=(type(error), error, app_frames(error)))
        if self.eio.tap:
            self.eio.tap.exception(where, error, socket.id, socket.nsp.name)

    # python-socketio's own way of handling events

    def _is_pythons_own(self, name: str) -> bool:
        known = name in self.handlers or name in self.namespace_handlers
        return known or self.namespaces == "*" or name in self.namespaces

    def _pythons_handler(self, event: str, socket: Socket) -> Listener | None:
        name = socket.nsp.name
        handler, _ = self._get_event_handler(event, name, ())
        if handler is None:
            handler, _ = self._get_namespace_handler(name, ())
            if handler is None:
                return None
        return Listener(self._pythons_call(event, name), once=False)

    def _pythons_call(self, event: str, name: str) -> Any:
        async def call(*args: Any) -> Any:
            result = await self._trigger_event(event, name, *args)
            return NotImplemented if result is self.not_handled else result

        return call

    async def _run_legacy_connect(self, socket: Socket) -> middleware.Outcome:
        """Python-socketio's `connect` handler, which refuses by returning False or raising."""
        name = socket.nsp.name
        environ = self.environ.get(socket.conn.id)
        if environ is None or self._pythons_handler("connect", socket) is None:
            return middleware.Outcome(True)
        auth = socket.handshake.auth or None
        try:
            try:
                result = await self._trigger_event("connect", name, socket.id, environ, auth)
            except TypeError:
                if auth is not None:
                    raise
                result = await self._trigger_event("connect", name, socket.id, environ)
        except Exception as error:  # noqa: BLE001  whatever the app raises refuses
            return middleware.Outcome(False, error, "connect", raised=True)
        refused = exceptions.ConnectionRefusedError() if result is False else None
        return middleware.Outcome(refused is None, refused, "connect")

    async def trigger_legacy_disconnect(self, socket: Socket, reason: str) -> None:
        """Python-socketio's `disconnect` handler."""
        try:
            await self._trigger_event("disconnect", socket.nsp.name, socket.id, reason)
        except Exception as error:  # noqa: BLE001  the app's handler
            self.app_raised("on 'disconnect'", error, socket)

    def engines(self) -> Iterator[engine_socket.EngineSocket]:
        """The live Engine.IO connections."""
        return iter(list(self.eio.sockets.values()))
