"""The list of servers."""

from __future__ import annotations

from collections.abc import Iterable

from console.state.filter import Filter
from console.state.listing import Listing
from console.state.meter import Meter
from server_core.records import ServerInfo
from server_core.roster import Roster


class Server:
    """One server: who is live on it, and how much happens."""

    __slots__ = ("id", "meter", "roster")

    def __init__(self, id: str, roster: Roster, meter: Meter) -> None:
        self.id = id
        self.roster = roster
        self.meter = meter

    @property
    def info(self) -> ServerInfo:
        return self.roster.info

    @property
    def rooms(self) -> int:
        """Rooms, the sockets' own left out."""
        sockets = self.roster.sockets
        return sum(room not in sockets for _, room in self.roster.rooms)

    def events(self, now: int) -> int:
        """Events of the last whole second, both ways."""
        return self.meter.rates("received", now, 1)[0] + self.meter.rates("sent", now, 1)[0]


class ServerListing(Listing[Server, str]):
    """All servers that were heard of."""

    KEYS = {
        "server": lambda self, server: server.id,
        "started": lambda self, server: (server.info.started, server.id),
        "pid": lambda self, server: (server.info.pid, server.id),
        "sockets": lambda self, server: (-len(server.roster.sockets), server.id),
        "clients": lambda self, server: (-len(server.roster.engines), server.id),
        "rooms": lambda self, server: (-server.rooms, server.id),
        "events": lambda self, server: (-server.events(self.session.now()), server.id),
        "lag": lambda self, server: (-(server.meter.latest.lag if server.meter.latest else 0.0), server.id),
        "cpu": lambda self, server: (-(server.meter.cpu or 0.0), server.id),
        "memory": lambda self, server: (-(server.meter.latest.memory if server.meter.latest else 0), server.id),
    }

    def things(self) -> Iterable[Server]:
        return [server for id in self.session.state.rosters if (server := self.get(id))]

    def id_of(self, thing: Server) -> str:
        return thing.id

    def get(self, id: str) -> Server | None:
        state = self.session.state
        roster = state.rosters.get(id)
        return Server(id, roster, state.meter(id)) if roster else None

    def takes(self, thing: Server, filter: Filter) -> bool:
        return filter.takes_server(thing)
