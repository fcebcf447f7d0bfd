"""Logs: what the app writes."""

from __future__ import annotations

from console.lines import Reader
from console.link.base import Link
from console.screens.view import Subject, View
from console.state.refs import RecordRef, Ref
from console.state.session import Session
from console.widgets.timeline_list import LogList
from server_core.records import SocketInfo


class LogsView(View):
    """The lines of the app's stdout and stderr."""

    title = "Logs"
    key = "6"
    beside = False

    def __init__(self, link: Link, session: Session, reader: Reader) -> None:
        super().__init__(link, session, reader, id="logs")
        self.log_list = LogList(session, reader, id="log")
        self.main = self.log_list
        self.panes = (self.log_list,)

    def subject(self) -> Subject:
        return self.log_list.record()

    def sockets(self) -> list[SocketInfo]:
        return []

    def ref(self) -> Ref | None:
        record = self.log_list.record()
        return RecordRef(record) if record else None

    def show(self, ref: Ref) -> None:
        """Records have a dialog of their own."""

    def refilter(self) -> None:
        self.log_list.set_filter(self.filter)

    def sync(self) -> None:
        self.log_list.sync()

    def pause(self) -> None:
        self.log_list.toggle()
