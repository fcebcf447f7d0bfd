"""What is exported of each kind of thing: an object for JSON, a row of cells for CSV."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from console.export.harmless import json_text
from console.state.servers import Server
from console.state.state import State
from server_core import redact
from server_core.records import (
    AnyRecord,
    AttributeSet,
    Commanded,
    Connecting,
    EngineInfo,
    EventRecord,
    Log,
    PayloadRecord,
    Refused,
    SocketInfo,
)

Thing = TypeVar("Thing")


class Sheet(NamedTuple, Generic[Thing]):
    """How things of one kind are written."""

    #: What they are, in the plural: part of a file's name.
    name: str
    #: The object that JSON has.
    data: Callable[[Thing], dict[str, Any]]
    #: The titles of CSV's columns, and a row's cells below them.
    titles: tuple[str, ...]
    cells: Callable[[Thing], Sequence[object]]
    #: What a report calls a socket.
    name_of: Callable[[str], str] = str


def iso(nanoseconds: int) -> str:
    """Wall time as ISO 8601, in UTC: `2023-11-14T22:13:20.001Z`; "" for none."""
    if not nanoseconds:
        return ""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03}Z"


def raw(text: str) -> Any:
    """JSON text as a part of other JSON, digit by digit as it was; as a text where it is none."""
    try:
        _valid(text)
        return msgspec.Raw(
            (text if "\n" not in text and "\r" not in text else msgspec.json.format(text, indent=-1)).encode()
        )
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return text


_valid = msgspec.json.Decoder().decode


# records


def _record(record: AnyRecord) -> dict[str, Any]:
    data: dict[str, Any] = {"at": iso(record.time), **msgspec.to_builtins(record, builtin_types=(bytes,))}
    match record:
        case PayloadRecord():
            data["data"] = raw(record.data)
            if isinstance(record, EventRecord):
                data["event"] = record.event
        case AttributeSet():
            data["value"] = raw(record.value)
        case Refused(data=text) if text:
            data["data"] = raw(text)
        case Connecting():
            data["handshake"] = {**data["handshake"], "auth": raw(record.handshake.auth)}
        case Commanded():
            for name in ("args", "value"):
                if name in data["command"]:
                    data["command"][name] = raw(data["command"][name])
    return data


def _get(name: str) -> Callable[[AnyRecord], object]:
    def value(record: AnyRecord) -> object:
        found = getattr(record, name, "")
        return _flat(sorted(found) if isinstance(found, frozenset) else found)

    return value


def _elapsed(record: AnyRecord) -> object:
    elapsed = getattr(record, "elapsed", None)
    return "" if elapsed is None else round(elapsed * 1000, 3)


def _message(record: AnyRecord) -> object:
    for name in ("reason", "message", "why", "name", "text"):
        if isinstance(found := getattr(record, name, None), str) and found:
            return found
    return ""


def _payload(record: AnyRecord) -> object:
    for name in ("data", "value", "traceback"):
        if isinstance(found := getattr(record, name, None), str) and found:
            return found
    return json_text(record.command) if isinstance(record, Commanded) else ""


_COLUMNS: dict[str, Callable[[AnyRecord], object]] = {
    "time": lambda record: iso(record.time),
    "server": _get("server"),
    "seq": _get("seq"),
    "kind": _get("kind"),
    "namespace": _get("nsp"),
    "socket": _get("socket"),
    "event": lambda record: record.event if isinstance(record, EventRecord) else "",
    "rooms": _get("rooms"),
    "room": _get("room"),
    "except": _get("except_"),
    "sockets": _get("sockets"),
    "ack id": _get("id"),
    "ack ms": _elapsed,
    "bytes": _get("size"),
    "message": _message,
    "data": _payload,
}


#: Records as they are.
RECORDS: Sheet[AnyRecord] = Sheet(
    "events", _record, tuple(_COLUMNS), lambda record: [value(record) for value in _COLUMNS.values()]
)


def records(state: State) -> Sheet[AnyRecord]:
    """Records, with the names that the state knows beside the ids of sockets."""

    def name_of(id: str) -> str:
        return state.label(id) if state.known(id) else id

    def name(record: AnyRecord) -> object:
        socket = getattr(record, "socket", "")
        return state.label(socket) if socket else ""

    def names(record: AnyRecord) -> object:
        return _flat([name_of(room) for room in sorted(getattr(record, "rooms", None) or ())])

    columns: dict[str, Callable[[AnyRecord], object]] = {}
    for title, value in _COLUMNS.items():
        columns[title] = value
        if title == "socket":
            columns["name"] = name
        elif title == "rooms":
            columns["room names"] = names
    return RECORDS._replace(
        titles=tuple(columns),
        cells=lambda record: [value(record) for value in columns.values()],
        name_of=name_of,
    )


LOGS: Sheet[Log] = Sheet(
    "logs",
    _record,
    ("time", "server", "stream", "text"),
    lambda log: [iso(log.time), log.server, log.stream, log.text],
)


# what is live


class Room(NamedTuple):
    """A room, as it is now."""

    nsp: str
    name: str
    members: tuple[str, ...]
    #: Whether it is a socket's own.
    private: bool


def rooms(state: State) -> list[Room]:
    """All rooms of all servers; what several servers have under one name is one room."""
    found: dict[tuple[str, str], list[str]] = {}
    own: set[tuple[str, str]] = set()
    for roster in list(state.rosters.values()):
        for key, members in roster.rooms.items():
            found.setdefault(key, []).extend(members)
            if key[1] in roster.sockets:
                own.add(key)
    return [Room(*key, tuple(members), key in own) for key, members in found.items()]


def sockets(state: State, *, show_secrets: bool = False) -> Sheet[SocketInfo]:
    """Sockets with what the state knows about them."""

    def data(socket: SocketInfo) -> dict[str, Any]:
        shown = socket if show_secrets else redact.Redactor().socket(socket)
        roster = state.roster_of(socket.id)
        engine = roster.engines.get(socket.engine) if roster else None
        counters = roster.counters_of(socket.id) if roster else None
        handshake = msgspec.to_builtins(shown.handshake)
        return {
            "id": socket.id,
            "name": state.label(socket.id),
            "nsp": socket.nsp,
            "transport": engine.transport if engine else "",
            "address": socket.handshake.address,
            "rooms": sorted(socket.rooms),
            "attributes": {name: raw(value) for name, value in shown.attributes.items()},
            "handshake": {**handshake, "auth": raw(shown.handshake.auth)},
            "client": socket.engine,
            "connected": iso(socket.connected),
            "rtt": engine.rtt if engine else None,
            "received": counters.received if counters else 0,
            "sent": counters.sent if counters else 0,
            "last": iso(counters.last if counters else 0),
        }

    return _of_data(
        "sockets",
        data,
        (
            "id",
            "name",
            "nsp",
            "transport",
            "address",
            "rooms",
            "attributes",
            "connected",
            "rtt",
            "received",
            "sent",
            "last",
        ),
    )


def rooms_sheet(state: State) -> Sheet[Room]:
    """Rooms with the ids and the names of their members."""

    def data(room: Room) -> dict[str, Any]:
        return {
            "nsp": room.nsp,
            "room": room.name,
            "private": room.private,
            "sockets": len(room.members),
            "members": list(room.members),
            "names": [state.label(id) for id in room.members],
        }

    return _of_data("rooms", data, ("nsp", "room", "private", "sockets", "members", "names"))


def clients(state: State) -> Sheet[EngineInfo]:
    """Engine.IO connections with the sockets that share each."""

    def data(engine: EngineInfo) -> dict[str, Any]:
        found = [socket for socket in list(state.sockets()) if socket.engine == engine.id]
        counters = [roster.counters_of(socket.id) for socket in found if (roster := state.roster_of(socket.id))]
        return {
            "id": engine.id,
            "transport": engine.transport,
            "address": engine.address,
            "opened": iso(engine.opened),
            "upgraded": iso(engine.upgraded),
            "rtt": engine.rtt,
            "bytes_received": sum(each.bytes_received for each in counters),
            "bytes_sent": sum(each.bytes_sent for each in counters),
            "sockets": [{"nsp": socket.nsp, "id": socket.id, "name": state.label(socket.id)} for socket in found],
            "names": list(dict.fromkeys(state.label(socket.id) for socket in found)),
        }

    titles = (
        *("id", "names", "transport", "address", "opened", "upgraded", "rtt", "bytes_received", "bytes_sent"),
        "sockets",
    )
    return _of_data("clients", data, titles)


def servers() -> Sheet[Server]:
    """Servers with how much is live on each."""

    def data(server: Server) -> dict[str, Any]:
        info = server.info
        return {
            "id": server.id,
            "target": info.target,
            "url": info.url,
            "pid": info.pid,
            "library": info.library,
            "started": iso(info.started),
            "sockets": len(server.roster.sockets),
            "clients": len(server.roster.engines),
            "rooms": server.rooms,
            "namespaces": {nsp: len(members) for nsp, members in server.roster.namespaces.items()},
        }

    titles = ("id", "target", "url", "pid", "library", "started", "sockets", "clients", "rooms", "namespaces")
    return _of_data("servers", data, titles)


def _of_data(name: str, data: Callable[[Thing], dict[str, Any]], titles: Iterable[str]) -> Sheet[Thing]:
    """A sheet whose cells are parts of its objects; lists of texts with spaces between, anything else as JSON."""

    titles = tuple(titles)

    def cells(thing: Thing) -> list[object]:
        made = data(thing)
        return [_flat(made[title]) for title in titles]

    return Sheet(name, data, titles, cells)


def _flat(value: object) -> object:
    """A part of an object as one cell."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple) and all(isinstance(item, str) and not re.search(r"\s", item) for item in value):
        return " ".join(value)
    if isinstance(value, tuple) and not all(isinstance(item, str) for item in value):
        return len(value)
    return json_text(value) if isinstance(value, dict | list | tuple | msgspec.Raw) else value


def masked(records: Iterable[AnyRecord], *, show_secrets: bool) -> Iterable[AnyRecord]:
    """Records as they may leave the console."""
    return records if show_secrets else map(redact.mask_record, records)
