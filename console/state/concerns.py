"""Filters that take the records about one thing."""

from __future__ import annotations

from console.state.clients import ClientInfo
from console.state.rooms import RoomInfo
from console.state.servers import Server
from console.state.session import Session
from server_core.records import (
    AnyRecord,
    Commanded,
    Connecting,
    Disconnected,
    Emit,
    EventSent,
    Join,
    Leave,
    RoomJoined,
    RoomLeft,
    SocketInfo,
)


class _Concerns:
    """Takes records only."""

    def takes_socket(self, socket: SocketInfo) -> bool:
        return False

    def takes_room(self, room: RoomInfo) -> bool:
        return False

    def takes_client(self, client: ClientInfo) -> bool:
        return False

    def takes_server(self, server: Server) -> bool:
        return False


class ConcernsRoom(_Concerns):
    """What was sent to a room, and who came and went."""

    def __init__(self, nsp: str, room: str) -> None:
        self._nsp = nsp
        self._room = room

    def takes_record(self, record: AnyRecord) -> bool:
        match record:
            case EventSent():
                return self._room in record.rooms and record.nsp == self._nsp
            case RoomJoined() | RoomLeft():
                return record.room == self._room and record.nsp == self._nsp
            case Disconnected():
                return self._room in record.rooms and record.nsp == self._nsp
            case Commanded():
                command = record.command
                return (
                    isinstance(command, Emit | Join | Leave)
                    and self._room in command.rooms
                    and command.nsp == self._nsp
                )
        return False


class ConcernsClient(_Concerns):
    """What happened on a connection, and to its sockets. Records have to be asked about in their order."""

    def __init__(self, session: Session, engine: str) -> None:
        self._engine = engine
        self._sockets = {socket.id for socket in session.state.sockets() if socket.engine == engine}

    def takes_record(self, record: AnyRecord) -> bool:
        if isinstance(record, Connecting) and record.engine == self._engine:
            self._sockets.add(record.socket)
        return getattr(record, "engine", None) == self._engine or getattr(record, "socket", None) in self._sockets


class ConcernsServer(_Concerns):
    """What happened to a server itself: its start and end, what blocked it, commands, records lost."""

    def __init__(self, server: str) -> None:
        self._server = server

    def takes_record(self, record: AnyRecord) -> bool:
        return record.server == self._server and not getattr(record, "socket", "") and not hasattr(record, "nsp")
