"""What is different between two states: who came, who left, which rooms and attributes changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from console.state.state import State
from server_core.records import SocketInfo

What = Literal["came", "left", "room", "attribute"]


class Change(NamedTuple):
    """One difference of a socket; nothing in it is safe for the screen yet."""

    what: What
    socket: str
    #: The room, or the attribute's name.
    name: str = ""
    #: Whether a room was joined or left; JSON text of an attribute's value, None where there was none.
    before: str | None = None
    after: str | None = None


def difference(before: State, after: State) -> list[Change]:
    """What changed from one state to another: sockets that left, that came, and what those in both have else."""
    was = {socket.id: socket for socket in before.sockets()}
    now = {socket.id: socket for socket in after.sockets()}
    changes = [Change("left", id) for id in was.keys() - now.keys()]
    changes += [Change("came", id) for id in now.keys() - was.keys()]
    changes.sort(key=lambda change: (change.what != "left", change.socket))
    for id, socket in now.items():
        old = was.get(id)
        if old is not None and old is not socket:
            changes += _of_socket(old, socket)
    return changes


def _of_socket(old: SocketInfo, new: SocketInfo) -> Iterator[Change]:
    for room in sorted(old.rooms ^ new.rooms):
        joined = room in new.rooms
        yield Change("room", new.id, room, None if joined else room, room if joined else None)
    for name in sorted(old.attributes.keys() | new.attributes.keys()):
        was, now = old.attributes.get(name), new.attributes.get(name)
        if was != now:
            yield Change("attribute", new.id, name, was, now)
