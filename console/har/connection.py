"""One Engine.IO connection of a HAR file, played through to note what its server saw."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec

from console.har.entries import Entry, unbase64
from server_core import packets
from server_core.packets import Head
from server_core.records import (
    AckReceived,
    AckSent,
    AnyRecord,
    Connected,
    Connecting,
    Disconnected,
    Disconnecting,
    EngineClosed,
    EngineHeartbeat,
    EngineOpened,
    EngineUpgraded,
    EventReceived,
    EventSent,
    Handshake,
    Record,
    Refused,
)

R = TypeVar("R", bound=Record)

_SEPARATOR = "\x1e"


class Frame(NamedTuple):
    """One Engine.IO packet; a binary one is a message's attachment."""

    time: int
    #: Whether the client sent it.
    sent: bool
    content: str | bytes
    transport: str


class Note(NamedTuple):
    """A record that has no place in the order yet."""

    time: int
    kind: type[Record]
    fields: dict[str, Any]


class Notes:
    """What was seen of all connections."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        #: Packets that could not be read.
        self.unreadable = 0

    def records(self, *, epoch: int) -> Iterator[AnyRecord]:
        """All of it as records, in the order of time."""
        for seq, note in enumerate(sorted(self.notes, key=lambda note: note.time), 1):
            record: Any = note.kind(epoch=epoch, seq=seq, time=note.time, **note.fields)
            yield record


class _Pending(NamedTuple):
    """A packet whose attachments are still to come."""

    time: int
    head: Head
    attachments: list[bytes]


class Connection:
    """The entries that belong to it, the one that opened it first; `play` notes what happened."""

    def __init__(self, sid: str, entries: Sequence[Entry], notes: Notes) -> None:
        first = entries[0]
        parts = urlsplit(first.request.url)
        self.sid = sid
        self.server = parts.netloc.rpartition("@")[2] or "server"
        self._secure = parts.scheme in ("https", "wss")
        self.url = f"{'https' if self._secure else 'http'}://{self.server}"
        self._first = first
        self._notes = notes
        self._frames: list[Frame] = []
        self._closed = 0
        self._transport = ""
        self.noted = False
        #: The namespaces that it asked for and has no answer from yet: when, and the auth.
        self._asked: dict[str, deque[tuple[int, str]]] = {}
        #: Namespace → the socket that it has there, with what it joined.
        self._sockets: dict[str, str] = {}
        #: The same of those that are gone: a poll may end after its client has said goodbye.
        self._former: dict[str, str] = {}
        self._pending: dict[bool, _Pending | None] = {True: None, False: None}
        #: When the events that want an ack came or went, by who sent them, namespace and id.
        self._waiting: dict[tuple[bool, str, int], int] = {}
        self._pinged: int | None = None
        for entry in entries:
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        if entry.messages is not None:
            for message in entry.messages:
                self._frames.append(Frame(message.at, message.type == "send", message.content, "websocket"))
            last = entry.messages[-1].at if entry.messages else entry.start
            self._closed = max(self._closed, entry.end, last)
            return
        for packet in filter(None, entry.sent.split(_SEPARATOR)):
            self._frames.append(Frame(entry.start, True, _polled(packet), "polling"))
        if entry.received != "ok":
            for packet in filter(None, entry.received.split(_SEPARATOR)):
                self._frames.append(Frame(entry.end, False, _polled(packet), "polling"))
        self._closed = max(self._closed, entry.end)

    def play(self) -> None:
        """Note what its packets say, in the order of time."""
        for frame in sorted(self._frames, key=lambda frame: frame.time):
            if not self._transport:
                self._transport = frame.transport
                self._note(frame.time, EngineOpened, engine=self.sid, transport=frame.transport)
            if isinstance(frame.content, bytes):
                self._binary(frame.time, frame.sent, frame.content)
            else:
                self._engine_packet(frame, frame.content[:1], frame.content[1:])

    def end(self) -> None:
        """Nothing follows: its sockets are gone, and so is it."""
        if not self.noted:
            return
        for nsp in list(self._sockets):
            self._gone(self._closed, nsp, "transport close")
        self._note(self._closed, EngineClosed, engine=self.sid, reason="transport close")

    # Engine.IO

    def _engine_packet(self, frame: Frame, kind: str, rest: str) -> None:
        match kind, rest:
            case "4", _:
                self._packet(frame.time, frame.sent, rest)
            case "5", _ if frame.sent:
                self._transport = frame.transport
                self._note(frame.time, EngineUpgraded, engine=self.sid, transport=frame.transport)
            case "2", "" if not frame.sent:
                self._pinged = frame.time
            case "3", "" if frame.sent and self._pinged is not None:
                rtt = (frame.time - self._pinged) / 1e9
                self._note(frame.time, EngineHeartbeat, engine=self.sid, rtt=rtt)
                self._pinged = None
            case (("0" | "1" | "2" | "3" | "6"), _):
                pass
            case _:
                self._notes.unreadable += 1

    def _binary(self, time: int, sent: bool, data: bytes) -> None:
        pending = self._pending[sent]
        if pending is None:  # the msgpack parser's packets are binary throughout
            try:
                head, attachments = packets.split_msgpack(data)
            except ValueError:
                self._notes.unreadable += 1
                return
            self._socket_packet(time, sent, head, attachments)
            return
        pending.attachments.append(data)
        if len(pending.attachments) >= pending.head.attachments:
            self._pending[sent] = None
            self._socket_packet(pending.time, sent, pending.head, tuple(pending.attachments))

    # Socket.IO

    def _packet(self, time: int, sent: bool, text: str) -> None:
        try:
            head = packets.split(text)
        except ValueError:
            self._notes.unreadable += 1
            return
        if head.attachments:
            self._pending[sent] = _Pending(time, head, [])
        else:
            self._socket_packet(time, sent, head, ())

    def _socket_packet(self, time: int, sent: bool, head: Head, attachments: tuple[bytes, ...]) -> None:
        match head.type:
            case packets.CONNECT if sent:
                self._asked.setdefault(head.nsp, deque()).append((time, head.data or "{}"))
            case packets.CONNECT:
                self._accepted(time, head)
            case packets.CONNECT_ERROR:
                self._refused(time, head)
            case packets.DISCONNECT:
                self._gone(time, head.nsp, "client namespace disconnect" if sent else "server namespace disconnect")
            case packets.EVENT | packets.BINARY_EVENT:
                self._event(time, sent, head, attachments)
            case packets.ACK | packets.BINARY_ACK:
                self._ack(time, sent, head, attachments)

    def _accepted(self, time: int, head: Head) -> None:
        asked = self._asked.get(head.nsp)
        at, auth = asked.popleft() if asked else (time, "{}")
        socket = str(_object(head.data).get("sid", "")) or f"{self.sid}{head.nsp}"
        self._sockets[head.nsp] = socket
        fields = {"socket": socket, "nsp": head.nsp}
        self._note(at, Connecting, engine=self.sid, handshake=self._handshake(auth), **fields)
        self._note(time, Connected, **fields)

    def _refused(self, time: int, head: Head) -> None:
        asked = self._asked.get(head.nsp)
        if asked:
            asked.popleft()
        error = _object(head.data)
        data = msgspec.json.encode(error["data"]).decode() if "data" in error else ""
        self._note(
            time, Refused, engine=self.sid, nsp=head.nsp, message=str(error.get("message", head.data)), data=data
        )

    def _gone(self, time: int, nsp: str, reason: str) -> None:
        socket = self._sockets.pop(nsp, None)
        if socket is not None:
            self._former[nsp] = socket
            self._note(time, Disconnecting, socket=socket, nsp=nsp, reason=reason)
            self._note(time, Disconnected, socket=socket, nsp=nsp, reason=reason, rooms=frozenset({socket}))

    def _event(self, time: int, sent: bool, head: Head, attachments: tuple[bytes, ...]) -> None:
        fields = {"socket": self._socket(head.nsp), "nsp": head.nsp, "data": head.data, "attachments": attachments}
        if head.id is not None:
            self._waiting[sent, head.nsp, head.id] = time
        if sent:
            self._note(time, EventReceived, id=head.id, **fields)
        else:
            self._note(time, EventSent, id=head.id, sockets=1, **fields)

    def _ack(self, time: int, sent: bool, head: Head, attachments: tuple[bytes, ...]) -> None:
        if head.id is None:
            self._notes.unreadable += 1
            return
        asked = self._waiting.pop((not sent, head.nsp, head.id), None)
        self._note(
            time,
            AckReceived if sent else AckSent,
            socket=self._socket(head.nsp),
            nsp=head.nsp,
            data=head.data,
            attachments=attachments,
            id=head.id,
            elapsed=None if asked is None else (time - asked) / 1e9,
        )

    def _socket(self, nsp: str) -> str:
        """Its socket in a namespace; where the beginning is missing, one by the connection's name."""
        if nsp not in self._sockets and nsp in self._former:
            return self._former[nsp]
        return self._sockets.setdefault(nsp, f"{self.sid}{nsp}")

    def _handshake(self, auth: str) -> Handshake:
        entry = self._first
        parts = urlsplit(entry.request.url)
        headers = {pair.name.lower(): pair.value for pair in entry.request.headers if not pair.name.startswith(":")}
        return Handshake(
            headers=headers,
            query=dict(entry.query),
            auth=auth,
            time=entry.started.isoformat(),
            issued=entry.start // 1_000_000,
            url=f"{parts.path}?{parts.query}",
            xdomain="origin" in headers,
            secure=self._secure,
        )

    def _note(self, time: int, kind: type[R], **fields: Any) -> None:
        self.noted = True
        self._notes.notes.append(Note(time, kind, {"server": self.server, **fields}))


def opened_as(entry: Entry) -> str:
    """The id of the connection that an entry opened, "" when it opened none."""
    received = [each.data for each in entry.messages if each.type == "receive"] if entry.messages else []
    first = received[0] if received else entry.received.partition(_SEPARATOR)[0]
    return str(_object(first[1:]).get("sid", "")) if first.startswith("0{") else ""


def _polled(packet: str) -> str | bytes:
    """One packet of a polling body."""
    return unbase64(packet[1:]) if packet.startswith("b") else packet


def _object(text: str) -> dict[str, Any]:
    """A JSON object, empty where the text is none."""
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        return {}
