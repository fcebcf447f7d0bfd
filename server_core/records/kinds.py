"""The kinds of records: each says one thing that happened on one server."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Literal

import msgspec

from server_core import packets
from server_core.records.commands import Command, CommandResult
from server_core.records.live import EngineInfo, Handshake, ServerInfo, SocketSync

#: `Record.server` of what the console itself saw or did (the child's output, its start, its end).
CONSOLE = "console"


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", dict=True):
    """What every record has. Order is (epoch, seq) within a server; only time orders records of several servers."""

    server: str
    #: Start of that server process, in milliseconds since the epoch: a reload starts a new one.
    epoch: int
    #: Position in this server's stream, from 1.
    seq: int
    #: Wall time in nanoseconds.
    time: int

    @property
    def kind(self) -> str:
        """The tag on the wire and in files: `event_received`."""
        return str(self.__struct_config__.tag)


class SocketRecord(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A record about one socket of one namespace."""

    socket: str
    nsp: str = "/"


class PayloadRecord(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A record with a payload: JSON text of a list, binary parts as `{"_placeholder": true, "num": i}`."""

    #: The one socket it came from or went to; empty for an emit to several.
    socket: str = ""
    nsp: str = "/"
    data: str = "[]"
    attachments: tuple[bytes, ...] = ()
    #: Where `data` or `attachments` were cut: their whole length in bytes and its SHA-256; 0 and "" when they were not.
    length: int = 0
    digest: str = ""

    @cached_property
    def values(self) -> list[Any] | None:
        """The decoded payload, attachments in place; None when it is not a JSON list (cut, or malformed)."""
        try:
            values = packets.decode(self.data, self.attachments)
        except (msgspec.DecodeError, RecursionError):
            return None
        return values if isinstance(values, list) else None

    @property
    def size(self) -> int:
        """Bytes of the payload, attachments included, as it was before any cut."""
        if self.length:
            return self.length
        return len(self.data) + sum(map(len, self.attachments)) if self.attachments else len(self.data)


class EventRecord(PayloadRecord, frozen=True, kw_only=True, omit_defaults=True):
    """A record whose payload is `[event, ...args]`."""

    @property  # finding the name costs less than keeping it
    def event(self) -> str:
        """The event's name; what can be read of it when the payload was cut."""
        end = self.data.find('"', 2)
        if self.data.startswith('["') and end > 0 and "\\" not in self.data[:end]:
            return self.data[2:end]
        values = self.values
        return str(values[0]) if values else self.data[:80]

    @property
    def args(self) -> list[Any] | None:
        """The event's arguments, None when the payload can't be decoded."""
        return None if self.values is None else self.values[1:]


# Server


class Sync(Record, frozen=True, kw_only=True, omit_defaults=True, tag="sync"):
    """All that is live: the first record of every stream and file, and again after every gap and reload."""

    info: ServerInfo = ServerInfo()
    engines: tuple[EngineInfo, ...] = ()
    sockets: tuple[SocketSync, ...] = ()


class Gap(Record, frozen=True, kw_only=True, omit_defaults=True, tag="gap"):
    """Records were lost here; a sync follows."""

    lost: int
    why: str


class ServerStarted(Record, frozen=True, kw_only=True, omit_defaults=True, tag="server_started"):
    """The server accepts connections."""

    info: ServerInfo


class ServerStopped(Record, frozen=True, kw_only=True, omit_defaults=True, tag="server_stopped"):
    """The server's process ended; `code` is its exit code, negative for a signal's number."""

    why: str
    code: int = 0


class ServerLost(Record, frozen=True, kw_only=True, omit_defaults=True, tag="server_lost"):
    """The console's connection to the server broke: what is known of it stays, and is as old as this record."""

    why: str


class ServerBlocked(Record, frozen=True, kw_only=True, omit_defaults=True, tag="server_blocked"):
    """The event loop was held for `seconds`; `stack` says by what, innermost call last."""

    seconds: float
    stack: str = ""


class ServerReloaded(Record, frozen=True, kw_only=True, omit_defaults=True, tag="server_reloaded"):
    """The console started the server's process again, for these files changed; a new epoch follows."""

    files: tuple[str, ...] = ()


class ServerStats(Record, frozen=True, kw_only=True, omit_defaults=True, tag="server_stats"):
    """How the process is, once a second."""

    #: Seconds by which the event loop answered late, at worst, since the last such record.
    lag: float
    #: CPU seconds that the process has used, and bytes of memory that it holds now.
    cpu: float = 0.0
    memory: int = 0


class Log(Record, frozen=True, kw_only=True, omit_defaults=True, tag="log"):
    """One line that the app wrote."""

    stream: Literal["stdout", "stderr", "console"]
    text: str


# Engine.IO connections


class EngineRefused(Record, frozen=True, kw_only=True, omit_defaults=True, tag="engine_refused"):
    """An HTTP request that became no connection (CORS, bad request, unknown transport)."""

    status: int
    message: str
    address: str = ""
    url: str = ""
    origin: str = ""


class EngineOpened(Record, frozen=True, kw_only=True, omit_defaults=True, tag="engine_opened"):
    engine: str
    transport: str
    address: str = ""


class EngineUpgraded(Record, frozen=True, kw_only=True, omit_defaults=True, tag="engine_upgraded"):
    engine: str
    transport: str


class EngineHeartbeat(Record, frozen=True, kw_only=True, omit_defaults=True, tag="engine_heartbeat"):
    """RTT in seconds, from PING sent to PONG received."""

    engine: str
    rtt: float


class EngineClosed(Record, frozen=True, kw_only=True, omit_defaults=True, tag="engine_closed"):
    engine: str
    reason: str


# Sockets


class Connecting(SocketRecord, frozen=True, kw_only=True, omit_defaults=True, tag="connecting"):
    """A CONNECT packet came; the middlewares have not answered yet."""

    engine: str
    handshake: Handshake
    #: Whether it is a socket that was cut off and came back.
    recovered: bool = False


class Connected(SocketRecord, frozen=True, kw_only=True, omit_defaults=True, tag="connected"):
    """The socket is accepted, and in its own room."""


class Refused(Record, frozen=True, kw_only=True, omit_defaults=True, tag="refused"):
    """The client got CONNECT_ERROR: the `message`, and `data` (JSON text) when there was any."""

    engine: str
    nsp: str = "/"
    #: Empty where no socket was made (an unknown namespace).
    socket: str = ""
    message: str
    data: str = ""
    #: The middleware that refused, when known.
    by: str = ""


class Disconnecting(SocketRecord, frozen=True, kw_only=True, omit_defaults=True, tag="disconnecting"):
    reason: str


class Disconnected(SocketRecord, frozen=True, kw_only=True, omit_defaults=True, tag="disconnected"):
    """The socket is gone; `rooms` are those that it was in."""

    reason: str
    rooms: frozenset[str] = frozenset()


class RoomJoined(SocketRecord, frozen=True, kw_only=True, omit_defaults=True, tag="room_joined"):
    room: str


class RoomLeft(SocketRecord, frozen=True, kw_only=True, omit_defaults=True, tag="room_left"):
    room: str


class AttributeSet(SocketRecord, frozen=True, kw_only=True, omit_defaults=True, tag="attribute_set"):
    """An attached attribute has this value now (JSON text)."""

    name: str
    value: str


class AttributeDeleted(SocketRecord, frozen=True, kw_only=True, omit_defaults=True, tag="attribute_deleted"):
    name: str


# Events


class EventReceived(EventRecord, frozen=True, kw_only=True, omit_defaults=True, tag="event_received"):
    """A client's event reached the server; `id` is there when the client wants an ack."""

    id: int | None = None
    #: Whether no client sent it: a console's `Simulate` did.
    simulated: bool = False


class EventSent(EventRecord, frozen=True, kw_only=True, omit_defaults=True, tag="event_sent"):
    """The server emitted once, to `sockets` sockets: members of `rooms` (none: the whole namespace) less `except_`."""

    rooms: tuple[str, ...] = ()
    except_: tuple[str, ...] = msgspec.field(default=(), name="except")
    sockets: int
    id: int | None = None


class AckSent(PayloadRecord, frozen=True, kw_only=True, omit_defaults=True, tag="ack_sent"):
    """The server answered the client's event `id`, `elapsed` seconds after it came."""

    id: int
    elapsed: float | None = None


class AckReceived(PayloadRecord, frozen=True, kw_only=True, omit_defaults=True, tag="ack_received"):
    """The client answered the server's event `id`, `elapsed` seconds after it was sent."""

    id: int
    elapsed: float | None = None


class EventBlocked(EventRecord, frozen=True, kw_only=True, omit_defaults=True, tag="event_blocked"):
    """A `socket.use` middleware kept the event from its handlers: its error's `message`, or "" when it was dropped."""

    message: str = ""


class HandlerException(Record, frozen=True, kw_only=True, omit_defaults=True, tag="exception"):
    """The app raised; `where` names the handler or middleware, with its event."""

    where: str
    type: str
    message: str
    traceback: str
    socket: str = ""
    nsp: str = "/"


class Commanded(Record, frozen=True, kw_only=True, omit_defaults=True, tag="command"):
    """A console's command, and what came of it."""

    by: str
    command: Command
    result: CommandResult


AnyRecord = (
    Sync
    | Gap
    | ServerStarted
    | ServerStopped
    | ServerLost
    | ServerBlocked
    | ServerReloaded
    | ServerStats
    | Log
    | EngineRefused
    | EngineOpened
    | EngineUpgraded
    | EngineHeartbeat
    | EngineClosed
    | Connecting
    | Connected
    | Refused
    | Disconnecting
    | Disconnected
    | RoomJoined
    | RoomLeft
    | AttributeSet
    | AttributeDeleted
    | EventReceived
    | EventSent
    | AckSent
    | AckReceived
    | EventBlocked
    | HandlerException
    | Commanded
)


def stands_for(record: Record) -> int:
    """How many records are lost with this one: a gap stands for those that were lost before it, and of a sync nothing
    is, for another takes its place."""
    match record:
        case Gap():
            return record.lost
        case Sync():
            return 0
    return 1
