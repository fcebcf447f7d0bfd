"""The `Record` types and their encodings: the one schema that server, console and recordings share.

A record says one thing that happened on one server. It holds immutable values only, never the app's own objects.
Payloads stay JSON text, as they were on the wire; whoever shows or searches one decodes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Literal, get_args

import msgspec

from server_core import packets

#: Version of the schema, in the header of every recording and in the `config` of every admin server.
SCHEMA_VERSION = 1

#: `Record.server` of what the console itself saw or did (the child's output, its start, its end).
CONSOLE = "console"


class Handshake(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `socket.handshake` holds: the first Engine.IO request, and the auth of this namespace's CONNECT packet."""

    headers: dict[str, str] = {}
    query: dict[str, str | list[str]] = {}
    #: JSON text of the auth object.
    auth: str = "{}"
    time: str = ""
    #: Milliseconds since the epoch.
    issued: int = 0
    #: Path and query, as requested.
    url: str = ""
    #: The peer's IP address.
    address: str = ""
    xdomain: bool = False
    secure: bool = False


#: Round trips that an `EngineInfo` remembers.
MAX_RTTS = 20


class EngineInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One Engine.IO connection; the namespaces' sockets share it."""

    id: str
    transport: str
    address: str = ""
    #: Wall time in nanoseconds.
    opened: int = 0
    #: Wall time in nanoseconds of the upgrade to `transport`, 0 when it began with it.
    upgraded: int = 0
    #: Seconds from PING sent to PONG received: the last ones measured, oldest first.
    rtts: tuple[float, ...] = ()

    @property
    def rtt(self) -> float | None:
        """Seconds from PING sent to PONG received, the last one measured."""
        return self.rtts[-1] if self.rtts else None


class SocketInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One socket of one namespace, as it is now."""

    id: str
    nsp: str
    engine: str
    handshake: Handshake = Handshake()
    #: Wall time in nanoseconds of the CONNECT packet, and of its acceptance (0 while a middleware holds it).
    connecting: int = 0
    connected: int = 0
    rooms: frozenset[str] = frozenset()
    #: Attached attributes (a stock server's session): name → JSON text.
    attributes: dict[str, str] = {}


class SocketCounters(msgspec.Struct, frozen=True, array_like=True):
    """Events that one socket sent to the server (`received`) and got from it (`sent`), and when the last one was."""

    received: int = 0
    sent: int = 0
    #: Wall time in nanoseconds of the last event, 0 when there was none.
    last: int = 0
    #: Bytes of the payloads of those events and of acks, attachments included.
    bytes_received: int = 0
    bytes_sent: int = 0


# Commands: what a console asks a server to do.


class Emit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="emit"):
    """Emit an event to rooms (a socket's id is its own room), or to the whole namespace when there are none."""

    nsp: str = "/"
    rooms: tuple[str, ...] = ()
    except_: tuple[str, ...] = msgspec.field(default=(), name="except")
    event: str
    #: JSON text of the list of arguments, binary parts as `{"_placeholder": true, "num": i}`.
    args: str = "[]"
    attachments: tuple[bytes, ...] = ()
    #: The socket in whose name it is sent: `socket.to(rooms).emit(...)`, so it does not get the event itself.
    sender: str = ""
    #: Seconds to wait for each recipient's ack; None sends without asking for one.
    ack: float | None = None


class Disconnect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="disconnect"):
    """Disconnect sockets: `socket.disconnect(close)`; `close` ends the whole Engine.IO connection."""

    nsp: str = "/"
    sockets: tuple[str, ...]
    close: bool = False


class Join(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="join"):
    """Have sockets join rooms: `io.in_(sockets).sockets_join(rooms)`."""

    nsp: str = "/"
    sockets: tuple[str, ...]
    rooms: tuple[str, ...]


class Leave(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="leave"):
    """Have sockets leave rooms: `io.in_(sockets).sockets_leave(rooms)`."""

    nsp: str = "/"
    sockets: tuple[str, ...]
    rooms: tuple[str, ...]


class Drop(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="drop"):
    """Cut the connections of sockets without a goodbye, as a lost network would: to try a client's reconnection."""

    nsp: str = "/"
    sockets: tuple[str, ...]


class Simulate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="simulate"):
    """Run the app's middlewares and handlers as if a socket's client had sent this event."""

    nsp: str = "/"
    socket: str
    event: str
    #: JSON text of the list of arguments, binary parts as `{"_placeholder": true, "num": i}`.
    args: str = "[]"
    attachments: tuple[bytes, ...] = ()
    #: Seconds to wait for what the handler answers; None does not ask for an ack.
    ack: float | None = None


class SetAttribute(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="set_attribute"):
    """Attach a value (JSON text) to a socket; on a stock server, in its session."""

    nsp: str = "/"
    socket: str
    name: str
    value: str


class DeleteAttribute(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="delete_attribute"):
    """Take an attached attribute from a socket."""

    nsp: str = "/"
    socket: str
    name: str


Command = Emit | Disconnect | Join | Leave | Drop | Simulate | SetAttribute | DeleteAttribute

#: What a server that takes every command says in `ServerInfo.features`, by the command's tag in capitals.
FEATURES = tuple(str(each.__struct_config__.tag).upper() for each in get_args(Command))


class Ack(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One recipient's answer to an `Emit` that asked for one."""

    socket: str
    #: JSON text of the list of values, None when it timed out.
    data: str | None = None
    #: Seconds from sent to answered (or given up).
    elapsed: float = 0.0


class CommandResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the server did about a command."""

    ok: bool
    #: Why it was not done; empty when it was.
    error: str = ""
    #: How many sockets it reached.
    sockets: int = 0
    acks: tuple[Ack, ...] = ()


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
        return self.length or len(self.data) + sum(map(len, self.attachments))


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


class ServerInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a server process."""

    #: What is hosted: `module:attribute`.
    target: str = ""
    #: Where clients connect: `http://host:port`.
    url: str = ""
    pid: int = 0
    #: `server_core.Server` or `socketio.AsyncServer`, with versions.
    library: str = ""
    #: What the console may ask of it: some of `FEATURES`, or `READ_ONLY`.
    features: tuple[str, ...] = ()
    #: Wall time in nanoseconds.
    started: int = 0
    #: Where several servers stand behind one URL: the host's or the process's name.
    node: str = ""
    #: The servers of a cluster that speak through one, each of which may have any of its sockets: nobody tells which.
    nodes: tuple[str, ...] = ()
    #: What the servers of one cluster have in common; empty where it is no cluster's.
    cluster: str = ""

    @property
    def has_acks(self) -> bool:
        """Whether recipients can be asked for acks: the Admin UI's own protocol knows none."""
        return not self.features or "SIMULATE" in self.features


class SocketSync(msgspec.Struct, frozen=True, array_like=True):
    """A socket and its counters."""

    socket: SocketInfo
    counters: SocketCounters


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


def encode_batch(records: Sequence[Record]) -> bytes:
    """One batch for the wire: msgpack."""
    try:
        return _batch_encoder.encode(records)
    except UnicodeEncodeError:
        return _batch_encoder.encode([_encodable(record) for record in records])


def decode_batch(data: bytes) -> list[AnyRecord]:
    """The records of one batch; `msgspec.DecodeError` when it is not one."""
    return _batch_decoder.decode(data)


def encode_lines(records: Iterable[Record]) -> bytes:
    """Records as NDJSON, each line ended."""
    records = list(records)
    try:
        return _line_encoder.encode_lines(records)
    except UnicodeEncodeError:
        return _line_encoder.encode_lines([_encodable(record) for record in records])


def decode_line(line: bytes | str) -> AnyRecord:
    """The record of one NDJSON line; `msgspec.DecodeError` when it is not one."""
    return _line_decoder.decode(line)


def _encodable(record: Record) -> Record:
    """The record with the lone surrogates that a peer's JSON may hold replaced: no encoding has them."""
    return msgspec.convert(_without_surrogates(msgspec.to_builtins(record, builtin_types=(bytes,))), type(record))


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value


_batch_encoder = msgspec.msgpack.Encoder()
_batch_decoder: msgspec.msgpack.Decoder[list[AnyRecord]] = msgspec.msgpack.Decoder(list[AnyRecord])
_line_encoder = msgspec.json.Encoder()
_line_decoder: msgspec.json.Decoder[AnyRecord] = msgspec.json.Decoder(AnyRecord)
