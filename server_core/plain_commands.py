"""The commands of the Admin UI's protocol, read as ours: whom they are for is a room, a list of rooms, or everybody."""

from __future__ import annotations

from typing import Any

import socketio

from server_core import packets
from server_core.everywhere import members
from server_core.records import Command, Disconnect, Emit, Join, Leave


async def emit(_sio: socketio.AsyncServer, nsp: Any, filter: Any = None, event: Any = None, *args: Any) -> Command:
    """`emit(nsp, filter, event, …args)`"""
    text, attachments = packets.encode_args(args)
    return Emit(
        nsp=_name(nsp, "namespace"),
        rooms=_rooms(filter) or (),
        event=_name(event, "event"),
        args=text,
        attachments=attachments,
    )


async def join(sio: socketio.AsyncServer, nsp: Any, room: Any, filter: Any = None) -> Command:
    """`join(nsp, room, filter)`"""
    nsp, room = _name(nsp, "namespace"), _name(room, "room")
    return Join(nsp=nsp, sockets=await _members(sio, nsp, filter), rooms=(room,))


async def leave(sio: socketio.AsyncServer, nsp: Any, room: Any, filter: Any = None) -> Command:
    """`leave(nsp, room, filter)`; without a filter, all that are in the room."""
    nsp, room = _name(nsp, "namespace"), _name(room, "room")
    return Leave(nsp=nsp, sockets=await _members(sio, nsp, room if filter is None else filter), rooms=(room,))


async def disconnect(sio: socketio.AsyncServer, nsp: Any, close: Any = False, filter: Any = None) -> Command:
    """`_disconnect(nsp, close, filter)`"""
    nsp = _name(nsp, "namespace")
    return Disconnect(nsp=nsp, sockets=await _members(sio, nsp, filter), close=bool(close))


async def _members(sio: socketio.AsyncServer, nsp: str, filter: Any) -> tuple[str, ...]:
    found = await members(sio, nsp, _rooms(filter))
    if not found:
        raise ValueError(f"nobody in {nsp} is in {filter}" if filter else f"nobody is in {nsp}")
    return tuple(found)


def _name(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{what} has no name")
    return value


def _rooms(filter: Any) -> tuple[str, ...] | None:
    """The rooms that a filter names, None for everybody."""
    if filter is None or filter == "":
        return None
    names = filter if isinstance(filter, list) else [filter]
    return tuple(_name(name, "room") for name in names)
