"""The list of live sockets."""

from __future__ import annotations

from collections.abc import Iterable

from console.state.filter import Filter
from console.state.listing import Listing
from console.state.names import where
from console.state.session import Session
from server_core.records import EngineInfo, SocketCounters, SocketInfo

_NO_EVENTS = SocketCounters()


class SocketListing(Listing[SocketInfo, str]):
    """The sockets of all servers, those in a middleware included."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        #: The text of each socket that was asked for it, and of what it was made.
        self._texts: dict[str, tuple[SocketInfo, str, str]] = {}

    def things(self) -> Iterable[SocketInfo]:
        return self.session.state.sockets()

    def id_of(self, thing: SocketInfo) -> str:
        return thing.id

    def get(self, id: str) -> SocketInfo | None:
        return self.session.state.socket(id)

    def takes(self, thing: SocketInfo, filter: Filter) -> bool:
        return filter.takes_socket(thing)

    def engine(self, socket: SocketInfo) -> EngineInfo | None:
        """The socket's connection, None when it is gone."""
        roster = self.session.state.roster_of(socket.id)
        return roster.engines.get(socket.engine) if roster else None

    def server(self, socket: SocketInfo) -> str:
        """The server that has it, or the nodes that may."""
        state = self.session.state
        server = state.server_of(socket.id)
        return where(server, state.rosters[server].info) if server else ""

    def lost(self, socket: SocketInfo) -> bool:
        """Whether its server is out of reach: the socket is shown as it was."""
        roster = self.session.state.roster_of(socket.id)
        return bool(roster and roster.lost)

    def transport(self, socket: SocketInfo) -> str:
        """`websocket` or `polling`, "" when its connection is gone."""
        engine = self.engine(socket)
        return engine.transport if engine else ""

    def rtt(self, socket: SocketInfo) -> float | None:
        """Seconds, None before the first heartbeat."""
        engine = self.engine(socket)
        return engine.rtt if engine else None

    def counters(self, socket: SocketInfo) -> SocketCounters:
        roster = self.session.state.roster_of(socket.id)
        return roster.counters_of(socket.id) if roster else _NO_EVENTS

    def label(self, socket: SocketInfo) -> str:
        return self.session.state.label(socket.id).casefold()

    def text_of(self, socket: SocketInfo) -> str:
        """All of a socket's text, in which a filter's free text is looked for."""
        transport = self.transport(socket)
        known = self._texts.get(socket.id)
        if known is None or known[0] is not socket or known[1] != transport:
            if len(self._texts) > 2 * self.session.state.socket_count() + 1_000:
                self._texts.clear()  # most of them are gone
            known = self._texts[socket.id] = socket, transport, self._text(socket, transport)
        return known[2]

    def _text(self, socket: SocketInfo, transport: str) -> str:
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
            transport,
        )
        return "\n".join(parts).casefold()

    KEYS = {
        "connected": lambda self, socket: (socket.connecting, socket.id),
        "id": lambda self, socket: socket.id,
        "nsp": lambda self, socket: (socket.nsp, socket.connecting),
        "transport": lambda self, socket: (self.transport(socket), socket.connecting),
        "address": lambda self, socket: (socket.handshake.address, socket.connecting),
        "attributes": lambda self, socket: (self.label(socket), socket.connecting),
        "rooms": lambda self, socket: (len(socket.rooms), socket.connecting),
        "names": lambda self, socket: (sorted(socket.rooms - {socket.id}), socket.connecting),
        "in": lambda self, socket: (self.counters(socket).received, socket.connecting),
        "out": lambda self, socket: (self.counters(socket).sent, socket.connecting),
        "last": lambda self, socket: (-self.counters(socket).last, socket.connecting),
        "rtt": lambda self, socket: (self.rtt(socket) or 0.0, socket.connecting),
        "server": lambda self, socket: (self.server(socket), socket.connecting),
    }
