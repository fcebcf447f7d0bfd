"""The list of rooms, over all servers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from console.state.filter import Filter
from console.state.listing import Listing
from console.state.session import Session
from server_core.roster import RoomKey


class RoomInfo(NamedTuple):
    """A room of a namespace, as it is now; where several servers have it, it is one."""

    nsp: str
    room: str
    members: int
    #: Whether it is a socket's own room, for private messages.
    private: bool
    #: Events sent to it since it has had members, and wall time in nanoseconds of the last one.
    events: int
    last: int


class RoomListing(Listing[RoomInfo, RoomKey]):
    """Rooms; those of the sockets' own only when asked."""

    KEYS = {
        "room": lambda self, room: (room.private, room.room, room.nsp),
        "nsp": lambda self, room: (room.nsp, room.room),
        "members": lambda self, room: (-room.members, room.room),
        "kind": lambda self, room: (room.private, room.room),
        "events": lambda self, room: (-room.events, room.room),
        "last": lambda self, room: (-room.last, room.room),
    }

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        #: Whether the sockets' own rooms are listed.
        self.own = False

    def things(self) -> Iterable[RoomInfo]:
        state = self.session.state
        seen: set[RoomKey] = set()
        for roster in state.rosters.values():
            sockets = roster.sockets
            for key in roster.rooms:
                if key not in seen and (self.own or key[1] not in sockets):
                    seen.add(key)
                    if room := self.get(key):
                        yield room

    def id_of(self, thing: RoomInfo) -> RoomKey:
        return thing.nsp, thing.room

    def get(self, id: RoomKey) -> RoomInfo | None:
        state = self.session.state
        members, private = 0, False
        for roster in state.rosters.values():
            if there := roster.rooms.get(id):
                members += len(there)
                private = private or (id[1] in roster.sockets)
        if not members:
            return None
        events, last = state.room_events.get(id, (0, 0))
        return RoomInfo(id[0], id[1], members, private, events, last)

    def takes(self, thing: RoomInfo, filter: Filter) -> bool:
        return filter.takes_room(thing)
