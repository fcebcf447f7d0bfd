"""Events: the whole timeline."""

from __future__ import annotations

from console.lines import Reader
from console.link.base import Link
from console.screens.list_view import ListView
from console.state.session import Session
from console.state.timeline import SLICE, Timeline
from console.widgets.event_list import EventList


class EventsView(ListView):
    """All records that match, newest at the bottom."""

    title = "Events"
    key = "3"

    def __init__(self, link: Link, session: Session, reader: Reader) -> None:
        super().__init__(link, session, reader, id="events")
        self.lines = self.events = EventList(
            Timeline(session), reader, id="event-list", empty="nothing has happened yet"
        )
        self.main = self.lines
        self.panes = (self.lines,)

    def refilter(self) -> None:
        self.events.timeline.set(filter=self.filter)
        self.events.reset()

    def sync(self, seconds: float = SLICE) -> None:
        self.events.timeline.extend(seconds)
        self.events.sync()
