"""The Admin UI's protocol read as records: what Node's `@socket.io/admin-ui` and python-socketio's `sio.instrument()`
tell, with the quirks of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from console.link.plain_nodes import Nodes
from console.link.plain_sent import Sent
from console.link.plain_values import attributes_of, engine_of, nanoseconds, payload, socket_of, text_of
from server_core import records
from server_core.records import AnyRecord, EngineInfo, ServerInfo, SocketInfo, SocketSync
from server_core.roster import Roster

#: Who speaks: it shows in the order of `supportedFeatures`, and in what a handshake holds.
Kind = Literal["", "node", "python"]

#: What the protocol can ask for.
ACTING = ("EMIT", "JOIN", "LEAVE", "DISCONNECT")
LIBRARIES = {
    "": "the Admin UI's protocol",
    "node": "Socket.IO for Node.js with @socket.io/admin-ui",
    "python": "python-socketio with sio.instrument()",
}
#: Reasons after which the client's connection may go on without this socket.
_STAYS = ("client namespace disconnect", "server namespace disconnect", "client disconnect", "server disconnect")
#: Seconds that a connection may be without a socket before it is taken for closed: nobody tells.
_LINGER = 10.0
#: Seconds between a connection's start and its announcement, past which python-socketio only repeats itself.
_FRESH = 2.0
#: Seconds to wait for the list of sockets.
_LIST = 3.0
#: Seconds of silence after which an emit has been told of whole.
_TELLING = 0.08


class PlainReader:
    """One server's telling, as records.

    In a cluster each server tells of the sockets of all: `mine(nsp, id)` says whether records of this one are wanted,
    or another connection makes them. All are known here.
    """

    def __init__(
        self,
        server: str,
        *,
        hidden: str = "/admin",
        url: str = "",
        ping: float = 25.0,
        max_payload: int = 1_000_000,
        mine: Callable[[str, str], bool] = lambda _nsp, _id: True,
        epoch: int | None = None,
    ) -> None:
        self.server = server
        self.epoch = epoch or time.time_ns() // 1_000_000
        self._hidden = hidden
        self._ping = ping
        self._mine = mine
        self._seq = 0
        self._out: list[AnyRecord] = []
        self._sent: Sent | None = None
        #: When each socket was heard of, and each connection lost its last socket, on the clock of `tick`.
        self._confirmed: dict[str, float] = {}
        self._empty: dict[str, tuple[float, bool]] = {}  # with whether that socket was wanted
        self._now = 0.0
        self._resync = False
        self._shown: set[str] = set()
        self._nodes = Nodes()
        #: Ids of the sockets that records were made of.
        self._told: set[str] = set()
        self._begun = False
        self._waited = 0.0
        self.kind: Kind = ""
        #: Whether it tells of sockets and events, or of figures alone.
        self.development = False
        #: Whether it has said who is there.
        self.listed = False
        self.roster = Roster()
        self.roster.info = ServerInfo(url=url)
        #: Bytes of the largest message that the server takes.
        self.max_payload = max_payload
        #: Whether an emit can be addressed to several rooms: Socket.IO 3 for Node.js takes one.
        self.takes_rooms = True
        #: Whether it has told of an event that it sent: Socket.IO for Node.js does since version 4.5.
        self.tells_of_sent = False
        #: When it said something last, on the clock of `read`.
        self.heard = 0.0
        #: What was told of the sockets that are not wanted, since the call of `take` before the last one.
        self.elsewhere: list[AnyRecord] = []
        self._elsewhere: list[AnyRecord] = []

    def read(self, event: str, args: list[Any], now: float) -> None:
        """Take in one event of the admin namespace; what is malformed says nothing. `now`: a monotonic clock."""
        self._now = self.heard = now
        try:
            _READ[event](self, *args)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
            return

    def tick(self, now: float) -> None:
        """Let go of what has not been heard of for too long."""
        self._now = now
        if not self.listed:
            self._waited = self._waited or now
            if now - self._waited > _LIST:  # python-socketio sends it to another at times; its pings will tell
                self.listed = self._resync = True
        if self.kind == "python":
            patience = 2 * self._ping + 5
            for id, heard in list(self._confirmed.items()):
                if now - heard > patience and (socket := self.roster.sockets.get(id)):
                    self._gone(socket, time.time_ns(), "not heard of for two pings: it was refused, or lost")
        for engine, (since, mine) in list(self._empty.items()):
            if now - since > _LINGER:
                self._close(engine, time.time_ns(), "without a namespace", mine=mine)
        if silent := self._nodes.let_go(now):
            self._describe()
            if self.kind == "node":  # python-socketio repeats who is there with each ping
                why = f"{', '.join(silent)} of the cluster fell silent: what it had is listed still, and may be gone"
                self._add(records.Gap, time.time_ns(), lost=0, why=why)

    @property
    def waiting(self) -> bool:
        """Whether an emit is still being told of."""
        return self._sent is not None

    def take(self, now: float | None = None) -> list[AnyRecord]:
        """The records of what was read since the last call; the first is a sync.

        With `now`, an emit that is still being told of, one recipient after another, waits for the next call.
        """
        if now is None or self._sent is None or now - self._sent.heard > _TELLING:
            self._end_sent()
        self.elsewhere, self._elsewhere = self._elsewhere, []
        if not self.listed:
            return []
        if not self._begun:
            self._begun = True
            self._out = []
            self._resync = True
        if self._resync:
            self._resync = False
            self._sync()
        out, self._out = self._out, []
        return out

    def resync(self) -> list[AnyRecord]:
        """All that is live, as a record."""
        self._resync = True
        return self.take()

    def next_seq(self) -> int:
        """The position of a record that is made elsewhere."""
        self._seq += 1
        return self._seq

    def namespaces(self) -> set[str]:
        """The namespaces that the server has shown."""
        return self._shown | self.roster.namespaces.keys()

    # the server

    def config(self, config: Mapping[str, Any]) -> None:
        """What it can do. It is first to come, after a few that are of no matter."""
        features = [each for each in config.get("supportedFeatures", []) if isinstance(each, str)]
        self.development = "ALL_EVENTS" in features
        if "EMIT" in features:
            self.kind = "python" if features[0] == "AGGREGATED_EVENTS" else "node"
            self.takes_rooms = "MJOIN" in features
        self.can_act([each for each in ACTING if each in features])
        if not self.development:
            self.listed = True

    def can_act(self, features: list[str]) -> None:
        """Say what may be asked of it."""
        ignores = self.kind == "python" and not self.development
        acting = tuple(features) or (() if ignores else ("READ_ONLY",))
        if self.kind == "node" and "DISCONNECT" in acting:  # python-socketio's leaves the connection open
            acting += ("CLOSE",)
        library = LIBRARIES[self.kind] + ("" if self.development else " in production mode")
        self.roster.info = msgspec.structs.replace(self.roster.info, features=acting, library=library)
        self._resync = True

    def _stats(self, stats: dict[str, Any]) -> None:
        for each in stats.get("namespaces") or ():
            if isinstance(name := each.get("name"), str) and name != self._hidden:
                self._shown.add(name)
        if self._nodes.heard(stats, self._now):
            self._describe()

    def _describe(self) -> None:
        self.roster.info = self._nodes.describe(self.roster.info)
        self._resync = True

    # sockets

    def _all_sockets(self, sockets: list[dict[str, Any]]) -> None:
        was = self.roster
        self._end_sent()
        found: dict[str, SocketSync] = {}
        engines: dict[str, EngineInfo] = {}
        for each in sockets:
            if (socket := self._socket(each)) is None:
                continue
            before = was.sockets.get(socket.id)
            if before:
                socket = msgspec.structs.replace(socket, connected=before.connected)
            found[socket.id] = SocketSync(socket, was.counters_of(socket.id))
            engines[socket.engine] = was.engines.get(socket.engine) or engine_of(each, socket)
            self._confirmed[socket.id] = self._now
        self._confirmed = {id: heard for id, heard in self._confirmed.items() if id in found}
        self.roster.load(was.info, engines.values(), found.values())
        self.listed = True
        self._resync = False
        self._sync()

    def _connected(self, each: dict[str, Any], timestamp: Any = None) -> None:
        socket = self._socket(each)
        if socket is None:
            return
        at = nanoseconds(timestamp)
        self._confirmed[socket.id] = self._now
        known = self.roster.sockets.get(socket.id)
        if known:
            self._again(known, socket, each, at)
            return
        engine = engine_of(each, socket)
        if self.kind == "python" and at - socket.connecting > _FRESH * 1e9:
            # it was there before us, and is repeated with each ping
            self.roster.engines.setdefault(engine.id, engine)
            sync = SocketSync(socket, self.roster.counters_of(socket.id))
            everybody = [SocketSync(each, self.roster.counters_of(each.id)) for each in self.roster.sockets.values()]
            self.roster.load(self.roster.info, self.roster.engines.values(), [*everybody, sync])
            self._resync |= self._mine(socket.nsp, socket.id)
            return
        self._empty.pop(engine.id, None)
        who = self._who(socket.nsp, socket.id)
        mine = who["mine"]
        if engine.id not in self.roster.engines:
            opened = {"engine": engine.id, "transport": engine.transport, "address": engine.address}
            self._add(records.EngineOpened, engine.opened, mine=mine, **opened)
        if mine:
            self._told.add(socket.id)
        self._add(records.Connecting, socket.connecting or at, **who, engine=engine.id, handshake=socket.handshake)
        for room in sorted(socket.rooms - {socket.id}):
            self._add(records.RoomJoined, at, **who, room=room)
        for name, value in socket.attributes.items():
            self._add(records.AttributeSet, at, **who, name=name, value=value)
        self._add(records.Connected, at, **who)

    def _again(self, known: SocketInfo, socket: SocketInfo, each: dict[str, Any], at: int) -> None:
        """A socket that is known was announced again: what differs from before."""
        who = self._who(known.nsp, known.id)
        self._transport(known, each.get("transport"), at)
        for room in sorted(socket.rooms - known.rooms):
            self._add(records.RoomJoined, at, **who, room=room)
        for room in sorted(known.rooms - socket.rooms - {known.id}):
            self._add(records.RoomLeft, at, **who, room=room)
        if self.kind != "python":
            self._attributes(known, socket.attributes, at)

    def _updated(self, each: dict[str, Any]) -> None:
        known = self.roster.sockets.get(each["id"])
        if known is None:
            return
        at = time.time_ns()
        self._transport(known, each.get("transport"), at)
        if isinstance(data := each.get("data"), dict):
            self._attributes(known, attributes_of(data), at)

    def _transport(self, socket: SocketInfo, transport: Any, at: int) -> None:
        engine = self.roster.engines.get(socket.engine)
        if engine and isinstance(transport, str) and transport and transport != engine.transport:
            mine = self._wanted(socket.nsp, socket.id)
            self._add(records.EngineUpgraded, at, mine=mine, engine=engine.id, transport=transport)

    def _attributes(self, socket: SocketInfo, attributes: dict[str, str], at: int) -> None:
        who = self._who(socket.nsp, socket.id)
        for name, value in attributes.items():
            if socket.attributes.get(name) != value:
                self._add(records.AttributeSet, at, **who, name=name, value=value)
        for name in socket.attributes.keys() - attributes.keys():
            self._add(records.AttributeDeleted, at, **who, name=name)

    def _disconnected(self, nsp: str, id: str, reason: str, timestamp: Any = None) -> None:
        if socket := self._known(nsp, id):
            self._gone(socket, nanoseconds(timestamp), reason if isinstance(reason, str) else "")

    def _gone(self, socket: SocketInfo, at: int, reason: str) -> None:
        self._confirmed.pop(socket.id, None)
        who = self._who(socket.nsp, socket.id)
        mine = who["mine"]
        self._told.discard(socket.id)
        self._add(records.Disconnected, at, **who, reason=reason, rooms=socket.rooms)
        if not any(other.engine == socket.engine for other in self.roster.sockets.values()):
            if reason in _STAYS:
                self._empty[socket.engine] = self._now, mine
            else:
                self._close(socket.engine, at, reason, mine=mine)

    def _close(self, engine: str, at: int, reason: str, *, mine: bool) -> None:
        self._empty.pop(engine, None)
        if engine in self.roster.engines:
            self._add(records.EngineClosed, at, mine=mine, engine=engine, reason=reason)

    def _joined(self, nsp: str, room: str, id: str, timestamp: Any = None) -> None:
        socket = self._known(nsp, id)
        if socket and room not in socket.rooms:
            who = self._who(nsp, id)
            self._add(records.RoomJoined, nanoseconds(timestamp), **who, room=room)

    def _left(self, nsp: str, room: str, id: str, timestamp: Any = None) -> None:
        socket = self._known(nsp, id)
        if socket is None or room not in socket.rooms:
            return
        if room == id and self.kind == "python":
            # a socket that its connect handler refused is not said to be gone, but its rooms are
            self._gone(socket, nanoseconds(timestamp), "left its own room: it was refused, or is gone")
        else:
            who = self._who(nsp, id)
            self._add(records.RoomLeft, nanoseconds(timestamp), **who, room=room)

    # events

    def _received(self, nsp: str, id: str, values: list[Any], timestamp: Any = None) -> None:
        if nsp == self._hidden:
            return
        text, attachments = payload(values)
        who = self._who(text_of(nsp), text_of(id))
        self._add(records.EventReceived, nanoseconds(timestamp), **who, data=text, attachments=attachments)

    def _sent_to(self, nsp: str, id: str, values: list[Any], timestamp: Any = None) -> None:
        if nsp == self._hidden:
            return
        text, attachments = payload(values)
        at = nanoseconds(timestamp)
        self.tells_of_sent = True
        if not self._wanted(nsp, id):
            to: dict[str, Any] = {"socket": text_of(id), "nsp": text_of(nsp), "rooms": (id,), "sockets": 1}
            self._add(records.EventSent, at, mine=False, **to, data=text, attachments=attachments)
            return
        sent = self._sent
        if sent is None or not sent.takes(nsp, id, text, attachments, at):
            self._end_sent()
            sent = self._sent = Sent(text_of(nsp), text, attachments, at)
        sent.to[text_of(id)] = None
        sent.heard = self._now

    def _end_sent(self) -> None:
        sent, self._sent = self._sent, None
        if sent is None:
            return
        to = tuple(sent.to)
        one = to[0] if len(to) == 1 else ""
        fields: dict[str, Any] = {"data": sent.text, "attachments": sent.attachments}
        self._add(records.EventSent, sent.at, nsp=sent.nsp, rooms=to, sockets=len(to), socket=one, **fields)

    # all

    def _known(self, nsp: str, id: str) -> SocketInfo | None:
        socket = self.roster.sockets.get(id)
        return socket if socket and socket.nsp == nsp else None

    def _socket(self, each: dict[str, Any]) -> SocketInfo | None:
        """A socket as it is told of, None where it is a console's."""
        id, nsp = text_of(each["id"]), text_of(each["nsp"])
        if nsp == self._hidden:
            return None
        if not self.kind:
            self.kind = "node" if "xdomain" in each["handshake"] else "python"
            self.roster.info = msgspec.structs.replace(self.roster.info, library=LIBRARIES[self.kind])
            self._resync = True
        return socket_of(each, id, nsp)

    def _wanted(self, nsp: str, id: str) -> bool:
        """Whether records are made of a socket; of one that was another's so far, all that is known is told first."""
        mine = self._mine(nsp, id)
        if mine and id in self.roster.sockets and id not in self._told:
            self._resync = True
        return mine

    def _who(self, nsp: str, id: str) -> dict[str, Any]:
        return {"socket": id, "nsp": nsp, "mine": self._wanted(nsp, id)}

    def _sync(self) -> None:
        self._seq += 1
        now = time.time_ns()
        sync = self.roster.to_sync(server=self.server, epoch=self.epoch, seq=self._seq, time=now)
        mine = tuple(each for each in sync.sockets if self._mine(each.socket.nsp, each.socket.id))
        self._told = {each.socket.id for each in mine}
        if len(mine) < len(sync.sockets):
            theirs = {each.socket.engine for each in sync.sockets} - {each.socket.engine for each in mine}
            engines = tuple(engine for engine in sync.engines if engine.id not in theirs)
            sync = msgspec.structs.replace(sync, sockets=mine, engines=engines)
        self._out.append(sync)

    def _add(self, kind: type[Any], at: int, *, mine: bool = True, **fields: Any) -> None:
        if kind is not records.EventSent:
            self._end_sent()
        self._seq += mine
        record = kind(server=self.server, epoch=self.epoch, seq=self._seq, time=at, **fields)
        self.roster.apply(record)
        (self._out if mine else self._elsewhere).append(record)


_READ: dict[str, Callable[..., None]] = {
    "config": PlainReader.config,
    "server_stats": PlainReader._stats,
    "all_sockets": PlainReader._all_sockets,
    "socket_connected": PlainReader._connected,
    "socket_updated": PlainReader._updated,
    "socket_disconnected": PlainReader._disconnected,
    "room_joined": PlainReader._joined,
    "room_left": PlainReader._left,
    "event_received": PlainReader._received,
    "event_sent": PlainReader._sent_to,
}
