"""Commands for many sockets: joining and leaving rooms, disconnecting, cutting the connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server_core import stock_ending
from server_core.control.common import Named, Refusal, check_rooms, for_each, is_here, listed, own, some
from server_core.records import CommandResult, Disconnect, Drop, Join, Leave
from server_core.server import Server

#: A server and a socket's id.
Here = tuple[Any, str]


async def join(servers: Sequence[Any], command: Join) -> CommandResult:
    """Have sockets join rooms."""
    rooms = _rooms(command.rooms)
    named = Named(servers, command.sockets, command.nsp)
    for server in {id(server): server for server, _ in named.here}.values():
        if not isinstance(server, Server):
            for room in rooms:
                if room in server.manager.rooms.get(command.nsp, {}).get(None, {}) and command.sockets != (room,):
                    raise Refusal(f"{room} is the room of that socket alone: python-socketio lets no other join it")

    async def enter(here: Here) -> None:
        server, sid = here
        for room in rooms:
            await server.enter_room(sid, room, namespace=command.nsp)

    return _done(named, await for_each(named.here, enter))


async def leave(servers: Sequence[Any], command: Leave) -> CommandResult:
    """Have sockets leave rooms."""
    rooms = _rooms(command.rooms)
    named = Named(servers, command.sockets, command.nsp)
    inside = [here for here in named.here if any(_is_in(here, command.nsp, room) for room in rooms)]
    if named.here and not inside:
        who = "it is" if len(named.here) == 1 else "none of them is"
        raise Refusal(f"{who} in {' or '.join(rooms)}")

    async def depart(here: Here) -> None:
        server, sid = here
        for room in rooms:
            await server.leave_room(sid, room, namespace=command.nsp)

    return _done(named, await for_each(inside, depart), len(inside))


async def disconnect(servers: Sequence[Any], command: Disconnect) -> CommandResult:
    """Disconnect sockets from their namespace, or close their whole connections."""
    named = Named(servers, command.sockets, command.nsp)

    async def end(here: Here) -> None:
        server, sid = here
        if not is_here(server, sid, command.nsp):
            return  # it shared the connection of another
        if isinstance(server, Server):
            if socket := own(server, sid, command.nsp):
                await socket.disconnect(close=command.close)
        else:
            await _disconnect_stock(server, sid, command.nsp, close=command.close)

    return _ended(named, await for_each(named.here, end))


async def drop(servers: Sequence[Any], command: Drop) -> CommandResult:
    """Cut the connections of sockets, without a word of Socket.IO or Engine.IO."""
    named = Named(servers, command.sockets, command.nsp)

    async def cut(here: Here) -> None:
        server, sid = here
        eio_sid = server.manager.eio_sid_from_sid(sid, command.nsp)
        connection = server.eio.sockets.get(eio_sid)
        if connection is None or connection.closing:
            return  # cut already, with another socket of it
        if isinstance(server, Server):
            await connection.drop()
        else:
            await stock_ending.drop(connection)

    return _ended(named, await for_each(named.here, cut))


async def _disconnect_stock(server: Any, sid: str, nsp: str, *, close: bool) -> None:
    manager = server.manager
    eio_sid = manager.eio_sid_from_sid(sid, nsp)
    namespaces = list(manager.get_namespaces()) if close else [nsp]
    for name in namespaces:
        if (other := manager.sid_from_eio_sid(eio_sid, name)) and manager.is_connected(other, name):
            try:
                await server.disconnect(other, namespace=name)
            finally:
                # a disconnect handler that raised keeps python-socketio from forgetting the socket
                if manager.sid_from_eio_sid(eio_sid, name) == other:
                    await manager.disconnect(other, name, ignore_queue=True)
    if close and (connection := server.eio.sockets.get(eio_sid)):
        await connection.close(wait=False, reason=server.eio.reason.SERVER_DISCONNECT)


def _rooms(rooms: Sequence[str]) -> list[str]:
    check_rooms(rooms)
    if not rooms:
        raise Refusal("no room is named")
    return list(dict.fromkeys(rooms))


def _is_in(here: Here, nsp: str, room: str) -> bool:
    server, sid = here
    if isinstance(server, Server):
        return server.manager.is_in(sid, nsp, room)
    return sid in server.manager.rooms.get(nsp, {}).get(room, {})


def _done(named: Named, raised: Sequence[Exception], sockets: int | None = None) -> CommandResult:
    """The result of what leaves sockets where they are."""
    sockets = len(named.here) if sockets is None else sockets
    error = f"{type(raised[0]).__name__}: {raised[0]}" if raised else ""
    return named.result(sockets - len(raised), error)


def _ended(named: Named, raised: Sequence[Exception]) -> CommandResult:
    """The result of what ends sockets; a handler that raised is told of by a record, and the socket is gone."""
    staying = [sid for server, sid in named.here if is_here(server, sid, named.nsp)]
    why = f"still there, {type(raised[0]).__name__}: {raised[0]}" if raised else "still leaving"
    error = f"{some(staying, len(named.here))} {why}: {listed(staying)}" if staying else ""
    return named.result(len(named.here) - len(staying), error)
