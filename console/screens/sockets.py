"""Sockets: who is live, and what just happened."""

from __future__ import annotations

import time

from textual import on
from textual.events import DescendantFocus

from console.lines import Reader
from console.link.base import Link, LinkState
from console.screens.table_view import TableView
from console.screens.view import Subject
from console.state.refs import RecordRef, Ref, SocketRef
from console.state.session import Session
from console.state.sockets import SocketListing
from console.state.timeline import SLICE, Timeline
from console.widgets.line_list import LineList
from console.widgets.socket_table import SocketTable
from console.widgets.timeline_list import TimelineList
from server_core.records import SocketInfo


class SocketsView(TableView):
    """The live sockets, the timeline's tail below them, all about the selected one beside."""

    title = "Sockets"
    key = "1"
    noun = "socket"

    def __init__(self, link: Link, session: Session, reader: Reader) -> None:
        super().__init__(link, session, reader, id="sockets")
        self.rows = self.table_of_sockets = SocketTable(SocketListing(session), reader, id="socket-table")
        self.tail = TimelineList(Timeline(session), reader, id="tail", empty="nothing has happened yet")
        self.main = self.rows
        self.panes = (self.rows, self.tail)
        #: Whether the events have the keys for want of sockets that the filter takes.
        self._lent = False

    def ref_of(self, id: str) -> Ref:
        return SocketRef(id)

    def id_of(self, ref: Ref) -> str | None:
        return ref.id if isinstance(ref, SocketRef) else None

    def hint(self) -> str:
        if self.session.past or self.link.status.state in (LinkState.FILE, LinkState.LOADING):
            if not self.session.end:
                return "reading…" if self.link.status.state is LinkState.LOADING else "nothing was recorded"
            # the end of a recording is mostly after everybody has gone
            return "no sockets at this moment" + ("" if self.session.past else ": [ goes back in time, . plays")
        return self.awaited("no sockets yet: clients connect to")

    def subject(self) -> Subject:
        if self.in_detail and isinstance(ref := self.detail.ref(), RecordRef):
            return ref.record
        if self.tail.has_focus:
            return self.tail.record()
        return self.session.state.known(self._socket_id())

    def sockets(self) -> list[SocketInfo]:
        socket = self.session.state.socket(self._socket_id())
        return [socket] if socket else []

    def marked_sockets(self) -> list[SocketInfo]:
        return self.table_of_sockets.marked()

    def _socket_id(self) -> str:
        if self.in_detail:
            ref = self.detail.subject
            return ref.id if isinstance(ref, SocketRef) else ""
        if self.tail.has_focus:
            return getattr(self.tail.record(), "socket", "") or ""
        return self.table_of_sockets.selected or ""

    def ref(self) -> Ref | None:
        if self.tail.has_focus:
            return RecordRef(record) if (record := self.tail.record()) else None
        return super().ref()

    def refilter(self) -> None:
        super().refilter()
        self.tail.timeline.set(filter=self.filter)
        self.tail.reset()
        if self.filter is None:
            self.filtered()  # what is pressed next is about the list

    def sync(self, seconds: float = SLICE) -> None:
        until = time.perf_counter() + seconds
        super().sync(seconds)
        self.tail.timeline.extend(until - time.perf_counter())  # what the sockets have left of it
        self.tail.sync()

    def pause(self) -> None:
        self.tail.pause()

    def leave(self) -> None:
        super().leave()
        self._lent = self.main_pane() is self.tail

    def filtered(self) -> None:
        """The keys go to the events where these are all that was found, and back to the list once it has something;
        whoever went to the events stays there."""
        found = self.main_pane()
        if (self.rows if found is self.tail else self.tail).has_focus and (found is self.tail or self._lent):
            self._lent = found is self.tail
            found.focus()

    @on(DescendantFocus)
    def _focused(self, event: DescendantFocus) -> None:
        self._lent &= event.widget is not self.rows

    def main_pane(self) -> LineList:
        listing = self.rows.listing
        return self.rows if listing.ids or listing.filter is None else self.tail

    def selected(self) -> None:
        selected = self.table_of_sockets.selected
        self.link.watch([selected] if selected else [])
