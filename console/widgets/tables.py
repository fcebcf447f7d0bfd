"""The tables of rooms, clients and servers."""

from __future__ import annotations

from collections import Counter

from console.detail.plot import sparkline
from console.state.clients import ClientInfo, ClientListing
from console.state.names import short
from console.state.rooms import RoomInfo, RoomListing
from console.state.servers import Server, ServerListing
from console.text import age, ago, cut_left, safe, seconds, size
from console.widgets.table import REST, Column, Table
from server_core.roster import RoomKey

_NONE = "–"


class RoomTable(Table[RoomInfo, RoomKey]):
    """A row per room."""

    def __init__(self, listing: RoomListing, *, id: str) -> None:
        session = listing.session

        def last(room: RoomInfo, _width: int) -> str:
            return ago((session.now() - room.last) / 1e9) if room.last else _NONE

        def name(room: RoomInfo, _width: int) -> str:
            return safe(f"{session.state.label(room.room)} · {room.room}" if room.private else room.room)

        columns: tuple[Column[RoomInfo], ...] = (
            Column("room", "room", name, ((0, REST),)),
            Column("nsp", "nsp", lambda room, _: safe(room.nsp), ((0, 10), (90, 16))),
            Column("kind", "kind", lambda room, _: "private" if room.private else "public", ((0, 7),)),
            Column("members", "members", lambda room, _: str(room.members), ((0, 8),), right=True),
            Column("events", "events", lambda room, _: str(room.events), ((0, 7),), right=True),
            Column("last", "last", last, ((0, 7),), right=True),
        )
        super().__init__(listing, columns, id=id)

    def tone(self, thing: RoomInfo) -> str:
        return "quiet" if thing.private else "plain"

    def gone(self, id: RoomKey) -> str:
        return f"{safe(id[1])} is empty"


class ClientTable(Table[ClientInfo, str]):
    """A row per connection."""

    def __init__(self, listing: ClientListing, *, id: str) -> None:
        session = listing.session

        def open_for(client: ClientInfo, _width: int) -> str:
            opened = client.engine.opened
            return age(max(0.0, (session.now() - opened) / 1e9)) if opened else _NONE

        def transport(client: ClientInfo, width: int) -> str:
            arrow = "⇄ " if client.engine.upgraded else "  "
            return arrow + safe(client.engine.transport)

        def sockets(client: ClientInfo, width: int) -> str:
            if width < 8:
                return str(len(client.sockets))
            spaces = Counter(socket.nsp for socket in client.sockets)
            return safe(" ".join(nsp if n == 1 else f"{nsp}×{n}" for nsp, n in sorted(spaces.items())))

        def rtt(client: ClientInfo, _width: int) -> str:
            return _NONE if client.engine.rtt is None else seconds(client.engine.rtt)

        columns: tuple[Column[ClientInfo], ...] = (
            Column(
                "id",
                "id",
                lambda c, width: safe(c.engine.id if width >= 20 else short(c.engine.id)),
                ((0, 8), (150, 20)),
            ),
            Column("who", "who", lambda c, _: safe(listing.who(c)), ((0, 10), (121, 16))),
            Column("transport", "transport", transport, ((0, 11),)),
            Column("address", "address", lambda c, _: safe(c.engine.address), ((94, 15),)),
            Column("sockets", "sockets", sockets, ((0, REST),)),
            Column("rtt", "rtt", rtt, ((0, 7),), right=True),
            Column("rtts", "last 20", lambda c, width: sparkline(c.engine.rtts[-width:]), ((115, 20),)),
            Column("bytes in", "in", lambda c, _: size(c.bytes_in), ((0, 8),), right=True),
            Column("bytes out", "out", lambda c, _: size(c.bytes_out), ((0, 8),), right=True),
            Column("opened", "age", open_for, ((78, 7),), right=True),
            Column("agent", "user agent", lambda c, _: safe(c.agent), ((170, 30),)),
        )
        super().__init__(listing, columns, id=id)

    def gone(self, id: str) -> str:
        return f"{safe(short(id))} closed"


class ServerTable(Table[Server, str]):
    """A row per server."""

    def __init__(self, listing: ServerListing, *, id: str) -> None:
        session = listing.session

        def up(server: Server, _width: int) -> str:
            started = server.info.started
            return age(max(0.0, (session.now() - started) / 1e9)) if started else _NONE

        def lag(server: Server, _width: int) -> str:
            return seconds(latest.lag) if (latest := server.meter.latest) else _NONE

        def cpu(server: Server, _width: int) -> str:
            return _NONE if server.meter.cpu is None else f"{server.meter.cpu:.0%}"

        def memory(server: Server, _width: int) -> str:
            return size(latest.memory) if (latest := server.meter.latest) and latest.memory else _NONE

        def rate(server: Server, _width: int) -> str:
            return str(server.events(session.now()))

        def sockets(server: Server, _width: int) -> str:
            # those of a cluster whose nodes can't be told apart are all told of by one
            found = len(server.roster.sockets)
            return str(found) if found or not server.info.nodes else _NONE

        columns: tuple[Column[Server], ...] = (
            Column("server", "server", lambda s, width: cut_left(safe(s.id), width), ((0, REST),)),
            Column("url", "url", lambda s, width: cut_left(safe(s.info.url), width), ((124, 24),)),
            Column("pid", "pid", lambda s, _: str(s.info.pid or _NONE), ((0, 7),), right=True),
            Column("started", "up", up, ((0, 7),), right=True),
            Column("sockets", "sockets", sockets, ((0, 8),), right=True),
            Column("clients", "clients", lambda s, _: str(len(s.roster.engines)), ((98, 8),), right=True),
            Column("rooms", "rooms", lambda s, _: str(s.rooms), ((0, 6),), right=True),
            Column("events", "ev/s", rate, ((0, 6),), right=True),
            Column("lag", "loop", lag, ((0, 7),), right=True),
            Column("cpu", "cpu", cpu, ((64, 5),), right=True),
            Column("memory", "memory", memory, ((82, 8),), right=True),
        )
        super().__init__(listing, columns, id=id)
