"""What a query may ask about, beside the record or the socket itself."""

from __future__ import annotations

from collections.abc import Callable

from console.state.session import Session
from console.state.state import State
from server_core.records import AnyRecord, EngineInfo, SocketCounters, SocketInfo


class Context:
    """The state in which a query is answered, and the text that free text is looked for in."""

    def __init__(
        self, session: Session, text_of_record: Callable[[AnyRecord], str], text_of_socket: Callable[[SocketInfo], str]
    ) -> None:
        self._session = session
        self.text_of_record = text_of_record
        self.text_of_socket = text_of_socket

    @property
    def state(self) -> State:
        return self._session.state

    def socket_of(self, record: AnyRecord) -> SocketInfo | None:
        """The one socket that a record is about, live or gone, as it is known now."""
        id = getattr(record, "socket", "")
        return self.state.known(id) if id else None

    def engine(self, socket: SocketInfo) -> EngineInfo | None:
        roster = self.state.roster_of(socket.id)
        return roster.engines.get(socket.engine) if roster else None

    def counters(self, socket: SocketInfo) -> SocketCounters | None:
        roster = self.state.roster_of(socket.id)
        return roster.counters_of(socket.id) if roster else None

    def label(self, id: str) -> str:
        return self.state.label(id)

    def now(self) -> int:
        """Wall time in nanoseconds, or the time of the moment that is shown."""
        return self._session.now()
