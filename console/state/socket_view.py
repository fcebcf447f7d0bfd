"""The list of sockets: filtered and sorted, nothing moves under the cursor."""

from __future__ import annotations

from collections.abc import Callable

from console.state.filter import Filter
from console.state.state import State
from server_core.records import SocketInfo

SortKey = Callable[[SocketInfo], object]

COLUMNS = ("connected", "id", "nsp", "transport", "address", "attributes", "rooms", "in", "out", "last", "rtt")


class SocketView:
    """Ids of the sockets that match a filter, in order."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.filter: Filter | None = None
        self.sort = "connected"
        self.reverse = False
        self.ids: list[str] = []

    def refresh(self) -> None:
        """Look at the state again."""
        state = self._state
        filter = self.filter
        sockets = [socket for socket in state.sockets() if filter is None or filter.takes_socket(socket)]
        sockets.sort(key=self._key, reverse=self.reverse)
        self.ids = [socket.id for socket in sockets]

    def text_of(self, socket: SocketInfo) -> str:
        """All of a socket's text, in which a filter's free text is looked for."""
        handshake = socket.handshake
        parts = (
            socket.id,
            socket.nsp,
            handshake.address,
            *socket.rooms,
            *socket.attributes,
            *socket.attributes.values(),
            handshake.auth,
            handshake.url,
            handshake.headers.get("user-agent", ""),
            self.transport(socket),
        )
        return "\n".join(parts).casefold()

    def transport(self, socket: SocketInfo) -> str:
        """`websocket` or `polling`, "" when its connection is gone."""
        roster = self._state.roster_of(socket.id)
        engine = roster.engines.get(socket.engine) if roster else None
        return engine.transport if engine else ""

    def rtt(self, socket: SocketInfo) -> float | None:
        """Seconds, None before the first heartbeat."""
        roster = self._state.roster_of(socket.id)
        engine = roster.engines.get(socket.engine) if roster else None
        return engine.rtt if engine else None

    def _key(self, socket: SocketInfo) -> tuple[object, ...]:
        roster = self._state.roster_of(socket.id)
        counters = roster.counters_of(socket.id) if roster else None
        first: object
        match self.sort:
            case "id":
                first = socket.id
            case "nsp":
                first = socket.nsp
            case "transport":
                first = self.transport(socket)
            case "address":
                first = socket.handshake.address
            case "attributes":
                first = self._state.label(socket.id).casefold()
            case "rooms":
                first = len(socket.rooms)
            case "in":
                first = counters.received if counters else 0
            case "out":
                first = counters.sent if counters else 0
            case "last":
                first = -(counters.last if counters else 0)
            case "rtt":
                first = self.rtt(socket) or 0.0
            case _:
                first = socket.connecting
        return (first, socket.connecting, socket.id)
