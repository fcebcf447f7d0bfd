"""What the views of what happened have in common: lines, and the opened one beside them."""

from __future__ import annotations

from typing import Any

from textual import on

from console.screens.view import Subject, View
from console.state.refs import RecordRef, Ref, SocketRef
from console.widgets.line_list import LineList
from console.widgets.timeline_list import LogList, TimelineList
from server_core.records import SocketInfo


class ListView(View):
    """A view whose list follows the newest; its detail stands beside once a line was opened."""

    beside = False

    lines: TimelineList | LogList

    def subject(self) -> Subject:
        if self.in_detail:
            ref = self.detail.ref()
            if isinstance(ref, SocketRef):
                return self.session.state.known(ref.id)
            return self.detail.record()
        return self.lines.record()

    def sockets(self) -> list[SocketInfo]:
        subject: Any = self.subject()
        id = subject.id if isinstance(subject, SocketInfo) else getattr(subject, "socket", "") or ""
        socket = self.session.state.socket(id)
        return [socket] if socket else []

    def ref(self) -> Ref | None:
        if self.in_detail:
            return self.detail.ref()
        record = self.lines.record()
        return RecordRef(record) if record else None

    def show(self, ref: Ref) -> None:
        if isinstance(ref, RecordRef):
            self.lines.select(ref.record)
            self.detail.show(ref)

    def hides(self, ref: Ref) -> bool:
        return isinstance(ref, RecordRef) and self.filter is not None and not self.filter.takes_record(ref.record)

    def resort(self) -> None:
        if self.detail.display:
            self.detail.sync()

    def pause(self) -> None:
        self.lines.pause()

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        if event.list is self.lines and not self.in_detail and self.detail.display:
            record = self.lines.record()
            self.detail.show(RecordRef(record) if record else None)
