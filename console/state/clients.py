"""The list of clients: Engine.IO connections, each with its namespaces' sockets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from console.state.filter import Filter
from console.state.listing import Listing
from console.state.session import Session
from server_core.records import EngineInfo, SocketInfo


class ClientInfo(NamedTuple):
    """A connection, its sockets, and the payload bytes that they received from it and sent to it."""

    engine: EngineInfo
    sockets: tuple[SocketInfo, ...]
    bytes_in: int
    bytes_out: int

    @property
    def agent(self) -> str:
        """Its user agent, "" when it told none."""
        return next((found for s in self.sockets if (found := s.handshake.headers.get("user-agent"))), "")


class ClientListing(Listing[ClientInfo, str]):
    """The connections of all servers."""

    KEYS = {
        "opened": lambda self, client: client.engine.opened,
        "id": lambda self, client: client.engine.id,
        "transport": lambda self, client: (client.engine.transport, client.engine.opened),
        "upgraded": lambda self, client: (-client.engine.upgraded, client.engine.opened),
        "address": lambda self, client: (client.engine.address, client.engine.opened),
        "who": lambda self, client: (self.who(client).casefold(), client.engine.opened),
        "sockets": lambda self, client: (-len(client.sockets), client.engine.opened),
        "rtt": lambda self, client: (-(client.engine.rtt or 0.0), client.engine.opened),
        "bytes in": lambda self, client: (-client.bytes_in, client.engine.opened),
        "bytes out": lambda self, client: (-client.bytes_out, client.engine.opened),
    }

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        #: Ids of each connection's sockets, as of the last refresh.
        self._sockets: dict[str, list[str]] = {}

    def things(self) -> Iterable[ClientInfo]:
        self._sockets = {}
        for socket in self.session.state.sockets():
            self._sockets.setdefault(socket.engine, []).append(socket.id)
        for roster in self.session.state.rosters.values():
            for engine in roster.engines.values():
                yield self._client(engine)

    def id_of(self, thing: ClientInfo) -> str:
        return thing.engine.id

    def get(self, id: str) -> ClientInfo | None:
        engine = self.session.state.engine(id)
        return self._client(engine) if engine else None

    def takes(self, thing: ClientInfo, filter: Filter) -> bool:
        return filter.takes_client(thing)

    def who(self, client: ClientInfo) -> str:
        """What its sockets are called, "" when it has none."""
        return next((self.session.state.label(socket.id) for socket in client.sockets), "")

    def _client(self, engine: EngineInfo) -> ClientInfo:
        state = self.session.state
        sockets: list[SocketInfo] = []
        bytes_in = bytes_out = 0
        for id in self._sockets.get(engine.id, ()):
            if (roster := state.roster_of(id)) and (socket := roster.sockets[id]).engine == engine.id:
                sockets.append(socket)
                counters = roster.counters_of(id)
                bytes_in += counters.bytes_received
                bytes_out += counters.bytes_sent
        return ClientInfo(engine, tuple(sockets), bytes_in, bytes_out)


def client_of(session: Session, engine: str) -> ClientInfo | None:
    """One connection, without a list; O(sockets)."""
    listing = ClientListing(session)
    listing._sockets = {engine: [socket.id for socket in session.state.sockets() if socket.engine == engine]}
    return listing.get(engine)
