"""Sockets: who is live, and what just happened."""

from __future__ import annotations

from textual import on

from console.lines import Reader
from console.link.base import Link
from console.screens.view import Subject, View
from console.state.refs import RecordRef, Ref, SocketRef
from console.state.session import Session
from console.state.sockets import SocketListing
from console.state.timeline import Timeline
from console.widgets.line_list import LineList
from console.widgets.socket_table import SocketTable
from console.widgets.timeline_list import TimelineList
from server_core.records import AnyRecord, SocketInfo


class SocketsView(View):
    """The live sockets, the timeline's tail below them, all about the selected one beside."""

    title = "Sockets"
    key = "1"

    def __init__(self, link: Link, session: Session, reader: Reader) -> None:
        super().__init__(link, session, reader, id="sockets")
        self.sockets_list = SocketTable(SocketListing(session), reader, id="socket-table")
        self.tail = TimelineList(Timeline(session), reader, id="tail", empty="nothing has happened yet")
        self.main = self.sockets_list
        self.panes = (self.sockets_list, self.tail)

    def record(self) -> AnyRecord | None:
        """The record under the cursor of the focused pane."""
        if self.in_detail:
            return self.detail.record()
        return self.tail.record() if self.tail.has_focus else None

    def subject(self) -> Subject:
        return self.record() or self.session.state.known(self._socket_id())

    def sockets(self) -> list[SocketInfo]:
        socket = self.session.state.socket(self._socket_id())
        return [socket] if socket else []

    def marked_sockets(self) -> list[SocketInfo]:
        return self.sockets_list.marked()

    def _socket_id(self) -> str:
        if self.in_detail:
            return self.detail.socket_id
        if self.tail.has_focus:
            return getattr(self.tail.record(), "socket", "") or ""
        return self.sockets_list.selected or ""

    def ref(self) -> Ref | None:
        if record := self.record():
            return RecordRef(record)
        if not self.in_detail and not self.tail.has_focus and (selected := self.sockets_list.selected):
            return SocketRef(selected)
        return None

    def show(self, ref: Ref) -> None:
        if isinstance(ref, SocketRef):
            self.sockets_list.select(ref.id)
            self.detail.show(ref.id)

    def hides(self, ref: Ref) -> bool:
        listing = self.sockets_list.listing
        return isinstance(ref, SocketRef) and ref.id not in listing.ids and listing.get(ref.id) is not None

    def refilter(self) -> None:
        self.sockets_list.listing.filter = self.filter
        self.tail.timeline.set(filter=self.filter)
        self.tail.reset()

    def resort(self) -> None:
        listing, table = self.sockets_list.listing, self.sockets_list
        listing.refresh()
        shown, total = len(listing.ids), listing.total
        table.border_title = f"Sockets {shown} of {total}" if self.filter else f"Sockets {total}"
        if self.filter:
            table.hint = "no socket matches the filter: escape clears it"
        else:
            table.hint = f"no sockets yet: clients connect to {self.link.url}"
        table.sync()
        if self.detail.display:
            self.detail.sync()

    def sync(self) -> None:
        self.tail.timeline.extend()
        self.tail.sync()
        if self.detail.display and self.detail.on_timeline:
            self.detail.sync()

    def pause(self) -> None:
        self.tail.toggle()

    def main_pane(self) -> LineList:
        listing = self.sockets_list.listing
        return self.sockets_list if listing.ids or listing.filter is None else self.tail

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        # whoever is reading about a socket goes on reading when it leaves
        if event.list is self.sockets_list and not self.in_detail:
            selected = self.sockets_list.selected or ""
            self.detail.show(selected)
            self.link.watch([selected] if selected else [])
