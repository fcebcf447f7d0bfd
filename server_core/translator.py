"""From what a server noted to records: on the draining thread, in the order in which it happened."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from server_core import packets, records
from server_core.records import EngineInfo, Record, ServerInfo, SocketInfo, SocketSync, Sync
from server_core.ring import Entry
from server_core.roster import Roster

logger = logging.getLogger("server_core")

#: Bytes past which a payload is cut.
MAX_PAYLOAD = 16 * 1024 * 1024

#: Events of one socket that may wait for an ack; of those before them none is timed.
MAX_ASKED = 10_000

#: Characters before the payload of a plain event: its type and an id.
_LONGEST = 17

_EventReceived, _AckSent = records.EventReceived, records.AckSent

Parts = tuple[str | bytes, ...]
#: A payload as records hold it.
Payload = dict[str, Any]


class _Partial:
    """A binary packet whose attachments are still to come."""

    def __init__(self, head: packets.Head) -> None:
        self.head = head
        self.attachments: list[bytes] = []


class _Live:
    """A socket, with what its events change."""

    __slots__ = ("asked", "asking", "id", "row")

    def __init__(self, id: str, row: list[int]) -> None:
        self.id = id
        #: Its counters, as `Roster.counting` gives them.
        self.row = row
        #: When its events that want an ack came, and those to it went: ack id → monotonic ns.
        self.asked: dict[int, int] = {}
        self.asking: dict[int, int] = {}


class Translator:
    """Makes records of noted entries, and folds them, so that it can say at any time what is live."""

    def __init__(self, server: str, epoch: int) -> None:
        self._server = server
        self._epoch = epoch
        self._seq = 0
        self._offset = 0
        self._out: list[Record] = []
        self.roster = Roster()
        #: Sockets by engine and namespace, those of "/" also by engine alone.
        self._live: dict[tuple[str, str], _Live] = {}
        self._main: dict[str, _Live] = {}
        self._partial: dict[str, _Partial] = {}
        self._refusing: dict[tuple[str, str], str] = {}
        #: Entries of which no record could be made.
        self.failed = 0

    def translate(self, entries: Iterable[Entry], dropped: int) -> list[Record]:
        """The records of these entries; a gap first when others were dropped before them."""
        self._offset = time.time_ns() - time.monotonic_ns()
        self._out = []
        if dropped:
            self._add(records.Gap, time.monotonic_ns(), lost=dropped, why="the server was faster than its ring")
        remaining = iter(entries)
        while True:
            try:
                self._translate(remaining)
            except Exception:  # what is wrong with one entry must not cost the others
                logger.exception("what a server noted could not be made a record")
                self.failed += 1
                self._add(records.Gap, time.monotonic_ns(), lost=1, why="no record could be made of it")
            else:
                return self._out

    def _translate(self, entries: Iterable[Entry]) -> None:
        """Make and fold records, those that there are most of (events and acks in "/") without a call for each.

        What is special about one goes the long way, through the method that its entry names.
        """
        received, sent = Translator.packet_received, Translator.packet_sent
        server, epoch, offset, add = self._server, self._epoch, self._offset, self._out.append
        main = self._main
        for make, at, size, first, text in entries:
            if make is received:
                live = main.get(first)
                if live is not None and text[:1] == "2" and size <= MAX_PAYLOAD:
                    start = text.find("[")
                    id = None
                    if start > 1 and text[1:start].isdecimal() and start < _LONGEST:
                        id = int(text[1:start])
                        live.asked[id] = at
                        if len(live.asked) > MAX_ASKED:  # nobody answers
                            del live.asked[next(iter(live.asked))]
                    if id is not None or start == 1:
                        self._seq = seq = self._seq + 1
                        time = at + offset
                        add(
                            _EventReceived(
                                server=server,
                                epoch=epoch,
                                seq=seq,
                                time=time,
                                socket=live.id,
                                data=text[start:],
                                id=id,
                            )
                        )
                        row = live.row
                        row[0] += 1
                        row[2] = time
                        row[3] += size - start
                        continue
            elif make is sent:
                live = main.get(first)
                if live is not None and text[:1] == "3" and size <= MAX_PAYLOAD:
                    start = text.find("[")
                    if 1 < start < _LONGEST and text[1:start].isdecimal():
                        id = int(text[1:start])
                        asked = live.asked.pop(id, None)
                        self._seq = seq = self._seq + 1
                        add(
                            _AckSent(
                                server=server,
                                epoch=epoch,
                                seq=seq,
                                time=at + offset,
                                socket=live.id,
                                data=text[start:],
                                id=id,
                                elapsed=None if asked is None else (at - asked) / 1e9,
                            )
                        )
                        live.row[4] += size - start
                        continue
            else:
                make(self, at, *first)
                continue
            make(self, at, first, text)

    def sync(self) -> Sync:
        """All that is live; its `seq` is that of the last record that it includes."""
        return self.roster.to_sync(server=self._server, epoch=self._epoch, seq=self._seq, time=time.time_ns())

    def _add(self, kind: type[Record], at: int, **fields: Any) -> None:
        self._seq += 1
        record = kind(server=self._server, epoch=self._epoch, seq=self._seq, time=at + self._offset, **fields)
        self.roster.apply(record)
        self._out.append(record)

    # server

    def server_started(self, at: int, info: ServerInfo) -> None:
        self._add(records.ServerStarted, at, info=info)

    def server_stopped(self, at: int, why: str) -> None:
        self._add(records.ServerStopped, at, why=why)

    def server_blocked(self, at: int, seconds: float, stack: str) -> None:
        self._add(records.ServerBlocked, at, seconds=seconds, stack=stack)

    def server_stats(self, at: int, lag: float, cpu: float, memory: int) -> None:
        self._add(records.ServerStats, at, lag=lag, cpu=cpu, memory=memory)

    def log(self, at: int, stream: Literal["stdout", "stderr"], text: str) -> None:
        self._add(records.Log, at, stream=stream, text=text)

    def census(self, at: int, found: tuple[list[EngineInfo], list[SocketInfo]]) -> None:
        engines, sockets = found
        known = self.roster.sockets
        syncs = []
        for socket in sockets:
            # the handshake and the session are known better from when they were noted
            if before := known.get(socket.id):
                handshake = before.handshake if before.handshake.auth != "{}" else socket.handshake
                socket = msgspec.structs.replace(
                    socket, handshake=handshake, connected=before.connected or socket.connected
                )
            syncs.append(SocketSync(socket, self.roster.counters_of(socket.id)))
        self._seq += 1
        self.roster.load(self.roster.info, engines, syncs)
        self._live, self._main = {}, {}
        for socket in sockets:
            self._enter(socket.id, socket.nsp, socket.engine)
        sync = self.roster.to_sync(server=self._server, epoch=self._epoch, seq=self._seq, time=at + self._offset)
        self._out.append(sync)

    # engine

    def engine_opened(self, at: int, engine: str, transport: str, address: str) -> None:
        self._add(records.EngineOpened, at, engine=engine, transport=transport, address=address)

    def engine_upgraded(self, at: int, engine: str, transport: str) -> None:
        self._add(records.EngineUpgraded, at, engine=engine, transport=transport)

    def engine_heartbeat(self, at: int, engine: str, rtt: float) -> None:
        self._add(records.EngineHeartbeat, at, engine=engine, rtt=rtt)

    def engine_closed(self, at: int, engine: str, reason: str) -> None:
        self._partial.pop(engine, None)
        self._add(records.EngineClosed, at, engine=engine, reason=reason)

    def engine_refused(self, at: int, status: int, message: str, address: str, url: str, origin: str) -> None:
        self._add(records.EngineRefused, at, status=status, message=message, address=address, url=url, origin=origin)

    # packets

    def packet_received(self, at: int, engine: str, data: str | bytes) -> None:
        if isinstance(data, bytes):
            self._bytes_received(at, engine, data)
            return
        try:
            head = packets.split(data)
        except ValueError:
            return  # the server closes the connection, and a record says why
        if head.attachments:
            self._partial[engine] = _Partial(head)
        else:
            self._received(at, engine, head, ())

    def _bytes_received(self, at: int, engine: str, data: bytes) -> None:
        partial = self._partial.get(engine)
        if partial is None:
            self._msgpack(at, engine, data, self._received)
            return
        partial.attachments.append(data)
        if len(partial.attachments) < partial.head.attachments:
            return
        del self._partial[engine]
        self._received(at, engine, partial.head, tuple(partial.attachments))

    def packet_sent(self, at: int, engine: str, encoded: str | Parts) -> None:
        text, *rest = (encoded,) if isinstance(encoded, str) else encoded
        if isinstance(text, bytes):
            self._msgpack(at, engine, text, self._sent)
            return
        self._sent(at, engine, packets.split(text), tuple(bytes(part) for part in rest if not isinstance(part, str)))

    def _msgpack(self, at: int, engine: str, data: bytes, then: Any) -> None:
        try:
            head, attachments = packets.split_msgpack(data)
        except ValueError:
            return
        then(at, engine, head, attachments)

    def _received(self, at: int, engine: str, head: packets.Head, attachments: tuple[bytes, ...]) -> None:
        live = self._live.get((engine, head.nsp))
        if live is None:
            return
        socket = live.id
        if head.type in (packets.EVENT, packets.BINARY_EVENT):
            if head.id is not None:
                _ask(live.asked, head.id, at)
            payload = _payload(head.data, attachments)
            self._add(records.EventReceived, at, socket=socket, nsp=head.nsp, id=head.id, **payload)
        elif head.type in (packets.ACK, packets.BINARY_ACK) and head.id is not None:
            self._ack(records.AckReceived, at, socket, head, attachments, live.asking)

    def _sent(self, at: int, engine: str, head: packets.Head, attachments: tuple[bytes, ...]) -> None:
        live = self._live.get((engine, head.nsp))
        socket = live.id if live else ""
        if head.type == packets.CONNECT_ERROR:
            self._refused(at, engine, socket, head)
        elif live is None:
            return
        elif head.type == packets.CONNECT:
            self._add(records.Connected, at, socket=socket, nsp=head.nsp)
        elif head.type in (packets.EVENT, packets.BINARY_EVENT):
            if head.id is not None:
                _ask(live.asking, head.id, at)
            fields = _payload(head.data, attachments)
            self._add(
                records.EventSent, at, nsp=head.nsp, rooms=(socket,), sockets=1, socket=socket, id=head.id, **fields
            )
        elif head.type in (packets.ACK, packets.BINARY_ACK) and head.id is not None:
            self._ack(records.AckSent, at, socket, head, attachments, live.asked)

    def _ack(
        self,
        kind: type[Record],
        at: int,
        socket: str,
        head: packets.Head,
        attachments: tuple[bytes, ...],
        asked_by_id: dict[int, int],
    ) -> None:
        ack_id = head.id or 0
        asked = asked_by_id.pop(ack_id, None)
        elapsed = None if asked is None else (at - asked) / 1e9
        payload = _payload(head.data, attachments)
        self._add(kind, at, socket=socket, nsp=head.nsp, id=ack_id, elapsed=elapsed, **payload)

    def broadcast(
        self, at: int, nsp: str, rooms: tuple[Any, ...] | None, skip: tuple[str, ...], sockets: int, parts: Parts
    ) -> None:
        text, *rest = parts
        if isinstance(text, bytes):
            try:
                head, attachments = packets.split_msgpack(text)
            except ValueError:
                return
        else:
            head = packets.split(text)
            attachments = tuple(bytes(part) for part in rest if not isinstance(part, str))
        to = () if rooms is None else tuple(map(str, rooms))
        one = to[0] if len(to) == 1 and sockets == 1 and to[0] in self.roster.sockets else ""
        if rooms is not None and not to:
            return  # addressed to nobody
        payload = _payload(head.data, attachments)
        self._add(
            records.EventSent, at, nsp=nsp, rooms=to, except_=skip, sockets=sockets, socket=one, id=head.id, **payload
        )

    # sockets

    def connecting(
        self, at: int, socket: str, nsp: str, engine: str, handshake: records.Handshake, recovered: bool
    ) -> None:
        fields = {"socket": socket, "nsp": nsp, "engine": engine, "handshake": handshake, "recovered": recovered}
        self._add(records.Connecting, at, **fields)
        self._enter(socket, nsp, engine)

    def _enter(self, socket: str, nsp: str, engine: str) -> None:
        live = self._live[engine, nsp] = _Live(socket, self.roster.counting(socket))
        if nsp == "/":
            self._main[engine] = live

    def refusing(self, _at: int, engine: str, nsp: str, by: str) -> None:
        self._refusing[engine, nsp] = by

    def _refused(self, at: int, engine: str, socket: str, head: packets.Head) -> None:
        try:
            answer = msgspec.json.decode(head.data) if head.data else None
        except msgspec.DecodeError:
            answer = head.data
        message, data = answer, None
        if isinstance(answer, dict):
            message, data = answer.get("message", ""), answer.get("data")
        if (known := self.roster.sockets.get(socket)) and known.connected:
            socket = ""  # it asked again, and stays what it was
        else:
            self._forget(engine, head.nsp, socket)
        self._add(
            records.Refused,
            at,
            engine=engine,
            nsp=head.nsp,
            socket=socket,
            message=message if isinstance(message, str) else msgspec.json.encode(message).decode(),
            data="" if data is None else msgspec.json.encode(data).decode(),
            by=self._refusing.pop((engine, head.nsp), ""),
        )

    def disconnecting(self, at: int, socket: str, nsp: str, reason: str) -> None:
        self._add(records.Disconnecting, at, socket=socket, nsp=nsp, reason=reason)

    def disconnected(self, at: int, socket: str, nsp: str, reason: str, rooms: frozenset[str]) -> None:
        if (known := self.roster.sockets.get(socket)) is None:
            return  # refused before
        self._forget(known.engine, nsp, socket)
        self._add(records.Disconnected, at, socket=socket, nsp=nsp, reason=reason, rooms=rooms)

    def _forget(self, engine: str, nsp: str, socket: str) -> None:
        """Its packets are nobody's from now on, unless its client is another socket there already."""
        if (live := self._live.get((engine, nsp))) is None or live.id != socket:
            return
        del self._live[engine, nsp]
        if nsp == "/":
            self._main.pop(engine, None)

    def room_joined(self, at: int, socket: str, nsp: str, room: str) -> None:
        self._add(records.RoomJoined, at, socket=socket, nsp=nsp, room=room)

    def room_left(self, at: int, socket: str, nsp: str, room: str) -> None:
        self._add(records.RoomLeft, at, socket=socket, nsp=nsp, room=room)

    def attribute_set(self, at: int, socket: str, nsp: str, name: str, value: str) -> None:
        self._add(records.AttributeSet, at, socket=socket, nsp=nsp, name=name, value=value)

    def attribute_deleted(self, at: int, socket: str, nsp: str, name: str) -> None:
        self._add(records.AttributeDeleted, at, socket=socket, nsp=nsp, name=name)

    def attributes_are(self, at: int, socket: str, nsp: str, attributes: Mapping[str, str]) -> None:
        if (known := self.roster.sockets.get(socket)) is None:
            return
        for name, value in attributes.items():
            if known.attributes.get(name) != value:
                self.attribute_set(at, socket, nsp, name, value)
        for name in known.attributes.keys() - attributes.keys():
            self.attribute_deleted(at, socket, nsp, name)

    def event_blocked(self, at: int, socket: str, nsp: str, data: str, message: str) -> None:
        self._add(records.EventBlocked, at, socket=socket, nsp=nsp, message=message, **_payload(data, ()))

    def event_simulated(self, at: int, socket: str, nsp: str, data: str, attachments: tuple[bytes, ...]) -> None:
        payload = _payload(data, attachments)
        self._add(records.EventReceived, at, socket=socket, nsp=nsp, simulated=True, **payload)

    def exception(self, at: int, where: str, type_: str, message: str, traceback: str, socket: str, nsp: str) -> None:
        self._add(
            records.HandlerException,
            at,
            where=where,
            type=type_,
            message=message,
            traceback=traceback,
            socket=socket,
            nsp=nsp,
        )

    def commanded(self, at: int, by: str, command: records.Command, result: records.CommandResult) -> None:
        self._add(records.Commanded, at, by=by, command=command, result=result)


def _ask(asked: dict[int, int], id: int, at: int) -> None:
    """Remember when an event that wants an ack was sent."""
    asked[id] = at
    if len(asked) > MAX_ASKED:  # nobody answers
        del asked[next(iter(asked))]


def _payload(data: str, attachments: tuple[bytes, ...]) -> Payload:
    """A payload's fields, cut past `MAX_PAYLOAD`: then with its whole length and its digest."""
    length = len(data) + sum(map(len, attachments))
    if length <= MAX_PAYLOAD:
        return {"data": data, "attachments": attachments} if attachments else {"data": data}
    digest = hashlib.sha256(data.encode(errors="replace"))
    room = MAX_PAYLOAD - min(len(data), MAX_PAYLOAD)
    kept: list[bytes] = []
    for attachment in attachments:
        digest.update(attachment)
        kept.append(attachment[:room])
        room -= len(kept[-1])
    return {
        "data": data[:MAX_PAYLOAD],
        "attachments": tuple(kept),
        "length": length,
        "digest": digest.hexdigest(),
    }
