"""The Socket instance: one client's connection to one namespace, as the server holds it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, overload

from socketio import packet as sio_packet

from server_core.acks import Simulated, SocketWithTimeout, VolatileSocket
from server_core.broadcast import BroadcastOperator, Rooms, check_event, names
from server_core.dispatch import Dispatch
from server_core.errors import SocketError
from server_core.handshake import Handshake, to_json
from server_core.listeners import Decorator, H, Handler, Listener
from server_core.middleware import M
from server_core.reasons import SERVER_DISCONNECT
from server_core.recovery import RECOVERABLE, Session

if TYPE_CHECKING:
    from server_core.engine_socket import EngineSocket
    from server_core.namespace import Namespace
    from server_core.tap import Tap

#: Seconds that a socket which is going away waits for its `disconnecting` handlers.
DISCONNECTING_PATIENCE = 5.0

#: Ids of the sockets whose way out what runs is a part of.
_leaving: ContextVar[frozenset[str]] = ContextVar("leaving", default=frozenset())


class _State:
    """What a socket keeps for itself, apart from what may be attached to it."""

    __slots__ = ("acks", "any_out", "connected", "data", "dispatch", "pid", "recovered", "way_out")

    def __init__(self, pid: str, session: Session | None, turn: asyncio.Lock | None) -> None:
        self.connected = False
        self.pid = pid
        self.recovered = session is not None
        self.data: dict[Any, Any] = session.data if session else {}
        self.dispatch = Dispatch(turn)
        self.any_out: list[Handler] = []
        self.acks: set[asyncio.Future[list[Any]]] = set()
        #: How it leaves, once it does.
        self.way_out: asyncio.Task[None] | None = None


class Socket:
    """Follows Socket.IO's server-side `Socket`. Any name that is not its own may be attached to it."""

    __slots__ = ("_attached", "_conn", "_handshake", "_id", "_nsp", "_state")

    _id: str
    _nsp: Namespace
    _conn: EngineSocket
    _handshake: Handshake
    _state: _State
    _attached: dict[str, Any]

    def __init__(
        self,
        id: str,
        nsp: Namespace,
        conn: EngineSocket,
        handshake: Handshake,
        pid: str = "",
        session: Session | None = None,
    ) -> None:
        attached = dict(session.attached) if session else {}
        state = _State(pid, session, conn.turn)
        own = {"_id": id, "_nsp": nsp, "_conn": conn, "_handshake": handshake, "_state": state, "_attached": attached}
        for name, value in own.items():
            object.__setattr__(self, name, value)

    # what it is

    @property
    def id(self) -> str:
        """Random, 20 characters, the same as on the client; not the connection's id."""
        return self._id

    @property
    def nsp(self) -> Namespace:
        return self._nsp

    @property
    def conn(self) -> EngineSocket:
        """The Engine.IO connection, shared with this client's other namespaces."""
        return self._conn

    @property
    def handshake(self) -> Handshake:
        return self._handshake

    @property
    def connected(self) -> bool:
        return self._state.connected

    @property
    def disconnected(self) -> bool:
        """Whether it is not connected: not yet, or no more."""
        return not self._state.connected

    @property
    def gone(self) -> bool:
        """Whether it has left, or is about to."""
        return self._state.way_out is not None

    @property
    def recovered(self) -> bool:
        """Whether it is one that was cut off and came back, with its id, its rooms and what was attached to it."""
        return self._state.recovered

    @property
    def data(self) -> dict[Any, Any]:
        """For your use; the console shows it."""
        return self._state.data

    @property
    def rooms(self) -> set[str]:
        """The rooms that it is in, its own id included; empty once it is gone."""
        return set(self._nsp.server.manager.get_rooms(self._id, self._nsp.name))

    @property
    def attributes(self) -> dict[str, Any]:
        """A copy of what is attached."""
        return dict(self._attached)

    @property
    def described(self) -> dict[str, str]:
        """What is attached, and `data` when there is any, as JSON text: what a console shows."""
        attributes = {name: to_json(value) for name, value in self._attached.items()}
        if self._state.data:
            attributes.setdefault("data", to_json(self._state.data))
        return attributes

    def __repr__(self) -> str:
        return f"<Socket {self._id} {self._nsp.name}>"

    # attached attributes

    def __getattr__(self, name: str) -> Any:
        try:
            return self._attached[name]
        except KeyError:
            raise AttributeError(f"nothing named {name!r} is attached to this socket") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._check_not_own(name)
        self._attached[name] = value
        if tap := self._tap:
            tap.attribute_set(self._id, self._nsp.name, name, to_json(value))

    def __delattr__(self, name: str) -> None:
        self._check_not_own(name)
        if name not in self._attached:
            raise AttributeError(f"nothing named {name!r} is attached to this socket")
        del self._attached[name]
        if tap := self._tap:
            tap.attribute_deleted(self._id, self._nsp.name, name)

    def _check_not_own(self, name: str) -> None:
        if hasattr(type(self), name):
            raise AttributeError(f"{name!r} is the socket's own and can't be overwritten")

    # events in

    @overload
    def on(self, event: str) -> Decorator: ...
    @overload
    def on(self, event: str, handler: H) -> H: ...
    def on(self, event: str, handler: Any = None) -> Any:
        """Add a handler for an event: called with its arguments; what it returns is the ack."""
        return self._state.dispatch.listeners.on(event, handler)

    @overload
    def once(self, event: str) -> Decorator: ...
    @overload
    def once(self, event: str, handler: H) -> H: ...
    def once(self, event: str, handler: Any = None) -> Any:
        """Like `on`, for the next such event alone."""
        return self._state.dispatch.listeners.on(event, handler, once=True)

    def off(self, event: str, handler: Any = None) -> None:
        """Remove a handler, or all of an event's."""
        self._state.dispatch.listeners.off(event, handler)

    def on_any(self, handler: H) -> H:
        """Call `handler(event, *args)` for each incoming event, before the middlewares."""
        self._state.dispatch.catch_all.append(handler)
        return handler

    def prepend_any(self, handler: H) -> H:
        """Like `on_any`, before those that are there."""
        self._state.dispatch.catch_all.insert(0, handler)
        return handler

    def off_any(self, handler: Handler | None = None) -> None:
        """Remove a catch-all handler, or all."""
        _remove(self._state.dispatch.catch_all, handler)

    def listeners_any(self) -> list[Handler]:
        return list(self._state.dispatch.catch_all)

    def on_any_outgoing(self, handler: H) -> H:
        """Call `handler(event, *args)` for each event that is sent to this client, broadcasts included."""
        self._state.any_out.append(handler)
        self._nsp.eavesdropped.add(self._id)
        return handler

    def prepend_any_outgoing(self, handler: H) -> H:
        """Like `on_any_outgoing`, before those that are there."""
        self._state.any_out.insert(0, handler)
        self._nsp.eavesdropped.add(self._id)
        return handler

    def off_any_outgoing(self, handler: Handler | None = None) -> None:
        """Remove a catch-all handler of outgoing events, or all."""
        _remove(self._state.any_out, handler)
        if not self._state.any_out:
            self._nsp.eavesdropped.discard(self._id)

    def listeners_any_outgoing(self) -> list[Handler]:
        return list(self._state.any_out)

    def use(self, middleware: M) -> M:
        """Run `middleware([event, *args], next)` for each incoming event, before its handlers.

        It may call `next` later; the event is dropped when it neither did nor kept it.
        """
        self._state.dispatch.middlewares.append(middleware)
        return middleware

    # events out

    async def emit(self, event: str, *args: Any) -> None:
        """Emit to this client."""
        check_event(event)
        self.put_event(event, args)

    async def send(self, *args: Any) -> None:
        """Emit the event `message`."""
        await self.emit("message", *args)

    def compress(self, _compress: bool) -> Socket:
        """Whether to compress: the web server decides that, so it changes nothing."""
        return self

    async def emit_with_ack(self, event: str, *args: Any) -> Any:
        """Emit to this client and return its answer: one value, a tuple of several, or None."""
        return await self.timeout(None).emit_with_ack(event, *args)

    @property
    def volatile(self) -> VolatileSocket:
        """For events that may be lost: they are not sent while the client takes nothing more."""
        return VolatileSocket(self)

    def timeout(self, seconds: float | None) -> SocketWithTimeout:
        """How long `emit_with_ack` waits."""
        return SocketWithTimeout(self, seconds)

    def to(self, rooms: Rooms) -> BroadcastOperator:
        """The members of a room, or of several, without this socket."""
        return self.broadcast.to(rooms)

    in_ = to

    def except_(self, rooms: Rooms) -> BroadcastOperator:
        """All sockets of the namespace without this one and without the members of a room, or of several."""
        return self.broadcast.except_(rooms)

    @property
    def broadcast(self) -> BroadcastOperator:
        """All sockets of the namespace without this one."""
        return BroadcastOperator(self._nsp, None, frozenset((self._id,)))

    @property
    def local(self) -> BroadcastOperator:
        """All sockets of the namespace on this server without this one."""
        return self.broadcast.local

    # rooms

    async def join(self, rooms: Rooms) -> None:
        """Join a room, or several; does nothing once the socket is gone."""
        manager = self._nsp.server.manager
        for room in names(rooms):
            await manager.enter_room(self._id, self._nsp.name, room)

    async def leave(self, room: str) -> None:
        """Leave a room; leaving its own ends private delivery to it."""
        await self._nsp.server.manager.leave_room(self._id, self._nsp.name, room)

    async def disconnect(self, close: bool = False) -> None:
        """Disconnect from this namespace, or close the whole connection; does nothing once the socket is gone."""
        if not self._state.connected or self.gone:
            return
        if close:
            await asyncio.shield(self._nsp.server.spawn(self._close()))
            return
        self._put(sio_packet.DISCONNECT)
        self.leave_for(SERVER_DISCONNECT)
        await self.left()

    async def _close(self) -> None:
        for socket in self._nsp.server.sockets_of(self._conn.id):
            await socket.disconnect()
        await self._conn.close(wait=False)

    # what the server calls

    @property
    def _tap(self) -> Tap | None:
        return self._nsp.server.eio.tap

    def accept(self) -> None:
        """The middlewares let it pass: it is connected."""
        self._state.connected = True
        pid = self._state.pid
        self._put(sio_packet.CONNECT, {"sid": self._id, "pid": pid} if pid else {"sid": self._id})

    def receive(self, packet: list[Any], id: int | None, fallback: Listener | None) -> None:
        """Start an incoming event's handlers: `[event, *args]`, to which the client wants the answer `id`.

        `fallback` is python-socketio's handler for the event, called with the socket's id first.
        """
        self._state.dispatch.begin(self, packet, id, fallback)

    async def simulate(self, packet: list[Any], answer: Simulated, fallback: Listener | None) -> None:
        """Run the whole way of an event that no client sent: the catch-all handlers, the middlewares, the handlers."""
        await self._state.dispatch.simulate(self, packet, answer, fallback)

    @property
    def running(self) -> int:
        """Events whose handlers have not ended."""
        return self._state.dispatch.running

    def note_outgoing(self, packet: list[Any]) -> None:
        """Tell the catch-all handlers of an event that is sent to this client."""
        for handler in list(self._state.any_out):
            self.start("on any outgoing", Listener(handler, once=False), *packet)

    def leave_for(self, reason: str, description: Any = None) -> None:
        """Start the way out, once: `disconnecting` with the rooms still full, then python-socketio's `disconnect`
        handler, to which it is not connected any more, then gone, then `disconnect`.

        It is a task of its own: nobody who waits for it can cancel it, and its connection goes on meanwhile.
        """
        state, server = self._state, self._nsp.server
        if state.way_out is None:
            server.leaves(self)
            state.way_out = server.spawn(self._leave(reason, description))

    async def left(self) -> None:
        """Wait until the way out is over; its own handlers, which it waits for, do not."""
        way_out = self._state.way_out
        if way_out and self._id not in _leaving.get():
            await asyncio.shield(way_out)

    async def _leave(self, reason: str, description: Any) -> None:
        _leaving.set(_leaving.get() | {self._id})
        state, server, name = self._state, self._nsp.server, self._nsp.name
        was_connected = state.connected
        recovery = server.recovery if was_connected and state.pid and reason in RECOVERABLE else None
        if recovery:  # before any handler is waited for: the client may be back sooner
            recovery.keep(self, state.pid, reason)
        if was_connected:
            if tap := self._tap:
                tap.disconnecting(self._id, name, reason)
            await self._tell("disconnecting", reason, description, DISCONNECTING_PATIENCE)
        state.connected = False
        for future in state.acks:
            if not future.done():
                future.set_exception(SocketError("socket has been disconnected"))
        state.dispatch.release()
        if was_connected:
            await server.stock_handlers.disconnect(self, reason)
        if recovery and self._nsp.sockets.get(self._id) is self:  # as its handlers leave it
            recovery.keep(self, state.pid, reason)
        server.forget(self, reason)
        if was_connected:
            await self._tell("disconnect", reason, description, None)

    async def _tell(self, event: str, reason: str, description: Any, patience: float | None) -> None:
        """Start the handlers of the way out; with patience, wait that long for them."""
        tasks = [
            self.start(f"on {event!r}", listener, reason, description)
            for listener in self._state.dispatch.listeners.take(event)
        ]
        if tasks and patience:
            await asyncio.wait(tasks, timeout=patience)

    def start(self, where: str, listener: Listener, *args: Any) -> asyncio.Task[None]:
        """Start a handler, with as many of the arguments as it takes; what it raises is the app's."""
        return self._nsp.server.spawn(self._guarded(where, listener, *args))

    async def _guarded(self, where: str, listener: Listener, *args: Any) -> None:
        try:
            await listener.call_with_as_many(*args)
        except Exception as error:  # noqa: BLE001  the app's handler
            self._nsp.server.app_raised(where, error, self)

    @property
    def pending_acks(self) -> set[asyncio.Future[list[Any]]]:
        """Answers that are waited for; they fail when the socket goes."""
        return self._state.acks

    def put_event(self, event: str, args: Sequence[Any], id: int | None = None, *, volatile: bool = False) -> None:
        """Queue an event for the client; `id`: it is to answer."""
        packet = [event, *args]
        self.note_outgoing(packet)
        server, nsp = self._nsp.server, self._nsp.name
        recovery = server.recovery.of(nsp) if id is None and server.recovery else None
        if recovery is None:
            self._put(sio_packet.EVENT, packet, id)
            return
        packet = recovery.stamped(packet)
        parts = server.encode(sio_packet.EVENT, nsp, packet)
        recovery.sent(nsp, self._id, (), packet, parts, volatile=volatile)
        server.put_parts(self._conn.sid, parts)

    def put_missed(self, parts: list[str | bytes]) -> None:
        """Queue an event, as it was encoded, that was sent while this socket was cut off."""
        self._nsp.server.put_parts(self._conn.sid, parts)

    def put_ack(self, id: int, values: tuple[Any, ...]) -> None:
        """Queue the answer to the client's event `id`."""
        self._put(sio_packet.ACK, list(values), id)

    def _put(self, kind: int, data: Any = None, id: int | None = None) -> None:
        nsp = self._nsp
        nsp.server.put_parts(self._conn.sid, nsp.server.encode(kind, nsp.name, data, id))


def _remove(handlers: list[Handler], handler: Handler | None) -> None:
    if handler is None:
        handlers.clear()
    elif handler in handlers:
        handlers.remove(handler)
