"""Events: the whole timeline."""

from __future__ import annotations

from console.lines import Reader
from console.link.base import Link
from console.screens.view import Subject, View
from console.state.refs import RecordRef, Ref
from console.state.session import Session
from console.state.timeline import Timeline
from console.widgets.timeline_list import TimelineList
from server_core.records import SocketInfo


class EventsView(View):
    """All records that match, newest at the bottom; the opened one beside."""

    title = "Events"
    key = "3"
    beside = False

    def __init__(self, link: Link, session: Session, reader: Reader) -> None:
        super().__init__(link, session, reader, id="events")
        self.events = TimelineList(Timeline(session), reader, id="event-list", empty="nothing has happened yet")
        self.main = self.events
        self.panes = (self.events,)

    def subject(self) -> Subject:
        return self.events.record()

    def sockets(self) -> list[SocketInfo]:
        socket = self.session.state.socket(getattr(self.events.record(), "socket", "") or "")
        return [socket] if socket else []

    def ref(self) -> Ref | None:
        record = self.events.record()
        return RecordRef(record) if record else None

    def show(self, ref: Ref) -> None:
        """Records have a dialog of their own."""

    def refilter(self) -> None:
        self.events.timeline.set(filter=self.filter)
        self.events.reset()

    def sync(self) -> None:
        self.events.timeline.extend()
        self.events.sync()

    def pause(self) -> None:
        self.events.toggle()
