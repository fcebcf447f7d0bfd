"""Whom something is sent to: what was typed, read against who is live."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from console.acting.payload import Problem, quote, split, unquote
from console.state.state import State
from console.text import count
from server_core.records import Emit, SocketInfo

#: In place of names: the whole namespace, and the sockets that are marked.
EVERYBODY = "*"
MARKED = "@marked"
#: Names that a summary says before it counts.
NAMED = 3
#: Rooms that one command may name.
MAX_ROOMS = 1000


class Recipients(NamedTuple):
    """Rooms (a socket's id is its own room), and what they are in words."""

    rooms: tuple[str, ...] = ()
    everybody: bool = False
    note: str = ""

    def reach(self, state: State, nsp: str, except_: Iterable[str] = ()) -> list[str]:
        """Ids of the sockets that an emit to them reaches now."""
        if not self.rooms and not self.everybody:
            return []
        return [
            socket for roster in state.rosters.values() for socket in roster.recipients(nsp, self.rooms, tuple(except_))
        ]


def read_recipients(text: str, state: State, nsp: str, marked: Sequence[str] = ()) -> Recipients:
    """The rooms and sockets that a text names, separated by commas; `Problem` where one can't be told.

    A name is a room's, or else a socket's, by its label or the beginning of its id; `@bob` is always a socket's, and a
    name in quotes always a room's. `*` is the whole namespace, `@marked` the marked sockets.
    """
    rooms: dict[str, str] = {}
    everybody = False
    for word in split(text):
        if word == EVERYBODY:
            everybody = True
        elif word == MARKED:
            by_nsp = by_namespace(marked, state)
            here = by_nsp.pop(nsp, ())
            rooms |= dict.fromkeys(here, "")
            elsewhere = "".join(f"; not {count(len(ids), 'other')} in {other}" for other, ids in by_nsp.items())
            if here:
                rooms[here[0]] = f"{count(len(here), 'marked socket')}: {whom(here, state)}{elsewhere}"
        else:
            room, note = _room(word, state, nsp)
            rooms[room] = note
    rooms.pop("", None)
    if everybody:
        total = len(Recipients(everybody=True).reach(state, nsp))
        return Recipients(everybody=True, note=f"all of {nsp}: {count(total, 'socket')}")
    return Recipients(tuple(rooms), note=", ".join(note for note in rooms.values() if note))


def _room(word: str, state: State, nsp: str) -> tuple[str, str]:
    """The room that a word names, and what it is."""
    if word.startswith("@"):
        socket = state.find(word[1:], nsp)
        if socket is None:
            elsewhere = [each for each in namespaces_of(state) if each != nsp and state.find(word[1:], each)]
            hint = f"; there is one in {elsewhere[0]}" if elsewhere else ""
            raise Problem(f"no one socket of {nsp} is called {word[1:]}, or has an id that begins so{hint}")
        return socket.id, describe(socket, state)
    quoted = word.startswith('"')
    name = unquote(word)
    if (socket := state.socket(name)) and socket.nsp == nsp:
        return name, describe(socket, state)
    members = Recipients((name,)).reach(state, nsp)
    if not members and not quoted and (socket := state.find(name, nsp)):
        return socket.id, describe(socket, state)
    named = f"room {name} ({count(len(members), 'socket')})" if members else f"room {name} (nobody is in it now)"
    if members and not quoted and state.find(name, nsp):
        named += f", not socket {name}: that is @{name}"
    return name, named


def in_parts(command: Emit, reached: Sequence[str]) -> list[Emit]:
    """An emit to more rooms than a command may name, as several to the sockets that it reaches."""
    if len(command.rooms) <= MAX_ROOMS:
        return [command]
    parts = (tuple(reached[at : at + MAX_ROOMS]) for at in range(0, len(reached), MAX_ROOMS))
    return [msgspec.structs.replace(command, rooms=part, except_=()) for part in parts]


def describe(socket: SocketInfo, state: State) -> str:
    """`socket bob (ojIckSD2)`, or its id alone where it has no other name."""
    label = state.label(socket.id)
    return f"socket {socket.id}" if socket.id.startswith(label) else f"socket {label} ({socket.id})"


def whom(sockets: Sequence[str], state: State, named: int = NAMED) -> str:
    """The first few sockets by name, and how many others."""
    names = [state.label(id) for id in sockets[:named]]
    others = len(sockets) - len(names)
    if others:
        return f"{', '.join(names)} and {count(others, 'other')}"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def by_namespace(sockets: Iterable[str], state: State) -> dict[str, tuple[str, ...]]:
    """Ids of the live ones among these sockets, by namespace: a command is about one."""
    found: dict[str, list[str]] = {}
    for id in sockets:
        if socket := state.socket(id):
            found.setdefault(socket.nsp, []).append(id)
    return {nsp: tuple(ids) for nsp, ids in found.items()}


def rooms_of(state: State, nsp: str) -> list[str]:
    """The rooms of a namespace that are no socket's own, those with most members first."""
    members: dict[str, int] = {}
    for roster in state.rosters.values():
        for (namespace, room), ids in roster.rooms.items():
            if namespace == nsp and room not in roster.sockets:
                members[room] = members.get(room, 0) + len(ids)
    return sorted(members, key=lambda room: (-members[room], room))


def rooms_among(sockets: Iterable[str], state: State) -> dict[str, int]:
    """The rooms that some of these sockets are in, but for their own, and how many are; those with most first."""
    members: dict[str, int] = {}
    for id in sockets:
        if socket := state.socket(id):
            for room in socket.rooms - {id}:
                members[room] = members.get(room, 0) + 1
    return dict(sorted(members.items(), key=lambda item: (-item[1], item[0])))


def namespaces_of(state: State) -> list[str]:
    """The namespaces that have sockets."""
    return sorted({nsp for roster in state.rosters.values() for nsp in roster.namespaces})


def complete_last(text: str, candidates: Iterable[str], *, quoted: bool = True) -> str | None:
    """A list of names with the last one completed, by the first candidate that fits; None where none does."""
    before, comma, last = text.rpartition(",")
    word = last.lstrip()
    space = last[: len(last) - len(word)]
    if not word:
        return None
    for candidate in candidates:
        written = quote(candidate) if quoted else candidate
        if written.startswith(word) and written != word:
            return before + comma + space + written
    return None
