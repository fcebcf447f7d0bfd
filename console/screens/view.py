"""What all views have in common: a list, perhaps others below it, and a detail beside them."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from console.lines import Reader
from console.link.base import Link
from console.state.filter import Filter
from console.state.refs import Ref
from console.state.rooms import RoomInfo
from console.state.servers import Server
from console.state.session import Session
from console.state.state import State
from console.state.timeline import SLICE
from console.widgets.detail import Detail
from console.widgets.event_list import EventList
from console.widgets.line_list import About, LineList
from console.widgets.table import Table
from console.widgets.timeline_list import TimelineList
from server_core.records import AnyRecord, EngineInfo, SocketInfo

#: What actions are about.
Subject = SocketInfo | RoomInfo | EngineInfo | Server | AnyRecord | None


class Spot(NamedTuple):
    """Where one is in a view, to come back to."""

    #: Index of the focused pane, -1 for the detail.
    pane: int
    #: The list's row, by what is there.
    selected: Any
    cursor: int
    following: bool
    #: What the detail shows, and where in it.
    shown: Any
    tab: int
    line: int


class View(Horizontal):
    """One view of the main screen. It reads `session.state` each time, and keeps nothing of it.

    `id`, `title` and `key` name it; `main` is the list that it is about.
    """

    title: ClassVar[str]
    key: ClassVar[str]
    #: Whether the detail stands beside the lists wherever there is room, or once something was opened.
    beside: ClassVar[bool] = True

    main: LineList
    #: The list and what stands below it.
    panes: tuple[LineList, ...]

    def __init__(self, link: Link, session: Session, reader: Reader, *, id: str) -> None:
        super().__init__(id=id, classes="view")
        self.link = link
        self.session = session
        self.reader = reader
        self.detail = Detail(session, reader, id=f"{id}-detail")
        self.filter: Filter | None = None
        self._state: State | None = None
        self._opened = False
        self._wide = True

    def compose(self) -> ComposeResult:
        with Vertical(classes="lists"):
            yield from self.panes
        yield self.detail

    @property
    def searching(self) -> bool:
        """Whether a list still looks for what the filter takes, or for its order, and goes on with each `sync`."""
        return (self.table is not None and self.table.listing.busy) or any(
            isinstance(pane, TimelineList) and pane.timeline.progress < 1 for pane in self.panes
        )

    def pending(self, what: About) -> bool:
        """Whether the row that an action is about, or the whole list, is still looked for."""
        if self.in_detail and what != "list":
            return self.detail.pending(what)
        return self.focused_list.pending(what) or (what == "list" and self.main.pending(what))

    @property
    def table(self) -> Table[Any, Any] | None:
        """The list, where it is one that can be sorted."""
        return self.main if isinstance(self.main, Table) else None

    @property
    def marking(self) -> Table[Any, Any] | EventList | None:
        """The list, where it is one whose rows can be marked."""
        return self.main if isinstance(self.main, Table | EventList) else None

    # what subclasses say

    def subject(self) -> Subject:
        """What the cursor is on."""
        raise NotImplementedError

    def ref(self) -> Ref | None:
        """What the cursor's row names, to be opened; None where there is nothing to open."""
        raise NotImplementedError

    def sockets(self) -> list[SocketInfo]:
        """The live sockets that an action here is about."""
        raise NotImplementedError

    def show(self, ref: Ref) -> None:
        """Show all about something, with the cursor on it where it is listed."""
        raise NotImplementedError

    def hides(self, ref: Ref) -> bool:
        """Whether the filter hides something that the list would show."""
        return False

    def refilter(self) -> None:
        """The filter is another one, or the state: look at everything again, and draw it."""
        raise NotImplementedError

    def resort(self) -> None:
        """Look at the order again, at most twice a second."""

    def sync(self, seconds: float = SLICE) -> None:
        """Draw what came, and look on for about so long for what takes its time; the order may wait for `resort`."""

    def pause(self) -> None:
        """Stand still, or follow the newest again, where it is a list that follows."""

    def toggle(self) -> None:
        """Mark what the cursor is on, or no more; in a detail, open or close it."""
        if self.in_detail:
            self.detail.fold("toggle")
        elif marking := self.marking:
            marking.toggle()

    def marked_sockets(self) -> list[SocketInfo]:
        """The live sockets of all that is marked."""
        return []

    # the main screen's

    def set_filter(self, filter: Filter | None) -> None:
        """Be drawn, with this filter."""
        if filter is not self.filter or self._state is not self.session.state:
            self.filter, self._state = filter, self.session.state
            self.refilter()
            self.resort()
        else:
            self.resort()
            self.sync()

    def refresh_all(self) -> None:
        """Draw everything anew: the session shows another state."""
        self._state = self.session.state
        self.refilter()
        self.resort()
        self.sync()
        if self.detail.display:
            self.detail.sync()

    @property
    def in_detail(self) -> bool:
        return self.detail.has_focus

    @property
    def focused_list(self) -> LineList:
        """The list that has the focus, or had it last."""
        return next((pane for pane in self.panes if pane.has_focus), self.main)

    def lay_out(self, *, wide: bool, read: bool = False) -> None:
        """Show what there is room for: lists and detail side by side, or the one that is in use; `read` where that is
        the detail, though the keys go to what is looked for in it."""
        self._wide = wide
        beside = wide and (self.beside or self._opened)
        self.detail.display = beside or self.in_detail or read
        self.query_one(".lists").display = wide or not self.detail.display

    def enter(self) -> None:
        """Go into the detail, which may have no room until it is focused."""
        self._opened = True
        self.detail.display = True
        self.detail.focus()

    def leave(self) -> None:
        """Go back to the list."""
        self._opened = False
        self.query_one(".lists").display = True
        self.main_pane().focus()

    def main_pane(self) -> LineList:
        """The list that one goes to."""
        return self.main

    def spot(self) -> Spot:
        """Where one is now."""
        panes = self.panes
        pane = -1 if self.in_detail else next((i for i, pane in enumerate(panes) if pane.has_focus), 0)
        selected = self.table.selected if self.table else None
        detail = self.detail
        here = panes[max(0, pane)]
        return Spot(pane, selected, here.cursor, here.following, detail.subject, detail.tab, detail.cursor)

    def go(self, spot: Spot) -> None:
        """Be where one was."""
        pane = self.panes[max(0, spot.pane)]
        table = self.table
        if pane is table and table is not None and spot.selected is not None:
            table.select(spot.selected)
        elif pane is not table and not spot.following:
            pane.following = False
            pane.move(spot.cursor)
        self.detail.show(spot.shown)
        self.detail.stand(spot.tab, spot.line)
        if spot.pane < 0:
            self.enter()
        else:
            self.leave()
            pane.focus()
