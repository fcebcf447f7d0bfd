"""The slowest acks, the largest payloads, the emits that reached most: of the events that the filter shows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.worker import Worker

from console.lines import Reader, clock
from console.screens.dialog import Dialog
from console.state.most import most as search
from console.state.refs import RecordRef
from console.text import cut, fit, safe, seconds, size
from console.widgets.fields import KeyLine
from console.widgets.line_list import LineList, Piece
from server_core.records import AckReceived, AckSent, AnyRecord, EventSent, PayloadRecord

if TYPE_CHECKING:
    from console.screens.main import MainScreen


class Measure(NamedTuple):
    """What records can have much of: who has any, how much, and how it is written."""

    title: str
    query: str
    of: Callable[[AnyRecord], float]
    written: Callable[[float], str]


def _elapsed(record: AnyRecord) -> float:
    return record.elapsed or 0.0 if isinstance(record, AckSent | AckReceived) else 0.0


def _size(record: AnyRecord) -> float:
    return record.size if isinstance(record, PayloadRecord) else 0


def _sockets(record: AnyRecord) -> float:
    return record.sockets if isinstance(record, EventSent) else 0


MEASURES = (
    Measure("slowest acks", "ack>=0", _elapsed, seconds),
    Measure("largest payloads", "size>=0", _size, lambda value: size(int(value))),
    Measure("most recipients", "sockets>=0", _sockets, lambda value: f"×{value:.0f}"),
)


class _Found(LineList):
    """What was found, the first with the most."""

    has_header = True

    def __init__(self, reader: Reader) -> None:
        super().__init__(id="found")
        self._reader = reader
        self.measure = 0
        self.searching = True
        self.records: Sequence[AnyRecord] = []

    def row_count(self) -> int:
        return len(self.records)

    def empty(self) -> str:
        return "searching…" if self.searching else "there is none"

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(3, len(self.records) + 1)

    def header(self, width: int) -> list[Piece]:
        pieces: list[Piece] = []
        for number, each in enumerate(MEASURES):
            pieces += [(each.title, "chosen" if number == self.measure else "quiet"), ("   ", "quiet")]
        return pieces

    def pieces(self, row: int, width: int) -> list[Piece]:
        record = self.records[row]
        line, measure = self._reader.line(record), MEASURES[self.measure]
        pieces = [
            (fit(measure.written(measure.of(record)), 8, right=True) + "  ", "chosen"),
            (f"{line.glyph} ", line.tone),
            (fit(safe(line.who), 9) + " ", "name"),
            (fit(safe(line.what), 24 if width > 90 else 17) + " ", line.tone),
            (clock(record.time) + " ", "quiet"),
        ]
        used = sum(cell_len(text) for text, _ in pieces)
        rest = self._reader.data(record) if isinstance(record, PayloadRecord) else line.rest
        return [*pieces, (cut(safe(rest), width - used), "plain")]


class MostDialog(Dialog[AnyRecord]):
    """Ends with the record to open, or None."""

    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
    BINDINGS = [
        ("enter", "take", "Open"),
        ("right,tab", "turn(1)", "Next"),
        ("left,shift+tab", "turn(-1)", "Previous"),
    ]

    def __init__(self, main: MainScreen) -> None:
        super().__init__()
        self._main = main
        self._list = _Found(main.reader)
        self._searching: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="event") as dialog:
            filter = self._main.bar.text
            dialog.border_title = Content(
                cut(safe(f"Of events that match {filter}" if filter else "Of all events"), 70)
            )
            yield self._list
            yield KeyLine(("open", "⏎", "take"), ("other lists", "← →", "turn(1)"), ("close", "esc", "close"))

    def on_mount(self) -> None:
        self._list.focus()
        self.action_turn(0)

    def action_turn(self, by: int) -> None:
        """Show those with the most of something else."""
        found = self._list
        found.measure = (found.measure + by) % len(MEASURES)
        found.records, found.searching, found.cursor, found.top = [], True, 0, 0
        found.refresh(layout=True)
        if self._searching:
            self._searching.cancel()
        self._searching = self.run_worker(self._search(MEASURES[found.measure]))

    async def _search(self, measure: Measure) -> None:
        """Search in pieces: keys are heard between two."""
        main, found = self._main, self._list
        filter = main.narrowed(measure.query)
        for records in search(main.session.state.history, filter, measure.of):
            found.records = records
            found.refresh(layout=True)
            await asyncio.sleep(0)
        found.searching = False
        found.refresh(layout=True)

    def action_take(self) -> None:
        found = self._list
        if found.cursor < len(found.records):
            self.dismiss(found.records[found.cursor])

    def action_run(self, _id: str) -> None:
        """A row was clicked twice."""
        self.action_take()


def most(main: MainScreen) -> None:
    """Let one be chosen, and open it."""

    def taken(record: AnyRecord | None) -> None:
        if record is not None:
            main.open(RecordRef(record))

    main.app.push_screen(MostDialog(main), taken)
