"""The main screen: one view at a time, the way between them, and what is done from there."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import ActiveBinding
from textual.containers import Container
from textual.events import DescendantFocus, Resize
from textual.screen import Screen
from textual.widgets import Input

from console.actions.table import ACTIONS
from console.dialogs.operator import Operator
from console.lines import Reader
from console.link.base import Link
from console.person import Person
from console.query.context import Context
from console.query.nodes import Query
from console.query.parse import parse
from console.screens.clients import ClientsView
from console.screens.events import EventsView
from console.screens.footer import shown
from console.screens.logs import LogsView
from console.screens.look import remember, restore
from console.screens.pulse import Pulse
from console.screens.rooms import RoomsView
from console.screens.servers import ServersView
from console.screens.sockets import SocketsView
from console.screens.view import Spot, Subject, View
from console.state.filter import Filter
from console.state.player import Player
from console.state.refs import ClientRef, RecordRef, Ref, RoomRef, ServerRef, SocketRef
from console.state.session import Session
from console.state.sockets import SocketListing
from console.text import safe
from console.widgets.banner import Banner
from console.widgets.detail import Detail
from console.widgets.filter_bar import FilterBar
from console.widgets.keys_footer import KeysFooter
from console.widgets.line_list import LineList
from console.widgets.scrubber import Scrubber
from console.widgets.timeline_list import TimelineList
from console.widgets.top_line import TopLine
from server_core.records import Log, SocketInfo

if TYPE_CHECKING:
    from console.replay.playback import Playback
    from console.replay.run import Options

#: Seconds from the first paint on in which nothing is done that can be done later.
READY = 0.5
#: Cells from which the detail has a place beside the lists.
WIDE = 100
#: The view in which each kind of thing is at home.
HOME: dict[type, str] = {
    SocketRef: "sockets",
    RoomRef: "rooms",
    RecordRef: "events",
    ClientRef: "clients",
    ServerRef: "servers",
}


class Place(NamedTuple):
    """Where one was before something was opened."""

    view: str
    filter: str
    spot: Spot
    #: The filter that was there once it was opened.
    arrived: str


class MainScreen(Screen[None]):
    """The views, one of which is shown; the filter, what is opened and gone back from, and what is done."""

    BINDINGS = [each.binding() for each in ACTIONS.values()]

    def __init__(self, link: Link, session: Session, person: Person | None = None) -> None:
        super().__init__()
        self.link = link
        self.session = session
        self.person = person or Person()
        self.reader = reader = Reader(session, show_secrets=self.person.settings.show_secrets)
        self.operator = Operator(link, session, reader)
        self.views: dict[str, View] = {
            str(view.id): view
            for view in (
                SocketsView(link, session, reader),
                RoomsView(link, session, reader),
                EventsView(link, session, reader),
                ClientsView(link, session, reader),
                ServersView(link, session, reader),
                LogsView(link, session, reader),
            )
        }
        #: The view that is shown.
        self.view = self.views["sockets"]
        #: What the lists show, None for all.
        self.filter: Filter | None = None
        self.bar = FilterBar(
            session, [(view.key, view.title) for view in self.views.values()], link.url, self.person.filters
        )
        self._query_context = Context(session, reader.text_of, SocketListing(session).text_of)
        self.player = Player(session)
        #: The script that is being played, or was last.
        self.playback: Playback | None = None
        #: A moment that others are compared with.
        self.pinned: int | None = None
        #: The query of `filter`: what is typed may be another by now.
        self._query: Query | None = None
        self._trail: list[Place] = []
        self._pulse = Pulse(self)

    def compose(self) -> ComposeResult:
        yield TopLine(self.link, self.session)
        yield self.bar
        yield Banner(self.link, self.views["logs"].key)
        yield Scrubber(self.link, self.session, self.player)
        with Container(id="shown"):
            for view in self.views.values():
                view.display = view is self.view
                yield view
        yield KeysFooter()

    def on_mount(self) -> None:
        self.view.refresh_all()
        self._lay_out()
        self.view.main.focus()
        restore(self)
        self.set_timer(READY, lambda: parse("any"))  # the first letter of a filter need not wait for its parser
        self._pulse.start()

    def on_unmount(self) -> None:
        remember(self)

    def refresh_all(self) -> None:
        """Draw everything anew: the session shows another state."""
        self.set_class(self.session.past, "past")
        self._pulse.drawn()
        self.query_one(TopLine).refresh()
        self.view.refresh_all()
        self.refresh_bindings()

    # layout

    def on_resize(self, event: Resize) -> None:
        self._lay_out()

    @on(Scrubber.Moved)
    def _scrubbed(self, event: Scrubber.Moved) -> None:
        self.player.pause()
        session = self.session
        session.go(session.first + round((session.end - session.first) * event.share))
        self.refresh_all()

    @on(DescendantFocus)
    def _focused(self) -> None:
        if not self.bar.typing and (why := self.bar.wrong):  # the lists are not what it says
            self.bar.give_up()
            self.notify(safe(f"filter: {why.removeprefix('✗ ')}"), severity="warning", markup=False)
        self._lay_out()
        self.refresh_bindings()

    def _lay_out(self) -> None:
        self.view.lay_out(wide=self.size.width >= WIDE, read=self.bar.searching)

    # moving

    def show(self, id: str) -> None:
        """Show a view; what was opened before is not gone back to."""
        self._trail.clear()
        self._switch(self.views[id])
        self.view.leave()

    def _switch(self, view: View) -> None:
        if view is not self.view:
            self.view.display = False
            self.view = view
            view.display = True
            self.bar.show(view.title)
        view.set_filter(self.filter)
        self._lay_out()

    def open_current(self) -> None:
        """Open what the cursor is on: what it names, else the part of a detail that is folded."""
        if ref := self.view.ref():
            self.open(ref)
        elif self.view.in_detail:
            self.view.detail.fold("toggle")

    def open(self, ref: Ref) -> None:
        """Show all about something, in the view where it is at home; `back` comes back here."""
        log = isinstance(ref, RecordRef) and isinstance(ref.record, Log)
        home = self.views["logs" if log else HOME[type(ref)]]
        before, spot = self.view, self.view.spot()
        was = self.bar.text
        self._switch(home)
        if home.hides(ref):
            self.set_filter("")
        self._trail.append(Place(str(before.id), was, spot, self.bar.text))
        home.show(ref)
        home.enter()

    def leads_back(self) -> bool:
        """Whether there is something to go back from."""
        return bool(self.bar.typing or self.bar.searching or self._trail or self.view.in_detail or self.bar.text)

    def back(self) -> None:
        """Leave the filter's field, go back to where one was, leave the detail, then the filter itself."""
        if self.bar.searching:
            self.bar.end_search()
            self.view.detail.end_search()
            self.view.detail.focus()
            return
        if self.bar.typing:
            self.set_filter("")
            self.view.leave()
            return
        filtered_here = self.bar.text and (not self._trail or self._trail[-1].arrived != self.bar.text)
        if self._trail and not filtered_here:
            place = self._trail.pop()
            self.set_filter(place.filter)
            self._switch(self.views[place.view])
            self.view.go(place.spot)
        elif self.view.in_detail:
            self.view.leave()
        else:
            self.set_filter("")

    # the filter

    def type_filter(self) -> None:
        """Let a filter be typed; in a detail, what to look for in it."""
        if self.view.in_detail:
            self.bar.search()
        else:
            self.bar.type()

    @on(FilterBar.Sought)
    def _sought(self, event: FilterBar.Sought) -> None:
        detail = self.view.detail
        detail.search(event.text)
        if event.done:
            self.bar.end_search()
            detail.focus()
        self.refresh_bindings()

    @on(Detail.Sought)
    def _looked(self, event: Detail.Sought) -> None:
        if self.bar.searching:
            self.bar.found(event.found)
        elif not event.found:
            self.notify("not in this detail", severity="warning", markup=False)
        self.refresh_bindings()

    def set_filter(self, text: str) -> None:
        """Filter by a text."""
        self.bar.set(text)
        self._filter()

    @on(FilterBar.Changed)
    def _filtered(self) -> None:
        self.call_after_refresh(self._filter)  # a letter is shown before what it finds

    def _filter(self) -> None:
        """Filter by what is typed."""
        if self.bar.asked is self._query:
            return  # several letters were one
        self._query = self.bar.asked
        self.filter = self._query.bind(self._query_context) if self._query else None
        self.view.set_filter(self.filter)
        self.refresh_bindings()

    def narrowed(self, text: str) -> Filter:
        """What the lists show, less what another query does not take."""
        query = parse(f"({self.bar.text}) and ({text})" if self.bar.text.strip() else text, self.person.filters)
        if query is None:
            raise ValueError("there is no query")
        return query.bind(self._query_context)

    @on(FilterBar.Chosen)
    def _chosen(self, event: FilterBar.Chosen) -> None:
        self.show(next(id for id, view in self.views.items() if view.title == event.title))

    @on(FilterBar.Submitted)
    def _filter_typed(self) -> None:
        """The filter stays; the cursor goes to what it found."""
        self._filter()
        self.view.leave()

    # replays

    def play(self, script: Path, options: Options | None = None) -> None:
        """Open the replay of a script."""
        # imported when they are asked for: they take as long as all that the console begins with
        from console.replay.run import Options
        from console.replay.watching import playback
        from console.screens.replay import ReplayScreen

        options = options or Options(speed=1.0, show_secrets=self.person.settings.show_secrets)
        self.playback = playback(script, self.link, self.session, options)
        self.app.push_screen(ReplayScreen(self.playback))

    # actions

    def subject(self) -> Subject:
        """What the cursor is on."""
        return self.view.subject()

    def targets(self) -> list[SocketInfo]:
        """The live sockets that an action is about: those that are marked, else what the cursor is on."""
        table = self.view.table
        if table is not None and table.marks:
            return self.view.marked_sockets()
        return self.view.sockets()

    def waits(self, key: str) -> bool:
        """Whether what a key is about is still looked for: a row that the filter takes, or all of them."""
        if isinstance(self.focused, Input):
            return False
        self._filter()  # what was typed holds for what is pressed next
        if not (self.view.pending("near") or self.view.pending("list")):
            return False
        active = self.active_bindings.get(key)
        if active is None:
            return False
        if active.node is not self:
            return isinstance(active.node, LineList) and self.view.pending("near")
        known = ACTIONS.get(active.binding.id or "")
        return known is not None and self.view.pending(known.about)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action != "run":
            return True
        known = ACTIONS[str(parameters[0])]
        if isinstance(self.focused, Input) and not known.typing:
            return False
        return known.visible(self) or bool(known.elsewhere)

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """Keys of what can't be done now are greyed, and say why; pressed all the same, they say it too."""
        return shown(self, super().active_bindings)

    async def action_run(self, id: str) -> None:
        """Run an action by its id."""
        self._filter()  # what was typed holds for what is done next
        known = ACTIONS[id]
        if why := known.why_not(self):
            self.notify(safe(f"{known.label}: {why}"), severity="warning", markup=False)
            return
        pane = self.view.focused_list
        if known.group == "Act" and isinstance(pane, TimelineList) and not self.view.in_detail:
            pane.hold()
        done = known.run(self)
        if inspect.isawaitable(done):
            await done
