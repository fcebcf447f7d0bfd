"""The Socket.IO server with Socket instances, on `socketio.AsyncServer`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator, Mapping
from typing import Any, overload

import msgspec
import socketio

from server_core import engine_socket, json_text
from server_core.admission import Admission
from server_core.broadcast import BroadcastOperator, Rooms, check_event
from server_core.cluster import adopt
from server_core.engine import EngineServer
from server_core.errors import app_frames
from server_core.handshake import session_attributes
from server_core.listeners import Decorator, H, Listeners
from server_core.manager import Manager
from server_core.middleware import M
from server_core.namespace import DynamicNamespace, Match, Namespace
from server_core.packets import RESERVED_EVENTS, check_placeholders
from server_core.reasons import CLIENT_DISCONNECT, FORCED_CLOSE, FORCED_SERVER_CLOSE
from server_core.recovery import Recovery, RecoveryOptions
from server_core.remote import RemoteSocket
from server_core.socket import Socket
from server_core.stock_handlers import StockHandlers

logger = logging.getLogger("server_core")

#: Digits of an ack's id, past which python-socketio has to say what it is.
MAX_ID_DIGITS = 16
#: Binary parts of one packet.
MAX_ATTACHMENTS = 10
#: Events of one socket whose handlers have not ended; a client that goes on is cut off. Nothing else could be done:
#: acks and pings, which its handlers may wait for, come on the same connection.
MAX_RUNNING = 10_000


class Server(socketio.AsyncServer):
    """A Socket.IO server: `io.use`, `io.on("connection")`, `io.of(...)`, `io.to(...)`, and all of `AsyncServer`.

    `connect_timeout`: seconds within which a client must have joined a namespace, and within which a middleware must
    have called `next`, and the function of a dynamic namespace have answered.

    `cleanup_empty_child_namespaces`: whether a dynamic namespace's child goes with its last socket.

    `max_queued_bytes`: what may wait for one client that does not read (64 MiB unless said otherwise); past it the
    connection is closed, with the reason `transport error`.

    `async_handlers`: with False the handlers of an event begin when those of the one before on the same connection have
    ended. Nothing else waits for them: neither acks, nor pings, nor middlewares.

    `connection_state_recovery`: off by default; `{}`, or the `RecoveryOptions` that differ, turns it on.
    """

    eio: EngineServer
    manager: Manager

    def __init__(
        self,
        client_manager: socketio.AsyncManager | None = None,
        *,
        async_mode: str = "asgi",
        connect_timeout: float = 45.0,
        connection_state_recovery: Mapping[str, Any] | None = None,
        cleanup_empty_child_namespaces: bool = False,
        max_queued_bytes: int | None = None,
        **options: Any,
    ) -> None:
        self.connect_timeout = connect_timeout
        self._tidies = cleanup_empty_child_namespaces
        self._namespaces: dict[str, Namespace] = {}
        self._listeners = Listeners()
        self.dynamic_namespaces: list[DynamicNamespace] = []
        #: Sockets of each Engine.IO connection by namespace, those still in a middleware included.
        self.connections: dict[str, dict[str, Socket]] = {}
        #: Sockets of each Engine.IO connection that are on their way out; others may have their places already.
        self._leaving: dict[str, list[Socket]] = {}
        self._join_timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._admission = Admission(self)
        #: The handlers that the app registered in python-socketio's own way.
        self.stock_handlers = StockHandlers(self)
        #: What a client that was cut off needs to come back; None where that is off.
        self.recovery = (
            None
            if connection_state_recovery is None
            else Recovery(msgspec.convert(connection_state_recovery, RecoveryOptions))
        )
        self._app: socketio.ASGIApp | None = None
        super().__init__(client_manager=adopt(client_manager), async_mode=async_mode, **options)
        self.eio.take = self._take
        if max_queued_bytes:
            self.eio.max_queued_bytes = max_queued_bytes
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
            self.dynamic_namespaces.append(dynamic)
            return dynamic
        name = name if name.startswith("/") else f"/{name}"
        if name in self._namespaces:
            return self._namespaces[name]
        return self.make_namespace(name, next((each for each in self.dynamic_namespaces if each.matches(name)), None))

    def make_namespace(self, name: str, parent: DynamicNamespace | None) -> Namespace:
        """A namespace that there was not, and the event `new_namespace` that tells of it."""
        nsp = self._namespaces[name] = Namespace(self, name)
        if parent:
            parent.adopt(nsp)
        for listener in self._listeners.take("new_namespace") if name != "/" else ():
            result = listener.handler(nsp)
            if asyncio.iscoroutine(result):
                self.spawn(result)
        return nsp

    def use(self, middleware: M) -> M:
        """Run `middleware(socket, next)` once for each connection to `/`, before it is accepted."""
        return self.of("/").use(middleware)

    @overload
    def on(self, event: str, handler: None = None, namespace: str | None = None) -> Decorator: ...
    @overload
    def on(self, event: str, handler: H, namespace: str | None = None) -> H: ...
    def on(self, event: str, handler: Any = None, namespace: str | None = None) -> Any:
        """`on("connection")` gets each new Socket, `on("new_namespace")` each new Namespace; any other event is
        python-socketio's, with `(sid, *args)`."""
        if event == "new_namespace":
            return self._listeners.on(event, handler)
        if event == "connection":
            return self.of(namespace or "/").on(event, handler)
        return super().on(event, handler, namespace)

    @property
    def sockets(self) -> Namespace:
        """The namespace `/`."""
        return self.of("/")

    def to(self, rooms: Rooms) -> BroadcastOperator:
        return self.of("/").to(rooms)

    in_ = to

    def except_(self, rooms: Rooms) -> BroadcastOperator:
        return self.of("/").except_(rooms)

    def timeout(self, seconds: float) -> BroadcastOperator:
        return self.of("/").timeout(seconds)

    def compress(self, compress: bool) -> BroadcastOperator:
        return self.of("/").compress(compress)

    async def server_side_emit(self, event: str, *args: Any) -> None:
        """Emit to the other servers of the cluster, where `io.of("/").on(event)` handles it."""
        await self.of("/").server_side_emit(event, *args)

    async def server_side_emit_with_ack(self, event: str, *args: Any) -> list[Any]:
        """Emit to the other servers, and return what each answers."""
        return await self.of("/").server_side_emit_with_ack(event, *args)

    async def fetch_sockets(self) -> list[Socket | RemoteSocket]:
        """All connected sockets of `/`; those of other servers of the cluster as they are now."""
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
        """The sockets that one connection has, those still in a middleware and those on their way out included."""
        return [*self.leaving(engine_id), *self.connections.get(engine_id, {}).values()]

    def leaving(self, engine_id: str) -> list[Socket]:
        """The sockets of one connection that are on their way out."""
        return list(self._leaving.get(engine_id, ()))

    # AsyncServer's own methods, on sockets

    async def emit(self, event: str, data: Any = None, *args: Any, **options: Any) -> None:
        check_event(event)
        await super().emit(event, data, *args, **options)

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:
        nsp = self._namespaces.get(namespace or "/")
        if nsp and (socket := nsp.sockets.get(sid)):
            await socket.disconnect()
        elif not ignore_queue:
            await self.manager.can_disconnect(sid, namespace or "/")  # tells the other servers, if there are any

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
        every = (socket for sockets in self.connections.values() for socket in sockets.values())
        return next((socket for socket in every if socket.id == sid), None)

    async def shutdown(self) -> None:
        """Disconnect every client with the reason `server shutting down`."""
        await self.eio.shutdown()
        await self.manager.close()

    # packets in

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        self.connections[eio_sid] = {}
        if not self.async_handlers:
            self.eio.sockets[eio_sid].turn = asyncio.Lock()
        loop = asyncio.get_running_loop()
        self._join_timers[eio_sid] = loop.call_later(self.connect_timeout, self._joined_nothing, eio_sid)

    def _joined_nothing(self, eio_sid: str) -> None:
        # a middleware that holds a socket has its own time, and so has the function of a dynamic namespace
        if not self.connections.get(eio_sid) and not self._admission.dynamic.asking(eio_sid):
            self.spawn(self.close_connection(eio_sid, FORCED_SERVER_CLOSE))

    def joined(self, eio_sid: str) -> None:
        """The connection has joined a namespace: from now on it may be without one."""
        if timer := self._join_timers.pop(eio_sid, None):
            timer.cancel()

    async def _handle_eio_message(self, eio_sid: str, data: str | bytes) -> None:
        try:
            if isinstance(data, str) and eio_sid in self._binary_packet:
                raise ValueError("text in the middle of attachments")
            if isinstance(data, bytes) and self.packet_class.uses_binary_events and eio_sid not in self._binary_packet:
                raise ValueError("an attachment of no packet")
            await super()._handle_eio_message(eio_sid, data)
            if isinstance(data, str) and (partial := self._binary_packet.get(eio_sid)):
                if not 0 < partial.attachment_count <= MAX_ATTACHMENTS:
                    raise ValueError(f"{partial.attachment_count} attachments")
                check_placeholders(partial.data, partial.attachment_count)
        except Exception as error:  # noqa: BLE001  python-socketio's decoder raises whatever its parts raise
            logger.info("closing the connection %s: %s", eio_sid, error)
            await self.close_connection(eio_sid, FORCED_CLOSE, error)

    def _take(self, eio_sid: str, text: str) -> bool:
        """Begin the way of an event without attachments; False: it is something else, or something is wrong with it."""
        if text[:1] != "2" or not json_text.is_default(self.packet_class) or eio_sid in self._binary_packet:
            return False
        start = text.find("[")
        nsp, at = "/", 1
        if text[1:2] == "/":
            at = text.find(",") + 1
            nsp = text[1 : at - 1]
            if at > start or not at or "?" in nsp:
                return False
        id = None
        if start != at:
            digits = text[at:start]
            if not 0 < len(digits) < MAX_ID_DIGITS or not (digits.isascii() and digits.isdigit()):
                return False
            id = int(digits)
        sockets = self.connections.get(eio_sid)
        socket = sockets.get(nsp) if sockets else None
        data = json_text.decode(text[start:] if start else text)
        if socket is None or type(data) is not list or not data or socket.running >= MAX_RUNNING:
            return False
        event = data[0]
        if type(event) is not str or event in RESERVED_EVENTS:
            return False
        if self.eio.tap:
            self.eio.tap.packet_received(eio_sid, text)
        if socket.connected:
            socket.receive(data, id, self.stock_handlers.listener(event, socket))
        return True

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        await self._admission.connect(eio_sid, namespace or "/", data)

    async def _handle_event(self, eio_sid: str, namespace: str | None, id: int | None, data: Any) -> None:
        if not isinstance(data, list) or not data or not isinstance(data[0], str) or data[0] in RESERVED_EVENTS:
            raise ValueError("not an event")
        socket = self.connections.get(eio_sid, {}).get(namespace or "/")
        if socket is None and self._admission.dynamic.asking(eio_sid, namespace or "/"):
            return
        if socket is None:
            if any(each.nsp.name == (namespace or "/") for each in self.leaving(eio_sid)):
                return  # sent before the client heard of it
            raise ValueError("event before CONNECT")
        if socket.running >= MAX_RUNNING:
            raise ValueError(f"more than {MAX_RUNNING} events whose handlers have not ended")
        if socket.connected:
            socket.receive(data, id, self.stock_handlers.listener(data[0], socket))

    async def _handle_ack(self, eio_sid: str, namespace: str | None, id: int | None, data: Any) -> None:
        if not isinstance(data, list):
            raise ValueError("not an ack")
        await super()._handle_ack(eio_sid, namespace, id, data)

    async def _handle_disconnect(self, eio_sid: str, namespace: str | None, reason: str | None = None) -> None:
        if socket := self.connections.get(eio_sid, {}).get(namespace or "/"):
            socket.leave_for(CLIENT_DISCONNECT)
        else:
            self._admission.dynamic.withdraw(eio_sid, namespace or "/")

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        sockets = self.sockets_of(eio_sid)
        for socket in sockets:
            socket.leave_for(reason, socket.conn.description)
        for socket in sockets:
            await socket.left()
        self.connections.pop(eio_sid, None)
        self.joined(eio_sid)
        self._binary_packet.pop(eio_sid, None)
        self.environ.pop(eio_sid, None)

    async def close_connection(self, eio_sid: str, reason: str, description: Any = None) -> None:
        if connection := self.eio.sockets.get(eio_sid):
            await connection.close(wait=False, reason=reason, description=description)

    # packets out

    def encode(self, kind: int, namespace: str, data: Any, id: int | None = None) -> list[str | bytes]:
        """A packet as it goes out: its text, or its bytes, then its attachments."""
        if json_text.is_default(self.packet_class):
            text = "" if data is None else json_text.encode(data)
            if text is not None:
                nsp = "" if namespace == "/" else f"{namespace},"
                return [f"{kind}{nsp}{'' if id is None else id}{text}"]
        encoded = self.packet_class(kind, namespace=namespace, data=data, id=id).encode()
        return encoded if isinstance(encoded, list) else [encoded]

    def put_packet(self, eio_sid: str, pkt: Any) -> None:
        """Queue a Socket.IO packet for one connection."""
        encoded = pkt.encode()
        self.put_parts(eio_sid, encoded if isinstance(encoded, list) else [encoded])

    def put_parts(self, eio_sid: str, parts: list[str | bytes], held: list[str | bytes] | None = None) -> None:
        """Queue an encoded packet for one connection, or add it to what is `held` for a socket."""
        connection = self.eio.sockets.get(eio_sid)
        if connection is None:
            return
        if self.eio.tap:
            self.eio.tap.packet_sent(eio_sid, parts[0] if len(parts) == 1 else parts)
        for part in parts:
            frame = f"4{part}" if isinstance(part, str) else part
            if held is None:
                connection.put_message(frame)
            else:
                held.append(frame)

    def put_frames(self, namespace: str, recipients: list[tuple[str, str]], frames: list[str | bytes]) -> None:
        """Queue the same messages for the connections of many sockets: (socket's id, connection's id)."""
        sockets, holds = self.eio.sockets, self.manager.held
        for sid, eio_sid in recipients:
            if (held := holds(sid, namespace)) is not None:
                held += frames
            elif connection := sockets.get(eio_sid):
                for frame in frames:
                    connection.put_message(frame)

    async def _send_packet(self, eio_sid: str, pkt: Any) -> None:
        self.put_packet(eio_sid, pkt)

    # what sockets and managers call

    def leaves(self, socket: Socket) -> None:
        """A socket is on its way out: its connection may have another in its place, and nothing more is sent to it."""
        name, eio_sid = socket.nsp.name, socket.conn.id
        self._vacate(socket)
        self._leaving.setdefault(eio_sid, []).append(socket)
        self.manager.pre_disconnect(socket.id, name)

    def _vacate(self, socket: Socket) -> None:
        places = self.connections.get(socket.conn.id, {})
        if places.get(socket.nsp.name) is socket:
            del places[socket.nsp.name]

    def forget(self, socket: Socket, reason: str, *, refused: bool = False, succeeded: bool = False) -> None:
        """Take a socket out of its rooms, its namespace and its connection; `succeeded`: its client is back already."""
        name, eio_sid = socket.nsp.name, socket.conn.id
        leaving = self._leaving.get(eio_sid, [])
        if socket.gone and socket not in leaving:
            return  # what has its id now is its successor's
        rooms = frozenset(self.manager.get_rooms(socket.id, name))
        self.manager.basic_disconnect(socket.id, name)
        socket.nsp.sockets.pop(socket.id, None)
        socket.nsp.eavesdropped.discard(socket.id)
        self._vacate(socket)
        if socket in leaving:
            leaving.remove(socket)
            if not leaving:
                del self._leaving[eio_sid]
        if self.eio.tap and not refused:
            self.eio.tap.disconnected(socket.id, name, reason, rooms)
        parent = socket.nsp.parent
        if self._tidies and parent and not succeeded and not self._has_sockets(name):
            parent.children.remove(socket.nsp)
            del self._namespaces[name]

    def _has_sockets(self, name: str) -> bool:
        """Whether a namespace has sockets, those still in a middleware and those on their way out included."""
        leaving = (socket.nsp.name for sockets in self._leaving.values() for socket in sockets)
        return name in leaving or any(name in each for each in self.connections.values())

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

    def app_raised(self, where: str, error: BaseException, source: Socket | Namespace | str) -> None:
        """Log what the app raised for a socket, or for a namespace (or its name) as a whole, and note it."""
        if isinstance(source, Socket):
            whom, sid, nsp = f"socket {source.id}", source.id, source.nsp.name
        else:
            nsp = source if isinstance(source, str) else source.name
            whom, sid = f"namespace {nsp}", ""
        logger.error("%s raised, for %s", where, whom, exc_info=(type(error), error, app_frames(error)))
        if self.eio.tap:
            self.eio.tap.exception(where, error, sid, nsp)

    def engines(self) -> Iterator[engine_socket.EngineSocket]:
        """The live Engine.IO connections."""
        return iter(list(self.eio.sockets.values()))
