"""The manager: rooms indexed both ways, so that a socket's own cost does not grow with the number of sockets."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Iterator, Sequence
from typing import Any

import socketio
from socketio import packet as sio_packet

from server_core.stock_rooms import are_several

Sid = str
EngineId = str


class Manager(socketio.AsyncManager):
    """`socketio.AsyncManager` with an index from socket to rooms beside that from room to sockets.

    A socket is in no room, and gets no broadcast, until `connect` accepts it; rooms that it joins before are kept for
    then.
    """

    def __init__(self) -> None:
        super().__init__()
        self.prepare()

    def prepare(self) -> None:
        """Make what this class adds."""
        self._rooms_of: dict[tuple[str, Sid], dict[str, None]] = {}
        #: Sockets still in a middleware: (namespace, sid) → engine id and rooms joined already.
        self._connecting: dict[tuple[str, Sid], EngineId] = {}
        #: What is kept for sockets in python-socketio's `connect` handler.
        self._held: dict[tuple[str, Sid], list[str | bytes]] = {}
        self._disconnecting: set[tuple[str, Sid]] = set()

    # connecting and disconnecting

    async def pre_connect(self, eio_sid: EngineId, namespace: str, sid: Sid | None = None) -> Sid | None:
        """Register a socket that the middlewares have still to accept, under its former id if it had one.

        None when this connection has one already.
        """
        if self.sid_from_eio_sid(eio_sid, namespace) is not None:
            return None
        sid = sid or self.server.eio.generate_id()
        self._connecting[namespace, sid] = eio_sid
        self._rooms_of[namespace, sid] = {}
        return sid

    def hold(self, sid: Sid, namespace: str) -> None:
        """Keep what is emitted to a connecting socket from now on until it is accepted.

        python-socketio's `connect` handlers may emit to the socket that they have not accepted yet, and one that comes
        back misses nothing while it waits.
        """
        if (namespace, sid) in self._held:
            return
        self._enter(sid, namespace, self._connecting[namespace, sid])
        self._held[namespace, sid] = []

    def release(self, sid: Sid, namespace: str) -> None:
        """Send what was kept."""
        connection = self.server.eio.sockets.get(self._members(namespace, None).get(sid))
        for frame in self._held.pop((namespace, sid), ()):
            if connection:
                connection.put_message(frame)

    def held(self, sid: Sid, namespace: str) -> list[str | bytes] | None:
        """Where what is sent to a connecting socket is kept, None where it is not."""
        return self._held.get((namespace, sid)) if self._held else None

    async def connect(self, sid: Sid, namespace: str) -> Sid:
        """Accept a socket: from now on it is in its own room and in those that it joined meanwhile."""
        self._enter(sid, namespace, self._connecting.pop((namespace, sid)))
        return sid

    def _enter(self, sid: Sid, namespace: str, eio_sid: EngineId) -> None:
        self._room(namespace, None)[sid] = eio_sid
        rooms = self._rooms_of[namespace, sid]
        for room in (sid, *rooms):
            rooms[room] = None
            self._room(namespace, room)[sid] = eio_sid

    def is_pre_connected(self, sid: Sid, namespace: str) -> bool:
        return (namespace, sid) in self._connecting

    def is_connected(self, sid: Sid, namespace: str) -> bool:
        return sid in self._members(namespace, None) and (namespace, sid) not in self._disconnecting

    def pre_disconnect(self, sid: Sid, namespace: str) -> EngineId | None:
        """A socket is on its way out: it keeps its rooms until `basic_disconnect`, but nothing more is sent to it."""
        self._disconnecting.add((namespace, sid))
        return self.eio_sid_from_sid(sid, namespace)

    def basic_disconnect(self, sid: Sid, namespace: str, **_kwargs: Any) -> None:
        for room in list(self._rooms_of.pop((namespace, sid), ())):
            self._leave(sid, namespace, room)
        self._leave(sid, namespace, None)
        self._connecting.pop((namespace, sid), None)
        self._held.pop((namespace, sid), None)
        self._disconnecting.discard((namespace, sid))
        self.callbacks.pop(sid, None)

    def sid_from_eio_sid(self, eio_sid: EngineId, namespace: str) -> Sid | None:
        """The socket that a connection has in a namespace, unless it is still in a middleware or on its way out."""
        socket = self.server.connections.get(eio_sid, {}).get(namespace)
        return socket.id if socket and socket.id in self._members(namespace, None) else None

    def eio_sid_from_sid(self, sid: Sid, namespace: str) -> EngineId | None:
        return self._members(namespace, None).get(sid) or self._connecting.get((namespace, sid))

    # rooms

    def basic_enter_room(self, sid: Sid, namespace: str, room: str, eio_sid: EngineId | None = None) -> None:
        """Join a room; a socket that is gone joins none."""
        rooms = self._rooms_of.get((namespace, sid))
        if rooms is None or room in rooms:
            return
        rooms[room] = None
        if tap := self.server.eio.tap:
            tap.room_joined(sid, namespace, room)
        eio_sid = self._members(namespace, None).get(sid)
        if eio_sid is not None:
            self._room(namespace, room)[sid] = eio_sid

    def basic_leave_room(self, sid: Sid, namespace: str, room: str) -> None:
        rooms = self._rooms_of.get((namespace, sid))
        if rooms is None or room not in rooms:
            return
        del rooms[room]
        self._leave(sid, namespace, room)
        if tap := self.server.eio.tap:
            tap.room_left(sid, namespace, room)

    def basic_close_room(self, room: str, namespace: str) -> None:
        for sid in list(self._members(namespace, room)):
            self.basic_leave_room(sid, namespace, room)

    def get_rooms(self, sid: Sid, namespace: str) -> list[str]:
        return list(self._rooms_of.get((namespace, sid), ()))

    def is_in(self, sid: Sid, namespace: str, room: str) -> bool:
        return room in self._rooms_of.get((namespace, sid), ())

    def get_participants(self, namespace: str, room: Any) -> Iterator[tuple[Sid, EngineId]]:
        """Sockets in a room, in any of several rooms (each once), or in the namespace (None)."""
        if room is None or isinstance(room, str) or not are_several(room):
            yield from list(self._members(namespace, room).items())
            return
        found: dict[Sid, EngineId] = {}
        for name in room:
            found.update(self._members(namespace, name))
        yield from found.items()

    # emitting

    async def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Any = None,
        to: Any = None,
        **kwargs: Any,
    ) -> None:
        """Emit to a room: encoded once, put straight into each recipient's queue."""
        args = list(data) if isinstance(data, tuple) else [] if data is None else [data]
        skip = skip_sid if isinstance(skip_sid, list) else [] if skip_sid is None else [skip_sid]
        room = to or room
        rooms = room if room is None or isinstance(room, str) or are_several(room) else (room,)
        self.emit_to(event, args, namespace, rooms, skip, callback=callback)

    def emit_to(
        self,
        event: str,
        args: list[Any],
        namespace: str,
        rooms: str | Collection[str] | None,
        except_: Collection[str],
        *,
        volatile: bool = False,
        callback: Any = None,
    ) -> int:
        """Emit an event to this server's sockets in any of the rooms (None: to all of the namespace) that are in none
        of the rooms `except_`, and say to how many."""
        if rooms is not None and not rooms:
            return 0
        skip = self.addressed(namespace, except_) if except_ else ()
        recipients = [(sid, eio_sid) for sid, eio_sid in self.get_participants(namespace, rooms) if sid not in skip]
        if self._disconnecting:
            recipients = [each for each in recipients if (namespace, each[0]) not in self._disconnecting]
        server = self.server
        if volatile:
            recipients = [each for each in recipients if (conn := server.eio.sockets.get(each[1])) and conn.writable]
        packet = [event, *args]
        if callback is not None:
            for sid, eio_sid in recipients:
                ack_id = self._generate_ack_id(sid, callback)
                parts = server.encode(sio_packet.EVENT, namespace, packet, ack_id)
                server.put_parts(eio_sid, parts, self.held(sid, namespace))
            return len(recipients)
        server.note_outgoing(namespace, recipients, packet)
        recovery = server.recovery and server.recovery.of(namespace)
        if recovery:
            packet = recovery.stamped(packet)
        parts = server.encode(sio_packet.EVENT, namespace, packet)
        if recovery:
            recovery.sent(namespace, rooms, except_, packet, parts, volatile=volatile)
        server.put_frames(namespace, recipients, [f"4{part}" if isinstance(part, str) else part for part in parts])
        if server.eio.tap:
            server.eio.tap.broadcast(namespace, rooms, except_, len(recipients), parts)
        return len(recipients)

    # answers

    async def trigger_callback(self, sid: Sid, id: int, data: Sequence[Any]) -> None:
        """Call what waits for a client's answer: what it raises is the app's, and nobody waits for what it awaits."""
        callback = self.callbacks.get(sid, {}).get(id)
        if not callable(callback):  # also 0, under which python-socketio counts
            self._get_logger().warning("Unknown callback received, ignoring.")
            return
        del self.callbacks[sid][id]
        try:
            result = callback(*data)
        except Exception as error:  # noqa: BLE001  the app's callback
            self._callback_raised(error, sid)
            return
        if isinstance(result, Awaitable):
            self.server.spawn(self._end_callback(result, sid))

    async def _end_callback(self, result: Awaitable[Any], sid: Sid) -> None:
        try:
            await result
        except Exception as error:  # noqa: BLE001  the app's callback
            self._callback_raised(error, sid)

    def _callback_raised(self, error: Exception, sid: Sid) -> None:
        """Tell of it; nothing says of what namespace a socket is that is another server's, or gone."""
        server = self.server
        every = (nsp.sockets.get(sid) for nsp in server.namespaces_in_use.values())
        server.app_raised("ack callback", error, next(filter(None, every), server.of("/")))

    # the other servers of a cluster: there are none, unless `Cluster` says otherwise

    async def emit_elsewhere(
        self,
        event: str,
        args: list[Any],
        namespace: str,
        rooms: Collection[str] | None,
        except_: Collection[str],
        volatile: bool,
    ) -> None: ...

    async def tell_elsewhere(self, method: str, **fields: Any) -> None: ...

    async def ask_elsewhere(self, method: str, patience: float | None, **fields: Any) -> list[Any]:
        return []

    async def close(self) -> None:
        """Leave the cluster."""

    def addressed(self, namespace: str, rooms: Collection[str]) -> set[Sid]:
        """Ids of the members of these rooms, and of the sockets that are named by their id."""
        found = set(rooms)
        for room in rooms:
            found.update(self._members(namespace, room))
        return found

    def _members(self, namespace: str, room: str | None) -> dict[Sid, EngineId]:
        members: dict[Sid, EngineId] = self.rooms.get(namespace, {}).get(room, {})
        return members

    def _room(self, namespace: str, room: str | None) -> dict[Sid, EngineId]:
        members: dict[Sid, EngineId] = self.rooms.setdefault(namespace, {}).setdefault(room, {})
        return members

    def _leave(self, sid: Sid, namespace: str, room: str | None) -> None:
        rooms = self.rooms.get(namespace, {})
        members = rooms.get(room)
        if members is None:
            return
        members.pop(sid, None)
        if not members:
            del rooms[room]
            if not rooms:
                del self.rooms[namespace]
