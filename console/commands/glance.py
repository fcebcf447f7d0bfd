"""A short look at one server, for the commands that ask or do one thing and end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from console.lines import Reader
from console.link.admin import AdminConnection
from console.link.explain import explain
from console.query.context import Context
from console.query.nodes import Query
from console.state.filter import Filter
from console.state.rooms import RoomListing
from console.state.session import Session
from console.state.sockets import SocketListing
from console.state.state import State
from console.wire.errors import WireError
from console.wire.target import Target
from server_core.records import AnyRecord, Command, CommandResult, SocketInfo
from server_core.roster import RoomKey

#: Seconds that a server has to say who is there.
LIST_PATIENCE = 10.0


class Unreachable(Exception):
    """The server can't be reached, or refuses us; one line says why, and what to change."""


class Glance:
    """One server as it is now, for as long as the command lasts."""

    def __init__(
        self, connection: AdminConnection, state: State, ended: asyncio.Future[None], *, show_secrets: bool
    ) -> None:
        self.connection = connection
        self.state = state
        #: Done when the connection is over; its exception says why.
        self.ended = ended
        self._session = session = Session(state)
        self.reader = Reader(session, show_secrets=show_secrets)
        self._context = Context(session, self.reader.text_of, SocketListing(session).text_of)
        #: Called with the records that come, once they are folded.
        self.on_records: Callable[[Sequence[AnyRecord]], None] = lambda _records: None

    @property
    def lists_sockets(self) -> bool:
        """Whether the server tells of sockets, rather than of figures alone."""
        plain = self.connection.plain
        return plain is None or plain.development

    def bind(self, query: Query | None) -> Filter | None:
        """A query as a filter of this server's sockets and records."""
        return query.bind(self._context) if query else None

    def sockets(self, nsp: str | None, filter: Filter | None = None) -> list[SocketInfo]:
        """The connected sockets of a namespace (None: of all), those that a filter takes."""
        return [
            socket
            for socket in self.state.sockets()
            if socket.connected and nsp in (None, socket.nsp) and (filter is None or filter.takes_socket(socket))
        ]

    def rooms(self, filter: Filter) -> set[RoomKey]:
        """The rooms that a filter takes, the sockets' own among them."""
        listing = RoomListing(self._session)
        listing.own = True
        return {listing.id_of(room) for room in listing.things() if filter.takes_room(room)}

    def reaches(self, nsp: str, rooms: Sequence[str]) -> bool:
        """Whether an emit may reach anybody, as far as the server tells."""
        if not self.lists_sockets or any(roster.info.cluster for roster in self.state.rosters.values()):
            return True
        return any(roster.recipients(nsp, rooms, ()) for roster in self.state.rosters.values())

    def find(self, text: str, nsp: str) -> SocketInfo | None:
        """The socket that an id, the beginning of one, or a name means."""
        return self.state.find(text, nsp)

    async def send(self, command: Command) -> CommandResult:
        return await self.connection.send(command)


@contextlib.asynccontextmanager
async def glance(target: Target, *, show_secrets: bool = False) -> AsyncIterator[Glance]:
    """Attach to a server until the end of the block; `Unreachable` says why it can't be.

    What was sent is written out before the connection closes.
    """
    state = State()
    found: list[Glance] = []

    def put(records: Sequence[AnyRecord]) -> None:
        state.apply(records)
        for each in found:
            each.on_records(records)

    connection = AdminConnection(target, put)
    try:
        await connection.open()
    except (WireError, OSError) as error:
        raise Unreachable(await explain(error, target)) from error
    reading = asyncio.ensure_future(connection.read())
    try:
        listed = asyncio.ensure_future(connection.listed.wait())
        await asyncio.wait((reading, listed), timeout=LIST_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        listed.cancel()
        if not connection.listed.is_set():
            reason = reading.exception() if reading.done() else f"it said nothing within {LIST_PATIENCE:.0f} s"
            raise Unreachable(f"{target.url} let us in, and then: {reason}")
        found.append(Glance(connection, state, reading, show_secrets=show_secrets))
        yield found[0]
    finally:
        if not reading.done():
            await connection.close()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await connection.abort()
