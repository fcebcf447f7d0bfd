"""Logs: what the app writes."""

from __future__ import annotations

from console.lines import Reader
from console.link.base import Link
from console.screens.list_view import ListView
from console.state.session import Session
from console.state.timeline import SLICE
from console.widgets.timeline_list import LogList


class LogsView(ListView):
    """The lines of the app's stdout and stderr."""

    title = "Logs"
    key = "6"

    def __init__(self, link: Link, session: Session, reader: Reader) -> None:
        super().__init__(link, session, reader, id="logs")
        self.lines = self.log_list = LogList(session, reader, id="log")
        self.main = self.lines
        self.panes = (self.lines,)

    def refilter(self) -> None:
        self.log_list.set_filter(self.filter)
        self.log_list.sync()

    def sync(self, seconds: float = SLICE) -> None:
        self.log_list.sync()
