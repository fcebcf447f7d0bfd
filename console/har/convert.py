"""From a HAR file to records: what the server must have seen of each Socket.IO connection in it."""

from __future__ import annotations

import msgspec

from console.har.connection import Connection, Notes, opened_as
from console.har.entries import Entry, HarError, entries
from server_core.records import AnyRecord, EngineHeartbeat, EngineOpened, EngineUpgraded, ServerInfo, Sync

_EXPORTERS = (
    "Chrome, Edge, Playwright (recordHar) and mitmproxy (save.har) export them; Firefox and Safari leave them out"
)


class Imported(msgspec.Struct, frozen=True):
    """What became of a HAR file."""

    records: list[AnyRecord]
    #: Where the first server is: `http://host:port`.
    url: str
    connections: int
    #: Entries and packets that could not be read.
    unreadable: int


def convert(data: bytes) -> Imported:
    """The records of all Socket.IO connections in a HAR file; HarError, in one line, when there are none."""
    found, unreadable = entries(data)
    ours = [entry for entry in found if "EIO" in entry.query]
    if not ours:
        raise HarError("no Socket.IO connection is in this HAR file: no request has EIO in its query")
    if not any(entry.query["EIO"] == "4" for entry in ours):
        raise HarError("the connections in this HAR file are Socket.IO 2's (EIO=3): only version 3 and newer are read")
    notes = Notes()
    connections = _connections([entry for entry in ours if entry.query["EIO"] == "4"], notes)
    if all(issubclass(note.kind, EngineOpened | EngineUpgraded | EngineHeartbeat) for note in notes.notes):
        raise HarError(f"the connections in this HAR file have no frames: {_EXPORTERS}")
    for connection in connections:
        connection.end()
    records: list[AnyRecord] = []
    first = min(note.time for note in notes.notes)
    servers = dict.fromkeys(connection.server for connection in connections)
    urls = {connection.server: connection.url for connection in connections}
    for server in servers:
        info = ServerInfo(target=server, url=urls[server], library="seen by a client (HAR)")
        records.append(Sync(server=server, epoch=first // 1_000_000, seq=0, time=first, info=info))
    records += notes.records(epoch=first // 1_000_000)
    return Imported(records, urls[next(iter(servers))], len(connections), unreadable + notes.unreadable)


def _connections(found: list[Entry], notes: Notes) -> list[Connection]:
    """The connections: requests belong together by their `sid`, which the first answer of each gives."""
    groups: dict[str, list[Entry]] = {}
    for number, entry in enumerate(found):
        sid = entry.query.get("sid") or opened_as(entry) or f"connection-{number + 1}"
        group = groups.setdefault(sid, [])
        group.insert(len(group) if "sid" in entry.query else 0, entry)
    connections = [Connection(sid, group, notes) for sid, group in groups.items()]
    for connection in connections:
        connection.play()
    return [connection for connection in connections if connection.noted]
