"""Records and sockets as the calls that make them happen, in the words of each API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from console.snippets import literals
from server_core.records import (
    AckReceived,
    AckSent,
    AnyRecord,
    Commanded,
    Disconnect,
    Emit,
    EventBlocked,
    EventReceived,
    EventRecord,
    EventSent,
    Join,
    Leave,
    SocketInfo,
)

#: What Engine.IO puts into a query by itself.
_OWN_QUERY = ("EIO", "transport", "t", "sid", "b64", "j")


class Words(NamedTuple):
    """How one language says it."""

    literal: Callable[[Any], str]
    #: Namespace and target: `io.of("/chat").to("lobby")`.
    except_: str
    in_: str
    sockets_join: str
    sockets_leave: str
    disconnect_sockets: str
    end: str


JAVASCRIPT = Words(literals.javascript, "except", "in", "socketsJoin", "socketsLeave", "disconnectSockets", ";")
PYTHON = Words(literals.python, "except_", "in_", "sockets_join", "sockets_leave", "disconnect_sockets", "")


def call(record: AnyRecord, words: Words) -> str | None:
    """The call that a record is of; None where there is none, or its payload is not whole."""
    match record:
        case EventReceived() | EventBlocked():
            if (args := _args(record)) is None:
                return None
            wants_ack = isinstance(record, EventReceived) and record.id is not None
            return _client_emit(words, record.nsp, record.event, args, ack=wants_ack)
        case EventSent():
            args = _args(record)
            to = record.rooms or ((record.socket,) if record.socket else ())
            if args is None:
                return None
            return _server_emit(words, record.nsp, to, record.except_, record.event, args, ack=record.id is not None)
        case AckSent() | AckReceived():
            if record.values is None:
                return None
            values = ", ".join(map(words.literal, record.values))
            return f"callback({values});" if words is JAVASCRIPT else f"return {values}".rstrip()
        case Commanded():
            return _command(record, words)
    return None


def connect(socket: SocketInfo, transport: str, url: str, words: Words) -> str:
    """A client's call that connects as this socket did."""
    query = {name: value for name, value in socket.handshake.query.items() if name not in _OWN_QUERY}
    auth = _decoded(socket.handshake.auth)
    base = url.rstrip("/")
    address = base + (f"?{_urlencoded(query)}" if query and words is PYTHON else "")
    if words is PYTHON:
        parts = [f"auth={words.literal(auth)}"] if auth else []
        parts += [f"namespaces={words.literal([socket.nsp])}"] if socket.nsp != "/" else []
        parts += [f"transports={words.literal([transport])}"] if transport else []
        return f"await sio.connect({', '.join([words.literal(address), *parts])})"
    options = {"auth": auth, "query": query, "transports": [transport] if transport else None}
    given = {name: value for name, value in options.items() if value}
    target = words.literal(base + (socket.nsp if socket.nsp != "/" else ""))
    return f"const socket = io({target}{', ' + words.literal(given) if given else ''});"


def _args(record: EventRecord) -> list[Any] | None:
    return record.values[1:] if record.values and not record.length else None


def _client_emit(words: Words, nsp: str, event: str, args: list[Any], *, ack: bool) -> str:
    said = list(map(words.literal, args))
    name = words.literal(event)
    if words is JAVASCRIPT:
        called = f"socket.emit{'WithAck' if ack else ''}({', '.join([name, *said])});"
        return f"const response = await {called}" if ack else called
    data = [] if not said else [said[0] if len(said) == 1 else f"({', '.join(said)})"]
    where = [f"namespace={words.literal(nsp)}"] if nsp != "/" else []
    called = f"await sio.{'call' if ack else 'emit'}({', '.join([name, *data, *where])})"
    return f"response = {called}" if ack else called


def _server_emit(
    words: Words, nsp: str, to: tuple[str, ...], except_: tuple[str, ...], event: str, args: list[Any], *, ack: bool
) -> str:
    emit = ("emitWithAck" if words is JAVASCRIPT else "emit_with_ack") if ack else "emit"
    said = ", ".join(map(words.literal, [event, *args]))
    wait = "await " if ack or words is PYTHON else ""
    answers = ("const responses = " if words is JAVASCRIPT else "responses = ") if ack else ""
    return f"{answers}{wait}{_target(words, nsp, 'to', to, except_)}.{emit}({said}){words.end}"


def _target(words: Words, nsp: str, verb: str, to: tuple[str, ...], except_: tuple[str, ...] = ()) -> str:
    """`io.of("/chat").to(["a", "b"]).except("c")`."""
    text = f"io.of({words.literal(nsp)})" if nsp != "/" else "io"
    for name, rooms in ((verb, to), (words.except_, except_)):
        if rooms:
            text += f".{name}({words.literal(rooms[0] if len(rooms) == 1 else list(rooms))})"
    return text


def _command(record: Commanded, words: Words) -> str | None:
    wait = "await " if words is PYTHON else ""
    match record.command:
        case Emit() as command:
            args = _decoded(command.args)
            if not isinstance(args, list) or command.attachments:
                return None
            ack = command.ack is not None
            return _server_emit(words, command.nsp, command.rooms, command.except_, command.event, args, ack=ack)
        case Disconnect(nsp=nsp, sockets=sockets, close=close):
            what = f"{words.disconnect_sockets}({words.literal(True) if close else ''})"
        case Join(nsp=nsp, sockets=sockets, rooms=rooms):
            what = f"{words.sockets_join}({words.literal(rooms[0] if len(rooms) == 1 else list(rooms))})"
        case Leave(nsp=nsp, sockets=sockets, rooms=rooms):
            what = f"{words.sockets_leave}({words.literal(rooms[0] if len(rooms) == 1 else list(rooms))})"
        case _:
            return None
    return f"{wait}{_target(words, nsp, words.in_, sockets)}.{what}{words.end}"


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def _urlencoded(query: dict[str, str | list[str]]) -> str:
    from urllib.parse import urlencode

    return urlencode(query, doseq=True, errors="replace")
