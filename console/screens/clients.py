"""Clients: Engine.IO connections, their transport, and how far away they are."""

from __future__ import annotations

from console.lines import Reader
from console.link.base import Link
from console.screens.table_view import TableView
from console.screens.view import Subject
from console.state.clients import ClientListing, client_of
from console.state.refs import ClientRef, RecordRef, Ref, SocketRef
from console.state.session import Session
from console.widgets.tables import ClientTable
from server_core.records import SocketInfo


class ClientsView(TableView):
    """The open connections."""

    title = "Clients"
    key = "4"
    noun = "client"

    def __init__(self, link: Link, session: Session, reader: Reader) -> None:
        super().__init__(link, session, reader, id="clients")
        self.rows = self.client_table = ClientTable(ClientListing(session), id="client-table")
        self.main = self.rows
        self.panes = (self.rows,)

    def ref_of(self, id: str) -> Ref:
        return ClientRef(id)

    def id_of(self, ref: Ref) -> str | None:
        return ref.id if isinstance(ref, ClientRef) else None

    def hint(self) -> str:
        return self.awaited("no clients yet: they connect to")

    def subject(self) -> Subject:
        if self.in_detail:
            match self.detail.ref():
                case RecordRef() as ref:
                    return ref.record
                case SocketRef() as ref:
                    return self.session.state.known(ref.id)
        client = self.client_table.current
        return client.engine if client else None

    def sockets(self) -> list[SocketInfo]:
        if self.in_detail:
            ref = self.detail.ref()
            if isinstance(ref, SocketRef):
                return [socket] if (socket := self.session.state.socket(ref.id)) else []
            about = self.detail.subject
            client = client_of(self.session, about.id) if isinstance(about, ClientRef) else None
        else:
            client = self.client_table.current
        return list(client.sockets) if client else []

    def marked_sockets(self) -> list[SocketInfo]:
        return [socket for client in self.client_table.marked() for socket in client.sockets]
