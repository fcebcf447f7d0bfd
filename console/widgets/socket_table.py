"""The table of live sockets."""

from __future__ import annotations

import msgspec

from console.lines import Reader
from console.state.names import short
from console.state.sockets import SocketListing
from console.text import ago, cut_left, safe, seconds
from console.widgets.table import REST, Column, Table
from server_core.records import SocketInfo

_TRANSPORTS = {"websocket": "ws", "polling": "po"}


class SocketTable(Table[SocketInfo, str]):
    """A row per socket."""

    BORDER_TITLE = "Sockets"

    def __init__(self, listing: SocketListing, reader: Reader, *, id: str) -> None:
        self.sockets = listing
        self._reader = reader
        columns: tuple[Column[SocketInfo], ...] = (
            Column("id", "id", lambda s, width: safe(s.id if width >= 20 else short(s.id)), ((0, 8), (150, 20))),
            Column("server", "server", self._server, ((0, 10), (110, 16), (150, 21))),
            Column("nsp", "nsp", lambda s, _: safe(s.nsp), ((0, 6),)),
            Column("transport", "tr", self._transport, ((0, 2), (150, 9))),
            Column("address", "address", lambda s, _: safe(s.handshake.address), ((84, 15),)),
            Column("attributes", "attributes", lambda s, _: self.attributes(s), ((0, REST),)),
            Column("rooms", "rooms", lambda s, _: str(len(s.rooms - {s.id})), ((0, 5),), right=True),
            Column("names", "in rooms", self._rooms, ((110, 16), (150, 24))),
            Column("in", "in", lambda s, _: str(listing.counters(s).received), ((0, 5),), right=True),
            Column("out", "out", lambda s, _: str(listing.counters(s).sent), ((0, 5),), right=True),
            Column("last", "last", self._last, ((0, 7),), right=True),
            Column("rtt", "rtt", self._rtt, ((74, 7),), right=True),
        )
        super().__init__(listing, columns, id=id)

    def left_out(self) -> frozenset[str]:
        rosters = self.sockets.session.state.rosters.values()
        several = len(rosters) > 1 or any(roster.info.nodes for roster in rosters)
        return frozenset() if several else frozenset({"server"})

    def glyph(self, thing: SocketInfo) -> str:
        if self.sockets.lost(thing):
            return "○"
        return " " if thing.connected else "…"

    def tone(self, thing: SocketInfo) -> str:
        return "plain" if thing.connected and not self.sockets.lost(thing) else "quiet"

    def gone(self, id: str) -> str:
        return f"{safe(id[:8])} gone"

    def _server(self, socket: SocketInfo, width: int) -> str:
        name = safe(self.sockets.server(socket))
        return name if " " in name else cut_left(name, width)

    def _transport(self, socket: SocketInfo, width: int) -> str:
        transport = self.sockets.transport(socket)
        return safe(transport) if width > 2 else _TRANSPORTS.get(transport, "?")

    def _rooms(self, socket: SocketInfo, _width: int) -> str:
        return safe(" ".join(sorted(socket.rooms - {socket.id})))

    def _last(self, socket: SocketInfo, _width: int) -> str:
        last = self.sockets.counters(socket).last
        return ago((self.sockets.session.now() - last) / 1e9) if last else "–"

    def _rtt(self, socket: SocketInfo, _width: int) -> str:
        rtt = self.sockets.rtt(socket)
        return seconds(rtt) if rtt is not None else "–"

    def attributes(self, socket: SocketInfo) -> str:
        """What is attached, in short: its name first."""
        label = self.sockets.session.state.label(socket.id)
        pairs = [
            pair
            for name, value in socket.attributes.items()
            for pair in flat(name, self._reader.attribute(name, value))
            if not pair.endswith(f"={label}")
        ]
        return safe("  ".join(pairs if socket.id.startswith(label) else [label, *pairs]))


def flat(name: str, value: str) -> list[str]:
    """An attribute in short: `name=value`, an object's parts one by one."""
    try:
        decoded = msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        return [f"{name}={value}"]
    if isinstance(decoded, dict) and decoded:
        return [f"{name}.{key}={_plain(part)}" for key, part in decoded.items()]
    return [f"{name}={_plain(decoded)}"]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
