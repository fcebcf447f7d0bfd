"""Servers: what they are, how busy they are, how their loop keeps up."""

from __future__ import annotations

from console.lines import Reader
from console.link.base import Link
from console.screens.table_view import TableView
from console.screens.view import Subject
from console.state.refs import RecordRef, Ref, ServerRef
from console.state.servers import ServerListing
from console.state.session import Session
from console.widgets.tables import ServerTable
from server_core.records import SocketInfo


class ServersView(TableView):
    """All servers that were heard of."""

    title = "Servers"
    key = "5"
    noun = "server"

    def __init__(self, link: Link, session: Session, reader: Reader) -> None:
        super().__init__(link, session, reader, id="servers")
        self.rows = self.server_table = ServerTable(ServerListing(session), id="server-table")
        self.main = self.rows
        self.panes = (self.rows,)

    def ref_of(self, id: str) -> Ref:
        return ServerRef(id)

    def id_of(self, ref: Ref) -> str | None:
        return ref.id if isinstance(ref, ServerRef) else None

    def subject(self) -> Subject:
        if self.in_detail and isinstance(ref := self.detail.ref(), RecordRef):
            return ref.record
        return self.server_table.current

    def sockets(self) -> list[SocketInfo]:
        return []  # nothing is done to all sockets of a server by accident
