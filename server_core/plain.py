"""The Admin UI's own protocol: what a server tells of itself, made of records."""

from __future__ import annotations

import os
import socket as network
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from server_core import packets, records
from server_core.records import Record, SocketInfo, Sync
from server_core.roster import Roster

#: An event's name and its arguments.
Message = tuple[str, tuple[Any, ...]]

HOSTNAME = network.gethostname()


class Plain:
    """Folds records, and says each as the Admin UI wants to hear it."""

    def __init__(self, sync: Sync) -> None:
        self._roster = Roster()
        self._roster.apply(sync)
        #: Whether a console was told of no socket so far: the Admin UI shows none until a list holds one.
        self._empty = False

    def all_sockets(self) -> Message:
        """Who is there."""
        sockets = [self._serialize(socket) for socket in self._roster.sockets.values() if socket.connected]
        self._empty = not sockets
        return "all_sockets", (sockets,)

    def tell(self, batch: Sequence[Record]) -> list[Message]:
        """What these records say, in order."""
        out: list[Message] = []
        for record in batch:
            before = self._roster.sockets.get(getattr(record, "socket", "") or "")
            self._roster.apply(record)
            self._say(record, before, out)
        return out

    def _say(self, record: Record, before: SocketInfo | None, out: list[Message]) -> None:
        at = _iso(record.time)
        match record:
            case Sync():
                out.append(self.all_sockets())
            case records.Connected():
                if socket := self._roster.sockets.get(record.socket):
                    if self._empty:
                        out.append(self.all_sockets())
                    out.append(("socket_connected", (self._serialize(socket), at)))
            case records.Disconnected():
                if before and before.connected:
                    out.append(("socket_disconnected", (record.nsp, record.socket, record.reason, at)))
                    rooms = sorted({*record.rooms, *before.rooms}, key=lambda room: room != record.socket)
                    out += [("room_left", (record.nsp, room, record.socket, at)) for room in rooms]
            case records.EngineUpgraded():
                out += [
                    ("socket_updated", ({"id": each.id, "nsp": each.nsp, "transport": record.transport},))
                    for each in self._roster.sockets.values()
                    if each.engine == record.engine and each.connected
                ]
            case records.RoomJoined() if before and before.connected:
                out.append(("room_joined", (record.nsp, record.room, record.socket, at)))
            case records.RoomLeft() if before and before.connected:
                out.append(("room_left", (record.nsp, record.room, record.socket, at)))
            case records.AttributeSet() | records.AttributeDeleted() if before and before.connected:
                socket = self._roster.sockets[record.socket]
                out.append(("socket_updated", ({"id": socket.id, "nsp": socket.nsp, "data": _data(socket)},)))
            case records.EventReceived():
                if (values := record.values) is not None:
                    out.append(("event_received", (record.nsp, record.socket, values, at)))
            case records.EventSent():
                if (values := record.values) is not None:
                    to = (
                        [record.socket]
                        if record.socket
                        else self._roster.recipients(record.nsp, record.rooms, record.except_)
                    )
                    out += [("event_sent", (record.nsp, id, values, at)) for id in to]

    def _serialize(self, socket: SocketInfo) -> dict[str, Any]:
        """A socket as the Admin UI knows it: without its auth, as in Node."""
        engine = self._roster.engines.get(socket.engine)
        handshake = socket.handshake
        return {
            "id": socket.id,
            "clientId": socket.engine,
            "transport": engine.transport if engine else "",
            "nsp": socket.nsp,
            "data": _data(socket),
            "handshake": {
                "address": handshake.address,
                "headers": handshake.headers,
                "query": handshake.query,
                "issued": handshake.issued,
                "secure": handshake.secure,
                "time": handshake.time,
                "url": handshake.url,
                "xdomain": handshake.xdomain,
            },
            "rooms": sorted(socket.rooms, key=lambda room: (room != socket.id, room)),
        }


class Stats:
    """What is counted for `server_stats`, from one telling to the next, by the second."""

    def __init__(self, server_id: str) -> None:
        self._server_id = server_id
        self._started = time.time()
        self._counts: dict[tuple[int, str, str], int] = {}

    def count(self, batch: Sequence[Record]) -> None:
        for record in batch:
            match record:
                case records.EngineOpened():
                    self._add(record, "rawConnection")
                case records.EngineClosed():
                    self._add(record, "rawDisconnection", 1, record.reason)
                case records.EventReceived() | records.AckReceived():
                    self._add(record, "packetsIn")
                    self._add(record, "bytesIn", record.size)
                case records.EventSent():
                    self._add(record, "packetsOut", record.sockets)
                    self._add(record, "bytesOut", record.size * record.sockets)
                case records.AckSent():
                    self._add(record, "packetsOut")
                    self._add(record, "bytesOut", record.size)

    def take(self, roster: Roster, namespaces: Sequence[str]) -> dict[str, Any]:
        """`server_stats`, and begin again."""
        aggregated = [
            {"timestamp": second * 1000, "type": kind, "count": count} | ({"subType": sub} if sub else {})
            for (second, kind, sub), count in self._counts.items()
        ]
        self._counts.clear()
        names = dict.fromkeys((*namespaces, *sorted(roster.namespaces)))
        return {
            "serverId": self._server_id,
            "hostname": HOSTNAME,
            "pid": os.getpid(),
            "uptime": time.time() - self._started,
            "clientsCount": len(roster.engines),
            "pollingClientsCount": sum(engine.transport == "polling" for engine in roster.engines.values()),
            "aggregatedEvents": aggregated,
            "namespaces": [{"name": name, "socketsCount": len(roster.namespaces.get(name, ()))} for name in names],
        }

    def _add(self, record: Record, kind: str, by: int = 1, sub: str = "") -> None:
        key = record.time // 1_000_000_000, kind, sub
        self._counts[key] = self._counts.get(key, 0) + by


def _iso(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / 1e9, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _data(socket: SocketInfo) -> dict[str, Any]:
    """`socket.data` as the Admin UI shows it: what is attached to the socket."""
    data: dict[str, Any] = {}
    for name, text in socket.attributes.items():
        try:
            data[name] = packets.decode(text)
        except (msgspec.DecodeError, RecursionError):
            data[name] = text
    return data
