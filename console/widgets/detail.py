"""All about the selected socket, in tabs."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.content import Content

from console.lines import Reader, clock
from console.state.session import Session
from console.state.state import State
from console.state.timeline import Timeline
from console.text import cut, fit, safe, safe_lines, seconds, wrap
from console.widgets.line_list import LineList, Piece
from console.widgets.timeline_list import TimelineList
from server_core.records import AnyRecord, SocketInfo

TABS = ("Overview", "Handshake", "Rooms", "Attributes", "Timeline")
#: Cells of the names' column.
_NAME = 13
_WIDEST_NAME = 24


class Detail(LineList):
    """The selected socket. Its timeline holds also the broadcasts that reached it."""

    has_header = True

    def __init__(self, session: Session, reader: Reader, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._session = session
        self._reader = reader
        self._events = TimelineList(Timeline(session), reader)
        self.tab = 0
        self.socket_id = ""
        self._rows: list[list[Piece]] = []

    @property
    def _state(self) -> State:
        return self._session.state

    @property
    def timeline(self) -> Timeline:
        return self._events.timeline

    @property
    def on_timeline(self) -> bool:
        return TABS[self.tab] == "Timeline"

    def show(self, socket_id: str) -> None:
        """Show another socket."""
        if socket_id != self.socket_id:
            self.socket_id = socket_id
            self.top = self.cursor = 0
            self.sync()

    def turn(self, by: int) -> None:
        """Go to another tab."""
        self.tab = (self.tab + by) % len(TABS)
        self.top = self.cursor = 0
        self.following = self.on_timeline
        self.sync()

    def tabs(self) -> list[tuple[int, int, int]]:
        """(tab, first cell, cells) of the tabs for which there is room, within the border."""
        found, at = [], 0
        for number, name in enumerate(TABS):
            if at + len(name) > self.size.width:
                break
            found.append((number, at, len(name)))
            at += len(name) + 1
        return found

    async def _on_click(self, event: events.Click) -> None:
        if event.y == 1:  # the tabs, below the border
            for number, at, cells in self.tabs():
                if at <= event.x - 1 < at + cells:
                    self.turn(number - self.tab)
            return
        await super()._on_click(event)

    def sync(self) -> None:
        """Take in what changed."""
        socket = self._state.known(self.socket_id)
        live = self._state.socket(self.socket_id) is not None
        title = f"{self._state.label(self.socket_id)} · {self.socket_id}" if socket else "Detail"
        self.border_title = Content(safe(title))  # a plain string would be parsed as markup
        self.border_subtitle = "" if live or not socket else "gone"
        if self.on_timeline:
            if self.socket_id:
                self.timeline.set(socket=self.socket_id)
            self.timeline.extend()
        else:
            self.following = False
            width = max(10, self.size.width - 2)
            self._rows = self._fields(socket, width) if socket else []
        self.update()

    def record(self) -> AnyRecord | None:
        """The record under the cursor, on the timeline's tab."""
        if not self.on_timeline or self.cursor >= len(self.timeline):
            return None
        return self.timeline[self.cursor]

    def row_count(self) -> int:
        return len(self.timeline) if self.on_timeline and self.socket_id else len(self._rows)

    def empty(self) -> str:
        return "no socket is selected" if not self.socket_id else "nothing here"

    @property
    def has_cursor(self) -> bool:
        return self.on_timeline

    def header(self, width: int) -> list[Piece]:
        pieces: list[Piece] = []
        used = 0
        for number, name in enumerate(TABS):
            if used + len(name) > width:
                break
            pieces += [(name, "chosen" if number == self.tab else "quiet"), (" ", "quiet")]
            used += len(name) + 1
        return pieces

    def pieces(self, row: int, width: int) -> list[Piece]:
        if self.on_timeline:
            line = self._reader.line(self.timeline[row])
            pieces = [
                (clock(self.timeline[row].time) + " ", "quiet"),
                (f"{line.glyph} ", line.tone),
                (fit(safe(line.what), 16) + " ", line.tone),
            ]
            used = sum(cell_len(text) for text, _ in pieces)
            return [*pieces, (cut(safe(line.rest), width - used), "plain")]
        return self._rows[row]

    # moving: where there is no cursor, the rows scroll

    def move(self, row: int) -> None:
        if self.has_cursor:
            self.following = row >= self.row_count() - 1
            super().move(row)
            return
        self.top = max(0, min(self.top + row - self.cursor, self.row_count() - self.page))
        self.cursor = self.top
        self.refresh()

    def action_cursor(self, by: int) -> None:
        self.move(self.cursor + by)

    # tabs

    def _fields(self, socket: SocketInfo, width: int) -> list[list[Piece]]:
        match TABS[self.tab]:
            case "Overview":
                pairs = self._overview(socket)
            case "Handshake":
                pairs = self._reader.handshake(socket.handshake)
            case "Rooms":
                pairs = self._rooms(socket)
            case _:
                pairs = [
                    (name, self._reader.pretty_attribute(name, value)) for name, value in socket.attributes.items()
                ]
        return lay_out(pairs, width)

    def _overview(self, socket: SocketInfo) -> list[tuple[str, str]]:
        roster = self._state.roster_of(socket.id)
        engine = roster.engines.get(socket.engine) if roster else None
        counters = roster.counters_of(socket.id) if roster else None
        since = (self._session.now() - (socket.connected or socket.connecting)) / 1e9
        state = "connected" if socket.connected else "connecting"
        pairs = [
            (
                state,
                f"{clock(socket.connected or socket.connecting)} · {seconds(max(0.0, since))}" if roster else "gone",
            ),
            ("id", socket.id),
            ("namespace", socket.nsp),
            ("transport", engine.transport if engine else ""),
            ("engine", socket.engine),
            ("address", socket.handshake.address),
        ]
        if engine and engine.rtt is not None:
            pairs.append(("rtt", seconds(engine.rtt)))
        if roster and counters:
            others = [each for each in roster.sockets.values() if each.engine == socket.engine and each is not socket]
            if others:
                pairs.append(("also in", ", ".join(each.nsp for each in others)))
            pairs.append(("events", f"{counters.received} in · {counters.sent} out"))
        pairs.append(("rooms", "  ".join(sorted(socket.rooms - {socket.id})) or "none but its own"))
        pairs += [(name, self._reader.attribute(name, value)) for name, value in socket.attributes.items()]
        agent = socket.handshake.headers.get("user-agent", "")
        origin = socket.handshake.headers.get("origin", "")
        pairs = [(name, value) for name, value in pairs if value]
        return [*pairs, *([("origin", origin)] if origin else []), *([("client", agent)] if agent else [])]

    def _rooms(self, socket: SocketInfo) -> list[tuple[str, str]]:
        roster = self._state.roster_of(socket.id)
        pairs = []
        for room in sorted(socket.rooms, key=lambda room: (room != socket.id, room)):
            members = len(roster.rooms.get((socket.nsp, room), ())) if roster else 0
            own = "its own room, for private messages" if room == socket.id else ""
            pairs.append((room if room != socket.id else "(own)", own or f"{members} member{'s' * (members != 1)}"))
        return pairs


def lay_out(pairs: list[tuple[str, str]], width: int) -> list[list[Piece]]:
    """(name, text) pairs as rows: the name beside the text, or above it where the text has several lines."""
    rows: list[list[Piece]] = []
    beside = [cell_len(safe(name)) for name, value in pairs if "\n" not in value]
    size = min(max([_NAME, *beside]), _WIDEST_NAME, max(_NAME, width // 3))
    for name, value in pairs:
        lines = safe_lines(value)
        label = safe(name)
        if not label:
            rows += [[(piece, "name")] for line in lines for piece in wrap(line, width)]
        elif len(lines) > 1:
            rows.append([(cut(label, width), "quiet")])
            rows += [[("  " + piece, "plain")] for line in lines for piece in wrap(line, width - 2)]
        else:
            first, *others = wrap(lines[0], max(8, width - size - 1))
            rows.append([(fit(label, size) + " ", "quiet"), (first, "plain")])
            rows += [[(" " * (size + 1), "quiet"), (piece, "plain")] for piece in others]
    return rows
