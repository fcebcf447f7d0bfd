"""The table of live sockets."""

from __future__ import annotations

import time

import msgspec

from console.lines import Reader
from console.state.names import short
from console.state.socket_view import SocketView
from console.state.state import State
from console.text import cut, safe, seconds
from console.widgets.line_list import LineList, Piece, column
from server_core.records import SocketInfo

#: (column, header, width, narrowest table that shows it, right-aligned)
COLUMNS = (
    ("id", "id", 8, 0, False),
    ("nsp", "nsp", 6, 0, False),
    ("transport", "tr", 2, 0, False),
    ("address", "address", 15, 84, False),
    ("attributes", "attributes", 0, 0, False),
    ("rooms", "rooms", 5, 0, True),
    ("in", "in", 5, 0, True),
    ("out", "out", 5, 0, True),
    ("last", "last", 7, 0, True),
    ("rtt", "rtt", 7, 74, True),
)
#: Cells from which room names are shown beside their number.
WIDE = 110
#: Cells from which ids and transports are shown whole.
WIDEST = 150
_TRANSPORTS = {"websocket": "ws", "polling": "po"}


class SocketTable(LineList):
    """A row per socket; the selected socket stays selected by its id while rows come, go and re-sort."""

    has_header = True
    BORDER_TITLE = "Sockets"

    def __init__(self, state: State, view: SocketView, reader: Reader, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._state = state
        self.view = view
        self._reader = reader
        #: Id of the socket under the cursor, "" when there is none.
        self.selected = ""
        self.hint = ""

    def row_count(self) -> int:
        return len(self.view.ids)

    def empty(self) -> str:
        return self.hint

    def sync(self) -> None:
        """Take in the view after it was refreshed: the cursor goes where its socket went."""
        ids = self.view.ids
        if self.selected in ids:
            self.cursor = ids.index(self.selected)
        elif ids:
            self.cursor = min(self.cursor, len(ids) - 1)
            self._select()
        else:
            self._select()
        self.update()

    def select(self, id: str) -> None:
        """Put the cursor on a socket."""
        if id in self.view.ids:
            self.move(self.view.ids.index(id))

    def move(self, row: int) -> None:
        self.cursor = max(0, min(row, self.row_count() - 1))
        self._keep_visible()
        self._select()
        self.refresh()

    def _select(self) -> None:
        ids = self.view.ids
        selected = ids[self.cursor] if self.cursor < len(ids) else ""
        if selected != self.selected:
            self.selected = selected
            self.post_message(self.Moved(self))

    def header(self, width: int) -> list[Piece]:
        text = "  "
        for name, title, size, right in self._columns(width):
            mark = ("▴" if self.view.reverse else "▾") if name == self.view.sort else ""
            text += column(title + mark, size, right=right)
        return [(cut(text, width), "header")]

    def pieces(self, row: int, width: int) -> list[Piece]:
        socket = self._state.socket(self.view.ids[row])
        if socket is None:  # it left since the view was refreshed
            gone = self.view.ids[row]
            return [(f"✗ {gone[:8]} gone", "quiet")]
        cells = self._cells(socket)
        mark = "  " if socket.connected else "… "
        text = mark + "".join(column(cells[name], size, right=right) for name, _, size, right in self._columns(width))
        return [(text, "plain" if socket.connected else "quiet")]

    def _columns(self, width: int) -> list[tuple[str, str, int, bool]]:
        """(name, header, width, right-aligned) of the columns for which there is room."""
        shown = [(name, title, size, right) for name, title, size, least, right in COLUMNS if width >= least]
        if width >= WIDE:
            wider = {"rooms": 16} if width < WIDEST else {"id": 20, "rooms": 24, "transport": 9}
            shown = [
                (name, title, wider.get(name, size), right and name != "rooms") for name, title, size, right in shown
            ]
        rest = width - 2 - sum(size + 1 for _, _, size, _ in shown)
        return [(name, title, size or max(8, rest), right) for name, title, size, right in shown]

    def _cells(self, socket: SocketInfo) -> dict[str, str]:
        roster = self._state.roster_of(socket.id)
        counters = roster.counters_of(socket.id) if roster else None
        transport = self.view.transport(socket)
        rtt = self.view.rtt(socket)
        rooms = sorted(socket.rooms - {socket.id})
        wide, widest = self.size.width > WIDE, self.size.width > WIDEST
        last = counters.last if counters else 0
        return {
            "id": safe(socket.id if widest else short(socket.id)),
            "nsp": safe(socket.nsp),
            "transport": transport if widest else _TRANSPORTS.get(transport, "?"),
            "address": safe(socket.handshake.address),
            "attributes": self.attributes(socket),
            "rooms": safe(f"{len(rooms)}  {' '.join(rooms)}" if wide else str(len(rooms))),
            "in": str(counters.received if counters else 0),
            "out": str(counters.sent if counters else 0),
            "last": seconds(max(0.0, time.time() - last / 1e9)) if last else "–",
            "rtt": seconds(rtt) if rtt is not None else "–",
        }

    def attributes(self, socket: SocketInfo) -> str:
        """What is attached, in short: its name first."""
        label = self._state.label(socket.id)
        pairs = [
            pair
            for name, value in socket.attributes.items()
            for pair in flat(name, self._reader.attribute(name, value))
            if not pair.endswith(f"={label}")
        ]
        return safe("  ".join(pairs if socket.id.startswith(label) else [label, *pairs]))


def flat(name: str, value: str) -> list[str]:
    """An attribute in short: `name=value`, an object's parts one by one."""
    try:
        decoded = msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        return [f"{name}={value}"]
    if isinstance(decoded, dict) and decoded:
        return [f"{name}.{key}={_plain(part)}" for key, part in decoded.items()]
    return [f"{name}={_plain(decoded)}"]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
