"""`State`: everything that the console knows, folded from records."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator

import msgspec

from console.state.history import UNSEEN, History, Records, Upto
from console.state.meter import MEASURED, SPAN, Meter
from console.state.names import label, short
from server_core.records import (
    CONSOLE,
    AnyRecord,
    Disconnected,
    EngineInfo,
    EventSent,
    Gap,
    Log,
    Refused,
    RoomLeft,
    ServerStarted,
    ServerStopped,
    SocketInfo,
    Sync,
)
from server_core.roster import RoomKey, Roster

#: Kinds of records after which sockets may be gone, or the events of rooms other ones: most are none of them.
_ENDING = frozenset({Disconnected, Refused, Sync, ServerStopped, ServerStarted})
_ABOUT_ROOMS = frozenset({EventSent, RoomLeft, Disconnected, ServerStopped, ServerStarted, Sync})
_UNSEEN = frozenset(UNSEEN)

#: Sockets that are gone and can still be named.
MAX_GONE = 5_000


class State:
    """One roster per server, the history, the log, and how much happens."""

    def __init__(
        self,
        *,
        max_records: int = 50_000,
        max_bytes: int = 128 * 1024 * 1024,
        max_log_lines: int = 20_000,
        max_gone: int = MAX_GONE,
        history: Records | None = None,
    ) -> None:
        """`history` in place of one that keeps what comes."""
        self.rosters: dict[str, Roster] = {}
        self.history: Records = History(max_records, max_bytes) if history is None else history
        self.log: deque[Log] = deque(maxlen=max_log_lines)
        #: Lines of the log ever seen, and records lost.
        self.log_lines = 0
        self.lost = 0
        #: Changes with whatever the views show.
        self.version = 0
        #: Wall time in nanoseconds of the last record.
        self.time = 0
        self._max_gone = max_gone
        #: How much happens on each server.
        self.meters: dict[str, Meter] = {}
        #: Events sent to each room that has members, and wall time in nanoseconds of the last one.
        self.room_events: dict[RoomKey, tuple[int, int]] = {}
        self._gone: OrderedDict[str, SocketInfo] = OrderedDict()
        self._labels: dict[str, tuple[SocketInfo, str]] = {}
        #: Whether the two belong to a later state, which knows better.
        self._names_only_read = False

    def apply(self, records: Iterable[AnyRecord]) -> None:
        """Fold records, in order."""
        for record in records:
            kind = type(record)
            server = record.server
            if server != CONSOLE:
                roster = self.rosters.get(server)
                if roster is None:
                    roster = self.rosters[server] = Roster()
                    self.meters[server] = Meter()
                if kind in _ENDING:
                    self._keep_going(roster, record)
                roster.apply(record)
                if kind in MEASURED:
                    self.meters[server].add(record)
                if kind in _ABOUT_ROOMS:
                    self._count_rooms(record)
            if isinstance(record, Log):
                self.log.append(record)
                self.log_lines += 1
            elif isinstance(record, Gap):
                self.lost += record.lost
            if kind not in _UNSEEN:
                self.history.append(record)
            self.version += 1
            self.time = record.time

    def copy(self) -> State:
        """A state that later changes of this one do not reach, and that can be folded on: its history is the same one,
        up to here, and the names of sockets that are gone are shared."""
        history = self.history
        upto = history.upto(history.end) if isinstance(history, Upto) else Upto(history, history.end)
        copy = State(max_gone=self._max_gone, history=upto)
        copy.rosters = {server: roster.copy() for server, roster in self.rosters.items()}
        copy.log = self.log.copy()
        copy.log_lines, copy.lost = self.log_lines, self.lost
        copy.version, copy.time = self.version, self.time
        copy.meters = {server: meter.copy() for server, meter in self.meters.items()}
        copy.room_events = self.room_events.copy()
        # names are the same at any time, and may be many
        copy._gone, copy._labels, copy._names_only_read = self._gone, self._labels, True
        return copy

    # sockets

    def sockets(self) -> Iterator[SocketInfo]:
        """The live sockets of all servers, those in a middleware included."""
        for roster in self.rosters.values():
            yield from roster.sockets.values()

    def socket_count(self) -> int:
        return sum(len(roster.sockets) for roster in self.rosters.values())

    def roster_of(self, id: str) -> Roster | None:
        """The roster in which a socket is live."""
        for roster in self.rosters.values():
            if id in roster.sockets:
                return roster
        return None

    def engine(self, id: str) -> EngineInfo | None:
        """A live connection."""
        for roster in self.rosters.values():
            if engine := roster.engines.get(id):
                return engine
        return None

    def server_of(self, id: str) -> str:
        """The server on which a socket is live, "" when it is on none."""
        return next((server for server, roster in self.rosters.items() if id in roster.sockets), "")

    def socket(self, id: str) -> SocketInfo | None:
        """A live socket."""
        for roster in self.rosters.values():
            if socket := roster.sockets.get(id):
                return socket
        return None

    def known(self, id: str) -> SocketInfo | None:
        """A socket, live or gone, as it was last."""
        return self.socket(id) or self._gone.get(id)

    def label(self, id: str) -> str:
        """What to call a socket, live or gone; not yet safe for the screen."""
        socket = self.socket(id) or self._gone.get(id)
        if socket is None:
            return short(id)
        cached = self._labels.get(id)
        if cached is None or cached[0] is not socket:
            cached = self._labels[id] = (socket, label(socket))
        return cached[1]

    def find(self, text: str, nsp: str) -> SocketInfo | None:
        """The one live socket of a namespace that a label or the beginning of an id names."""
        live = [socket for socket in self.sockets() if socket.nsp == nsp and socket.connected]
        named = [socket for socket in live if text in (socket.id, self.label(socket.id))]
        found = named or [socket for socket in live if socket.id.startswith(text)]
        return found[0] if len(found) == 1 else None

    def _keep_going(self, roster: Roster, record: AnyRecord) -> None:
        """Keep what is about to leave a roster, for the timeline to name."""
        match record:
            case Disconnected() | Refused():
                if socket := roster.sockets.get(record.socket):
                    if isinstance(record, Disconnected):
                        socket = msgspec.structs.replace(socket, rooms=record.rooms)
                    self._keep_gone(socket)
            case Sync():
                there = {each.socket.id for each in record.sockets}
                for socket in roster.sockets.values():
                    if socket.id not in there:
                        self._keep_gone(socket)
            case ServerStopped() | ServerStarted():
                for socket in roster.sockets.values():
                    self._keep_gone(socket)

    def _keep_gone(self, socket: SocketInfo) -> None:
        if self._names_only_read and socket.id in self._gone:
            return
        self._gone[socket.id] = socket
        if len(self._gone) > self._max_gone:
            old, _ = self._gone.popitem(last=False)
            self._labels.pop(old, None)

    # rooms

    def members(self, nsp: str, room: str) -> list[str]:
        """Ids of the connected sockets in a room, in the order in which they joined."""
        return [id for roster in self.rosters.values() for id in roster.rooms.get((nsp, room), ())]

    def _count_rooms(self, record: AnyRecord) -> None:
        """Count what is sent to each room; a room without members is no more, and neither is its count."""
        match record:
            case EventSent():
                for room in record.rooms:
                    key = record.nsp, room
                    if self._has_room(key):
                        self.room_events[key] = self.room_events.get(key, (0, 0))[0] + 1, record.time
            case RoomLeft():
                self._forget_room((record.nsp, record.room))
            case Disconnected():
                for room in record.rooms:
                    self._forget_room((record.nsp, room))
            case ServerStopped() | ServerStarted() | Sync():
                for key in list(self.room_events):
                    self._forget_room(key)

    def _has_room(self, key: RoomKey) -> bool:
        return any(key in roster.rooms for roster in self.rosters.values())

    def _forget_room(self, key: RoomKey) -> None:
        if key in self.room_events and not self._has_room(key):
            del self.room_events[key]

    # rates

    def meter(self, server: str) -> Meter:
        """How much happens on a server."""
        return self.meters.get(server) or Meter()

    def rates(self, now: int, span: int = SPAN) -> list[int]:
        """Events of each of the last `span` whole seconds, oldest first; `now` is wall time in nanoseconds."""
        rates = [meter.rates(way, now, span) for meter in self.meters.values() for way in ("received", "sent")]
        return [sum(each) for each in zip(*rates, strict=True)] if rates else [0] * span
