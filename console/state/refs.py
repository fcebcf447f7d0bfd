"""What a line can name, and `enter` opens."""

from __future__ import annotations

from typing import NamedTuple

from server_core.records import AnyRecord


class SocketRef(NamedTuple):
    """A socket, live or gone."""

    id: str


class RoomRef(NamedTuple):
    nsp: str
    room: str


class RecordRef(NamedTuple):
    """A record of the history."""

    record: AnyRecord


class ClientRef(NamedTuple):
    """An Engine.IO connection."""

    id: str


class ServerRef(NamedTuple):
    id: str


Ref = SocketRef | RoomRef | RecordRef | ClientRef | ServerRef
