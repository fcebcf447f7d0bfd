"""The fields of the filter language: one table, from which matching, help and completion are made."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from console.query.context import Context
from console.state.columns import KIND_NAMES
from server_core.records import (
    AckReceived,
    AckSent,
    AnyRecord,
    Disconnected,
    Disconnecting,
    EngineClosed,
    EngineRefused,
    EventBlocked,
    EventReceived,
    EventRecord,
    EventSent,
    HandlerException,
    PayloadRecord,
    Refused,
    ServerLost,
    ServerStopped,
    SocketInfo,
)

#: What a field's values are, and with that which operators it takes.
Kind = Literal["text", "number", "duration", "size"]

#: A field's values of one record or socket; the path is what follows its name (`attr.user.name`: `user.name`).
OfRecord = Callable[[AnyRecord, str, Context], Iterable[Any]]
OfSocket = Callable[[SocketInfo, str, Context], Iterable[Any]]


#: The kinds of records, by the names that `kind:` takes.
KINDS = tuple(sorted(KIND_NAMES))

_INDEX = re.compile(r"-?[0-9]+")


class Field(NamedTuple):
    """Something that can be asked. Durations are in seconds, sizes in bytes."""

    name: str
    kind: Kind
    help: str
    example: str
    of_record: OfRecord | None
    of_socket: OfSocket | None
    #: Whether a path has to follow the name.
    path: bool = False
    #: Whether a record's values are those of its socket.
    by_socket: bool = False
    #: All values that it can have, where these are few.
    values: tuple[str, ...] = ()


def _event(record: AnyRecord, _path: str, _context: Context) -> Iterable[Any]:
    return (record.event,) if isinstance(record, EventRecord) else ()


def _room(record: AnyRecord, _path: str, _context: Context) -> Iterable[Any]:
    if isinstance(record, EventSent | Disconnected):
        return record.rooms
    return (room,) if (room := getattr(record, "room", "")) else ()


def _id(record: AnyRecord, _path: str, _context: Context) -> Iterable[Any]:
    return [value for value in (getattr(record, "socket", ""), getattr(record, "engine", "")) if value]


def _who(record: AnyRecord, _path: str, context: Context) -> Iterable[Any]:
    id = getattr(record, "socket", "")
    return (context.label(id),) if id else ()


def _nsp(record: AnyRecord, _path: str, _context: Context) -> Iterable[Any]:
    return (nsp,) if (nsp := getattr(record, "nsp", "")) else ()


def _dir(record: AnyRecord, _path: str, _context: Context) -> Iterable[Any]:
    match record:
        case EventReceived() | AckReceived() | EventBlocked():
            return ("in",)
        case EventSent() | AckSent():
            return ("out",)
    return ()


def _kind(record: AnyRecord, _path: str, _context: Context) -> Iterable[Any]:
    return (record.kind,)


def _reason(record: AnyRecord, _path: str, _context: Context) -> Iterable[Any]:
    match record:
        case Disconnecting() | Disconnected() | EngineClosed():
            return (record.reason,)
        case EngineRefused() | Refused() | EventBlocked() | HandlerException():
            return (record.message,)
        case ServerStopped() | ServerLost():
            return (record.why,)
    return ()


def _arg(record: AnyRecord, path: str, _context: Context) -> Iterable[Any]:
    if not isinstance(record, PayloadRecord) or record.values is None:
        return ()
    values = record.values[1:] if isinstance(record, EventRecord) else record.values
    return _at(values, path)


def _ack(record: AnyRecord, _path: str, _context: Context) -> Iterable[Any]:
    elapsed = record.elapsed if isinstance(record, AckSent | AckReceived) else None
    return () if elapsed is None else (elapsed,)


def _size(record: AnyRecord, _path: str, _context: Context) -> Iterable[Any]:
    return (record.size,) if isinstance(record, PayloadRecord) else ()


def _sockets(record: AnyRecord, _path: str, _context: Context) -> Iterable[Any]:
    return (record.sockets,) if isinstance(record, EventSent) else ()


def _age_of_record(record: AnyRecord, _path: str, context: Context) -> Iterable[Any]:
    return ((context.now() - record.time) / 1e9,)


def _age(socket: SocketInfo, _path: str, context: Context) -> Iterable[Any]:
    return ((context.now() - (socket.connected or socket.connecting)) / 1e9,)


def _transport(socket: SocketInfo, _path: str, context: Context) -> Iterable[Any]:
    engine = context.engine(socket)
    return (engine.transport,) if engine else ()


def _rtt(socket: SocketInfo, _path: str, context: Context) -> Iterable[Any]:
    engine = context.engine(socket)
    return (engine.rtt,) if engine and engine.rtt is not None else ()


def _received(socket: SocketInfo, _path: str, context: Context) -> Iterable[Any]:
    counters = context.counters(socket)
    return (counters.received,) if counters else ()


def _sent(socket: SocketInfo, _path: str, context: Context) -> Iterable[Any]:
    counters = context.counters(socket)
    return (counters.sent,) if counters else ()


def _bytes(socket: SocketInfo, _path: str, context: Context) -> Iterable[Any]:
    counters = context.counters(socket)
    return (counters.bytes_received + counters.bytes_sent,) if counters else ()


def _server(socket: SocketInfo, _path: str, context: Context) -> Iterable[Any]:
    return [id for id, roster in context.state.rosters.items() if socket.id in roster.sockets]


def _attr(socket: SocketInfo, path: str, _context: Context) -> Iterable[Any]:
    if not path:
        return [*socket.attributes, *socket.attributes.values()]
    name, _, rest = path.partition(".")
    text = socket.attributes.get(name)
    if text is None:
        return ()
    try:
        return _at(msgspec.json.decode(text), rest)
    except msgspec.DecodeError:
        return () if rest else (text,)


def _header(socket: SocketInfo, path: str, _context: Context) -> Iterable[Any]:
    headers = socket.handshake.headers
    if not path:
        return [f"{name}: {value}" for name, value in headers.items()]
    return (value,) if (value := headers.get(path.lower())) is not None else ()


def _auth(socket: SocketInfo, path: str, _context: Context) -> Iterable[Any]:
    try:
        return _at(msgspec.json.decode(socket.handshake.auth), path)
    except msgspec.DecodeError:
        return ()


def _query(socket: SocketInfo, path: str, _context: Context) -> Iterable[Any]:
    query = socket.handshake.query
    return _at(query, path) if path else [f"{name}={value}" for name, value in query.items()]


def _rooms(socket: SocketInfo, _path: str, _context: Context) -> Iterable[Any]:
    return (len(socket.rooms - {socket.id}),)


def _by_socket(of_socket: OfSocket) -> OfRecord:
    """A socket's field as one of the records that are about it."""

    def of_record(record: AnyRecord, path: str, context: Context) -> Iterable[Any]:
        socket = context.socket_of(record)
        return of_socket(socket, path, context) if socket else ()

    return of_record


def _at(value: Any, path: str) -> Iterable[Any]:
    """What stands at a path inside JSON data (`[0].user.name`), as one value or none."""
    there, found = value_at(value, steps(path))
    return (found,) if there else ()


def value_at(value: Any, path: Sequence[tuple[str, int | None]]) -> tuple[bool, Any]:
    """Whether something stands at a path inside JSON data, and what."""
    for name, index in path:
        if type(value) is dict:
            if name not in value:
                return False, None
            value = value[name]
        elif type(value) is list and index is not None and -len(value) <= index < len(value):
            value = value[index]
        else:
            return False, None
    return True, value


@functools.lru_cache(64)
def steps(path: str) -> list[tuple[str, int | None]]:
    """The steps of a path: each the name of a field, and the number of an item where it is one."""
    names = [step for step in path.replace("[", ".").replace("]", "").split(".") if step]
    return [(name, int(name) if _INDEX.fullmatch(name) else None) for name in names]


def _socket_field(
    name: str, kind: Kind, help: str, example: str, of: OfSocket, *, path: bool = False, values: tuple[str, ...] = ()
) -> Field:
    return Field(name, kind, help, example, _by_socket(of), of, path, by_socket=True, values=values)


FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field("event", "text", "the event's name", "event:message", _event, None),
        Field("dir", "text", "from clients, or to clients", "dir:in", _dir, None, values=("in", "out")),
        Field("kind", "text", "what kind of record", "kind:refused", _kind, None, values=KINDS),
        Field("arg", "text", "a value inside an event's arguments or an ack's values", "arg[0].text:hi", _arg, None),
        Field("reason", "text", "why: of disconnections, refusals, exceptions", 'reason:"ping timeout"', _reason, None),
        Field("ack", "duration", "time until the ack", "ack>200ms", _ack, None),
        Field("size", "size", "bytes of the payload", "size>1k", _size, None),
        Field(
            "sockets", "number", "sockets that an emit reached, or a client or server has", "sockets=0", _sockets, None
        ),
        Field("members", "number", "sockets in a room", "members>10", None, None),
        Field("private", "text", "whether a room is a socket's own", "private:yes", None, None, values=("yes", "no")),
        Field("bytes", "size", "bytes of payload, both ways, of a socket or a client", "bytes>1M", None, _bytes),
        Field("server", "text", "the server's name", "server:chat", lambda r, _, c: (r.server,), _server),
        Field("who", "text", "the socket's name", "who:bob", _who, lambda s, _, c: (c.label(s.id),)),
        Field(
            "id", "text", "the socket's or the connection's id", "id:ojIckSD2", _id, lambda s, _, c: (s.id, s.engine)
        ),
        Field("room", "text", "a room", "room:lobby", _room, lambda s, _, c: s.rooms),
        Field("nsp", "text", "the namespace", "nsp:/chat", _nsp, lambda s, _, c: (s.nsp,)),
        Field("age", "duration", "time since it happened, or the socket connected", "age<5m", _age_of_record, _age),
        _socket_field(
            "transport",
            "text",
            "the connection's transport",
            "transport:polling",
            _transport,
            values=("polling", "websocket", "webtransport"),
        ),
        _socket_field("addr", "text", "the client's address", "addr:10.0.*", lambda s, _, c: (s.handshake.address,)),
        _socket_field("rtt", "duration", "the connection's round trip", "rtt>50ms", _rtt),
        _socket_field("attr", "text", "an attribute, or a value inside it", "attr.user.name:bob", _attr, path=True),
        _socket_field("header", "text", "a header of the handshake", "header.origin:localhost", _header, path=True),
        _socket_field("auth", "text", "a value of the handshake's auth", "auth.name:alice", _auth, path=True),
        _socket_field("query", "text", "a value of the handshake's query", "query.EIO:4", _query, path=True),
        _socket_field("in", "number", "events from the socket", "in>100", _received),
        _socket_field("out", "number", "events to the socket", "out=0", _sent),
        _socket_field(
            "rooms",
            "number",
            "rooms that the socket is in, its own left out",
            "rooms>2",
            lambda s, _, c: (len(s.rooms - {s.id}),),
        ),
    )
}
