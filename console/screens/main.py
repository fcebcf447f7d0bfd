"""The main screen: who is live, what just happened, and all about the one that is selected."""

from __future__ import annotations

import asyncio
import time

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.reactive import var
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from console.actions import ACTIONS
from console.lines import Reader
from console.link.base import Link, LinkState
from console.query.context import Context
from console.query.parse import QueryError, parse
from console.screens.disconnect import DisconnectDialog
from console.screens.help import HelpScreen
from console.screens.message import MessageDialog
from console.screens.record import RecordDialog
from console.state.socket_view import COLUMNS, SocketView
from console.state.state import State
from console.state.timeline import Timeline
from console.text import safe
from console.widgets.detail import Detail
from console.widgets.line_list import LineList
from console.widgets.query_suggester import QuerySuggester
from console.widgets.socket_table import SocketTable
from console.widgets.timeline_list import LogList, TimelineList
from console.widgets.top_line import TopLine
from server_core.records import AnyRecord, CommandResult, Disconnect, SocketInfo, encode_lines

#: Seconds between two looks at the link, at the order of the sockets, and at what only time changes.
FLUSH, RESORT, TICK = 1 / 20, 0.5, 1.0
#: Cells from which the detail has a place beside the lists.
WIDE = 100

VIEWS = {"sockets": "1 Sockets", "events": "2 Events", "logs": "3 Logs"}


class MainScreen(Screen[None]):
    """One look at the link 20 times a second, then whatever it changed is drawn."""

    BINDINGS = [
        Binding(
            action.key,
            action.id,
            action.label,
            show=action.footer,
            key_display=action.key_display,
            tooltip=action.help,
            id=action.id,
        )
        for action in ACTIONS
    ]

    shown_view = var("sockets")

    def __init__(self, link: Link, state: State, *, show_secrets: bool = False) -> None:
        super().__init__()
        self._link = link
        self._state = state
        self._reader = reader = Reader(state, show_secrets=show_secrets)
        view = SocketView(state)
        self.sockets = SocketTable(state, view, reader, id="sockets")
        self._query_context = Context(state, reader.text_of, view.text_of)
        empty = "nothing has happened yet"
        self.tail = TimelineList(Timeline(state), reader, id="tail", empty=empty)
        self.detail = Detail(state, Timeline(state), reader, id="detail")
        self.log_list = LogList(state, reader, id="log")
        self._status = link.status
        self._resorted = 0.0
        self._ticked = 0.0
        self._version = -1

    def compose(self) -> ComposeResult:
        yield TopLine(self._link, self._state)
        with Horizontal(id="bar"):
            yield Static(id="views")
            yield Input(placeholder="filter…", id="filter", compact=True, suggester=QuerySuggester(self._state))
            yield Static(Content(safe(self._link.url)), id="url")
        yield Static(id="banner")
        with Horizontal(id="panes"):
            with Vertical(id="lists"):
                yield self.sockets
                yield self.tail
            yield self.detail
            yield self.log_list
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.tail.timeline.set()
        self.query_one("#filter").display = False
        self._lay_out()
        self.sockets.focus()
        self.set_interval(FLUSH, self._flush)

    # the link

    def _flush(self) -> None:
        """Take what came, fold it, and draw what it changed."""
        now = time.monotonic()
        status = self._link.status
        records = self._link.take()
        if records:
            self._state.apply(records)
        changed = self._state.version != self._version
        tick = now - self._ticked >= TICK
        if status != self._status or tick:
            self._status = status
            self._say_status()
        if changed or tick:
            self.query_one(TopLine).refresh()
        resort = (changed and now - self._resorted >= RESORT) or tick
        if resort:
            self._resorted = now
            self._resort()
        if changed:
            self._version = self._state.version
            self.tail.timeline.extend()
            if self.tail.display:
                self.tail.sync()
            if self.log_list.display:
                self.log_list.sync()
        if (resort or (changed and self.detail.on_timeline)) and self.detail.display:
            self.detail.sync()
        if tick:
            self._ticked = now
            self.refresh_bindings()

    def _resort(self) -> None:
        view = self.sockets.view
        view.refresh()
        total = self._state.socket_count()
        shown = len(view.ids)
        self.sockets.border_title = f"Sockets {shown} of {total}" if view.filter else f"Sockets {total}"
        if view.filter:
            self.sockets.hint = "no socket matches the filter: escape clears it"
        else:
            self.sockets.hint = f"no sockets yet: clients connect to {self._link.url}"
        self.sockets.sync()

    def _say_status(self) -> None:
        banner = self.query_one("#banner", Static)
        status = self._status
        banner.display = status.state in (LinkState.LOST, LinkState.STOPPED)
        if not banner.display:
            return
        ways = ["3 shows its log", "q ends the console"]
        if self._link.can_restart:
            ways.insert(0, "R starts it again")
        banner.update(Content(safe(f" {status.why}.  {',  '.join(ways)}")))

    # layout

    def watch_shown_view(self) -> None:
        if self.is_mounted:
            self._lay_out()

    def on_resize(self, event: Resize) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        """Show the panes of the view for which there is room."""
        view = self.shown_view
        wide = self.size.width >= WIDE
        on_detail = self.focused is self.detail
        logs = view == "logs"
        self.log_list.display = logs
        self.detail.display = not logs and (on_detail if not wide else view == "sockets" or on_detail)
        self.query_one("#lists").display = not logs and (wide or not self.detail.display)
        self.sockets.display = view == "sockets"
        self.set_class(view == "events", "events")
        self.tail.display = not logs
        names = "   ".join(f"[{name}]" if key == view else f" {name} " for key, name in VIEWS.items())
        self.query_one("#views", Static).update(Content(names))
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        """Draw the panes once they know their size."""
        for pane in (self.log_list, self.tail, self.detail):
            if pane.display:
                pane.sync()

    def _focus_pane(self, pane: LineList) -> None:
        """Focus a pane, which may have no room until it is focused."""
        if pane is self.detail:
            self.detail.display = True
        pane.focus()
        self.call_after_refresh(self._lay_out)

    # selection

    @on(LineList.Moved)
    def _selected(self, event: LineList.Moved) -> None:
        # whoever is reading about a socket goes on reading when it leaves
        if event.list is self.sockets and self.focused is not self.detail:
            self.detail.show(self.sockets.selected)
            self._link.watch([self.sockets.selected] if self.sockets.selected else [])
            self.refresh_bindings()

    def _record(self) -> AnyRecord | None:
        """The record under the cursor of the focused pane."""
        focused = self.focused
        if isinstance(focused, TimelineList | Detail):
            return focused.record()
        return None

    def _socket(self) -> SocketInfo | None:
        """The socket that actions are about: the detail's, the record's, or the selected one."""
        sid = self.sockets.selected
        if self.focused is self.detail:
            sid = self.detail.socket_id
        elif self.focused is self.tail:
            record = self._record()
            sid = getattr(record, "socket", "") or ""
        return self._state.socket(sid) if sid else None

    # actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """None greys an action out where it can't be done now; False hides it."""
        typing = isinstance(self.focused, Input)
        if typing and action != "back":
            return False
        match action:
            case "message" | "disconnect":
                can = self._link.status.state is LinkState.LIVE and self._may_act() and self._socket()
                return True if can else None
            case "restart":
                stopped = self._link.status.state is LinkState.STOPPED
                return stopped and self._link.can_restart
            case "sort" | "reverse":
                return self.sockets.display
            case "tab":
                return self.detail.display
            case "back":
                return typing or bool(self.tail.timeline.filter) or self.focused is self.detail
        return True

    def _may_act(self) -> bool:
        return not any("READ_ONLY" in roster.info.features for roster in self._state.rosters.values())

    def action_view(self, view: str) -> None:
        self.shown_view = view
        self._focus_pane({"sockets": self.sockets, "events": self.tail, "logs": self.log_list}[view])

    def action_open(self) -> None:
        """Go into what the cursor is on."""
        if record := self._record():
            self.app.push_screen(RecordDialog(record, self._reader))
        elif self.focused is self.sockets and self.sockets.selected:
            self.detail.show(self.sockets.selected)
            self._focus_pane(self.detail)

    def action_back(self) -> None:
        """Leave the filter's field, the detail, then the filter itself."""
        field = self.query_one("#filter", Input)
        if self.focused is self.detail:
            self._focus_pane(self._main_pane())
            return
        field.value = ""
        field.display = False
        self._say_beside_filter(self._link.url)
        if self.focused is field or self.focused is None:
            self._focus_pane(self._main_pane())

    def action_filter(self) -> None:
        field = self.query_one("#filter", Input)
        if not field.display:
            field.display = True
            self._say_beside_filter("")
        field.focus()

    @on(Input.Submitted, "#filter")
    def _filtered(self) -> None:
        """The filter stays; the cursor goes to what it found."""
        self._focus_pane(self._main_pane())

    def _main_pane(self) -> LineList:
        """The pane that the view is about; the timeline where no socket matches the filter."""
        if self.shown_view == "logs":
            return self.log_list
        return self.sockets if self.shown_view == "sockets" and self.sockets.view.ids else self.tail

    @on(Input.Changed, "#filter")
    def _filter(self, event: Input.Changed) -> None:
        try:
            query = parse(event.value)
        except QueryError as error:  # what was found so far stays, until it is a query again
            self._say_beside_filter(f"✗ {error}", wrong=True)
            return
        self._say_beside_filter("" if self.query_one("#filter").display else self._link.url)
        filter = query.bind(self._query_context) if query else None
        self.sockets.view.filter = filter
        self._resort()
        self.tail.timeline.set(filter=filter)
        self.tail.reset()
        self.log_list.set_filter(filter)
        self.refresh_bindings()

    def _say_beside_filter(self, text: str, *, wrong: bool = False) -> None:
        note = self.query_one("#url", Static)
        note.update(Content(safe(text)))
        note.set_class(wrong, "wrong")

    def action_sort(self) -> None:
        view = self.sockets.view
        view.sort = COLUMNS[(COLUMNS.index(view.sort) + 1) % len(COLUMNS)]
        self._resort()
        self.notify(f"sockets sorted by {view.sort}", markup=False, timeout=2)

    def action_reverse(self) -> None:
        self.sockets.view.reverse = not self.sockets.view.reverse
        self._resort()

    def action_tab(self, by: int) -> None:
        self.detail.turn(by)

    def action_follow(self) -> None:
        (self.log_list if self.shown_view == "logs" else self.tail).toggle()

    def action_message(self) -> None:
        if socket := self._socket():
            self.app.push_screen(MessageDialog(self._link, self._state, socket))

    def action_disconnect(self) -> None:
        if socket := self._socket():
            self.app.push_screen(DisconnectDialog(self._state, socket), self._disconnect)

    def _disconnect(self, command: Disconnect | None) -> None:
        if command is not None:
            self._send(command)

    @work
    async def _send(self, command: Disconnect) -> None:
        label = self._state.label(command.sockets[0])
        result = await asyncio.wrap_future(self._link.send(command))
        self._tell(result, f"{label} is disconnected" + (", its connection closed" if command.close else ""))

    def _tell(self, result: CommandResult, done: str) -> None:
        text = done if result.ok else f"failed: {result.error}"
        self.notify(safe(text), severity="information" if result.ok else "error", markup=False)

    def action_copy(self) -> None:
        if record := self._record():
            self.app.copy_to_clipboard(encode_lines([self._reader.masked(record)]).decode().strip())
            self.notify("copied the record as JSON", markup=False)
        elif self.sockets.selected:
            self.app.copy_to_clipboard(safe(self.sockets.selected))
            self.notify("copied the socket's id", markup=False)

    def action_restart(self) -> None:
        self._link.restart()

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen())

    def action_quit(self) -> None:
        self.app.exit()
