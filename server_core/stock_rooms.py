"""Rooms as python-socketio reads them: a room may be anything, several of them any collection."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


def are_several(rooms: Any) -> bool:
    """Whether python-socketio takes this `room` argument for a list of rooms."""
    return not isinstance(rooms, str) and hasattr(rooms, "__len__")


def names_of(rooms: Any) -> str | list[str] | None:
    """What a `room` argument names, as texts; None for the whole namespace."""
    if rooms is None:
        return None
    return [str(room) for room in rooms] if are_several(rooms) else str(rooms)


def _members(manager: Any, namespace: str, room: Any) -> Mapping[str, str]:
    members: Mapping[str, str] = manager.rooms.get(namespace, {}).get(room, {})
    return members


def count_recipients(manager: Any, namespace: str, rooms: Any, skip: list[str | None]) -> int:
    """How many sockets an emit reaches, at no cost per recipient unless it names several rooms."""
    members: Collection[str]
    if are_several(rooms):
        members = set().union(*(_members(manager, namespace, room) for room in rooms))
    else:
        members = _members(manager, namespace, rooms)
    return len(members) - sum(sid in members for sid in set(skip))


def is_in(manager: Any, namespace: str, room: Any, sid: str) -> bool:
    """Whether a socket is in a room."""
    return sid in _members(manager, namespace, room)
