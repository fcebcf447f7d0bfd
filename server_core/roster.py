"""The roster: who is live on one server, as a fold over its records.

Server and console fold with this one class: the server to make `Sync` records, the console to keep its state. That is
what makes a console that attaches late show the same as one that was there from the start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from server_core.counters import Counters
from server_core.records import (
    MAX_RTTS,
    AckReceived,
    AckSent,
    AttributeDeleted,
    AttributeSet,
    Connected,
    Connecting,
    Disconnected,
    EngineClosed,
    EngineHeartbeat,
    EngineInfo,
    EngineOpened,
    EngineUpgraded,
    EventReceived,
    EventSent,
    Record,
    Refused,
    RoomJoined,
    RoomLeft,
    ServerInfo,
    ServerLost,
    ServerStarted,
    ServerStopped,
    SocketCounters,
    SocketInfo,
    SocketSync,
    Sync,
)

R = TypeVar("R", bound=Record)
T = TypeVar("T", EngineInfo, SocketInfo)

_NO_EVENTS = SocketCounters()

#: (namespace, room name)
RoomKey = tuple[str, str]


class Roster:
    """Engines, sockets, rooms and counters of one server, now.

    The structs held are frozen: a change replaces the struct, so a `copy` is shallow and cheap.
    """

    def __init__(self) -> None:
        self.info = ServerInfo()
        #: Why the server can't be heard now; empty while it can.
        self.lost = ""
        self.engines: dict[str, EngineInfo] = {}
        self.sockets: dict[str, SocketInfo] = {}
        #: Members of each room of connected sockets, in the order in which they joined.
        self.rooms: dict[RoomKey, dict[str, None]] = {}
        #: Ids of the connected sockets of each namespace.
        self.namespaces: dict[str, dict[str, None]] = {}
        self._counters = Counters(self.recipients)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Roster) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # mutable

    def copy(self) -> Roster:
        """A roster that later changes of this one do not reach."""
        copy = Roster()
        copy.info = self.info
        copy.lost = self.lost
        copy.engines = self.engines.copy()
        copy.sockets = self.sockets.copy()
        copy.rooms = {key: members.copy() for key, members in self.rooms.items()}
        copy.namespaces = {nsp: members.copy() for nsp, members in self.namespaces.items()}
        copy._counters = self._counters.copy(copy.recipients)
        return copy

    def apply(self, record: Record) -> None:
        """Fold one record; kinds that say nothing about who is live are passed over."""
        fold = _FOLDS.get(type(record))
        if fold is not None:
            fold(self, record)

    @property
    def counters(self) -> dict[str, SocketCounters]:
        """The counters of all sockets that had events."""
        return self._counters.all()

    def counters_of(self, socket: str) -> SocketCounters:
        """How many events a socket sent and got."""
        return self._counters.of(socket)

    def counting(self, socket: str) -> list[int]:
        """The fields of a live socket's `SocketCounters`, to be counted up in place."""
        return self._counters.row(socket)

    def count_broadcast(self, nsp: str, rooms: tuple[str, ...], except_: tuple[str, ...], time: int, size: int) -> None:
        """Count an emit for all sockets that it reaches now."""
        self._counters.broadcast((nsp, rooms, except_), time, size)

    def recipients(self, nsp: str, rooms: Iterable[str], except_: Iterable[str]) -> list[str]:
        """Ids of the connected sockets that an emit to these rooms reaches (no rooms: the whole namespace)."""
        rooms = tuple(rooms)
        if not rooms:
            found: dict[str, None] = self.namespaces.get(nsp, {})
        elif len(rooms) == 1:
            found = self.rooms.get((nsp, rooms[0]), {})
        else:
            found = {}
            for room in rooms:
                found.update(self.rooms.get((nsp, room), {}))
        left_out = {member for room in except_ for member in self.rooms.get((nsp, room), ())}
        return [socket for socket in found if socket not in left_out] if left_out else list(found)

    def to_sync(self, *, server: str, epoch: int, seq: int, time: int) -> Sync:
        """All that is live, as the record from which another roster can start."""
        return Sync(
            server=server,
            epoch=epoch,
            seq=seq,
            time=time,
            info=self.info,
            engines=tuple(self.engines.values()),
            sockets=tuple(SocketSync(socket, self.counters_of(socket.id)) for socket in self.sockets.values()),
        )

    def load(self, info: ServerInfo, engines: Iterable[EngineInfo], sockets: Iterable[SocketSync]) -> None:
        """Become what these say, whatever was known before."""
        self.info = info
        self.lost = ""
        # what is the same stays the same object: whoever keeps former rosters then keeps it once
        known, known_engines = self.sockets, self.engines
        self.engines = {engine.id: _same(known_engines.get(engine.id), engine) for engine in engines}
        self.sockets, self.rooms, self.namespaces = {}, {}, {}
        self._counters = Counters(self.recipients)
        for socket, counters in ((sync.socket, sync.counters) for sync in sockets):
            socket = self.sockets[socket.id] = _same(known.get(socket.id), socket)
            if counters != _NO_EVENTS:
                self._counters.put(socket.id, counters)
            if socket.connected:
                self._enter(socket)

    # folds

    def _sync(self, record: Sync) -> None:
        self.load(record.info, record.engines, record.sockets)

    def _server_started(self, record: ServerStarted) -> None:
        self.load(record.info, (), ())

    def _server_stopped(self, _record: ServerStopped) -> None:
        self.load(self.info, (), ())

    def _server_lost(self, record: ServerLost) -> None:
        self.lost = record.why

    def _engine_opened(self, record: EngineOpened) -> None:
        self.engines[record.engine] = EngineInfo(
            id=record.engine, transport=record.transport, address=record.address, opened=record.time
        )

    def _engine_upgraded(self, record: EngineUpgraded) -> None:
        if engine := self.engines.get(record.engine):
            self.engines[engine.id] = msgspec.structs.replace(engine, transport=record.transport, upgraded=record.time)

    def _engine_heartbeat(self, record: EngineHeartbeat) -> None:
        if engine := self.engines.get(record.engine):
            rtts = (*engine.rtts, record.rtt)[-MAX_RTTS:]
            self.engines[engine.id] = msgspec.structs.replace(engine, rtts=rtts)

    def _engine_closed(self, record: EngineClosed) -> None:
        self.engines.pop(record.engine, None)

    def _connecting(self, record: Connecting) -> None:
        self._remove(record.socket)
        self.sockets[record.socket] = SocketInfo(
            id=record.socket,
            nsp=record.nsp,
            engine=record.engine,
            handshake=record.handshake,
            connecting=record.time,
        )

    def _connected(self, record: Connected) -> None:
        if socket := self.sockets.get(record.socket):
            socket = msgspec.structs.replace(socket, connected=record.time, rooms=socket.rooms | {socket.id})
            self.sockets[socket.id] = socket
            self._enter(socket)

    def _refused(self, record: Refused) -> None:
        self._remove(record.socket)

    def _disconnected(self, record: Disconnected) -> None:
        self._remove(record.socket)

    def _room_joined(self, record: RoomJoined) -> None:
        socket = self.sockets.get(record.socket)
        if socket is None or record.room in socket.rooms:
            return
        self.sockets[socket.id] = msgspec.structs.replace(socket, rooms=socket.rooms | {record.room})
        if socket.connected:
            self._counters.changing(socket.nsp, (record.room,))
            self.rooms.setdefault((socket.nsp, record.room), {})[socket.id] = None

    def _room_left(self, record: RoomLeft) -> None:
        socket = self.sockets.get(record.socket)
        if socket is None or record.room not in socket.rooms:
            return
        self.sockets[socket.id] = msgspec.structs.replace(socket, rooms=socket.rooms - {record.room})
        self._leave(socket, record.room)

    def _attribute_set(self, record: AttributeSet) -> None:
        if socket := self.sockets.get(record.socket):
            attributes = {**socket.attributes, record.name: record.value}
            self.sockets[socket.id] = msgspec.structs.replace(socket, attributes=attributes)

    def _attribute_deleted(self, record: AttributeDeleted) -> None:
        if (socket := self.sockets.get(record.socket)) and record.name in socket.attributes:
            attributes = {name: value for name, value in socket.attributes.items() if name != record.name}
            self.sockets[socket.id] = msgspec.structs.replace(socket, attributes=attributes)

    def _event_received(self, record: EventReceived) -> None:
        if record.socket in self.sockets and not record.simulated:
            row = self._counters.row(record.socket)
            row[0] += 1
            row[2] = max(row[2], record.time)
            row[3] += record.size

    def _event_sent(self, record: EventSent) -> None:
        if not record.socket:
            self._counters.broadcast((record.nsp, record.rooms, record.except_), record.time, record.size)
        elif record.socket in self.sockets:
            row = self._counters.row(record.socket)
            row[1] += 1
            row[2] = max(row[2], record.time)
            row[4] += record.size

    def _ack_received(self, record: AckReceived) -> None:
        if record.socket in self.sockets:
            self._counters.row(record.socket)[3] += record.size

    def _ack_sent(self, record: AckSent) -> None:
        if record.socket in self.sockets:
            self._counters.row(record.socket)[4] += record.size

    # rooms, both ways

    def _enter(self, socket: SocketInfo) -> None:
        self._counters.changing(socket.nsp, (None, *socket.rooms))
        self.namespaces.setdefault(socket.nsp, {})[socket.id] = None
        for room in sorted(socket.rooms):
            self.rooms.setdefault((socket.nsp, room), {})[socket.id] = None

    def _leave(self, socket: SocketInfo, room: str) -> None:
        key = (socket.nsp, room)
        self._counters.changing(socket.nsp, (room,))
        if members := self.rooms.get(key):
            members.pop(socket.id, None)
            if not members:
                del self.rooms[key]

    def _remove(self, id: str) -> None:
        socket = self.sockets.pop(id, None)
        if socket is None:
            return
        self._counters.changing(socket.nsp, (None, *socket.rooms))
        self._counters.forget(id)
        for room in socket.rooms:
            self._leave(socket, room)
        if (members := self.namespaces.get(socket.nsp)) is not None:
            members.pop(id, None)
            if not members:
                del self.namespaces[socket.nsp]


def _same(known: T | None, new: T) -> T:
    """What is known, where the new is no other."""
    return known if known is not None and known == new else new


_FOLDS: Mapping[type[Record], Callable[[Roster, Any], None]] = {
    Sync: Roster._sync,
    ServerStarted: Roster._server_started,
    ServerStopped: Roster._server_stopped,
    ServerLost: Roster._server_lost,
    EngineOpened: Roster._engine_opened,
    EngineUpgraded: Roster._engine_upgraded,
    EngineHeartbeat: Roster._engine_heartbeat,
    EngineClosed: Roster._engine_closed,
    Connecting: Roster._connecting,
    Connected: Roster._connected,
    Refused: Roster._refused,
    Disconnected: Roster._disconnected,
    RoomJoined: Roster._room_joined,
    RoomLeft: Roster._room_left,
    AttributeSet: Roster._attribute_set,
    AttributeDeleted: Roster._attribute_deleted,
    EventReceived: Roster._event_received,
    EventSent: Roster._event_sent,
    AckReceived: Roster._ack_received,
    AckSent: Roster._ack_sent,
}
