"""The timeline on the screen, and the app's log: what happened, newest at the bottom."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Sequence
from itertools import islice

from rich.cells import cell_len

from console.lines import Reader, clock
from console.state.filter import Filter
from console.state.related import number_of
from console.state.session import Session
from console.state.state import State
from console.state.timeline import Timeline
from console.text import cut, fit, safe
from console.widgets.line_list import About, LineList, Piece
from server_core.records import AnyRecord, Log

#: Seconds between two looks of a search that has nothing else to show.
PROGRESS = 0.1


class TimelineList(LineList):
    """One line a record. It follows the newest until the cursor is moved up, and then says how many are new."""

    follows = True
    BORDER_TITLE = "Events"

    def __init__(self, timeline: Timeline, reader: Reader, *, id: str | None = None, empty: str = "") -> None:
        super().__init__(id=id)
        self.timeline = timeline
        self._reader = reader
        self._empty = empty
        self._dropped = 0
        self._seen = 0
        #: What was drawn last: which state, and the numbers of the records in it.
        self._shown: tuple[State, int, Sequence[int]] | None = None
        self._draw_at = 0.0

    def row_count(self) -> int:
        return len(self.timeline)

    def empty(self) -> str:
        if self.timeline.filter is None:
            return self._empty
        return "searching…" if self.timeline.progress < 1 else "nothing matches the filter: escape clears it"

    def sync(self) -> None:
        """Take in the timeline after it was extended."""
        if self.timeline.dropped != self._dropped:
            self.shift(self.timeline.dropped - self._dropped)
            self._dropped = self.timeline.dropped
        self.settle()
        timeline, now = self.timeline, time.monotonic()
        shown = timeline.state, timeline.state.version, timeline.numbers[self.top : self.top + self.page]
        # a search that finds more above or below has nothing new to show but how much it found
        if shown != self._shown or timeline.progress == 1 or now >= self._draw_at:
            self._shown, self._draw_at = shown, now + PROGRESS
            self.redraw()
            self.say()

    def reset(self) -> None:
        """The timeline shows something else now: follow its newest."""
        self._dropped = self.timeline.dropped
        self.following = True
        self.sync()

    def move(self, row: int) -> None:
        super().move(row)
        self.say()

    def pause(self) -> None:
        """Pause, or follow again."""
        if self.following:
            self.following = False
        else:
            self.action_last()
        self.say()

    def hold(self) -> None:
        """Stand still: something is done to the record under the cursor."""
        if self.following:
            self.following = False
            self.say()

    def record(self) -> AnyRecord | None:
        """The record under the cursor."""
        return self.timeline[self.cursor] if self.cursor < len(self.timeline) else None

    def pending(self, what: About) -> bool:
        # what is found later stands above: it changes nothing for the row, nor for those near it
        return bool(what) and self.timeline.progress < 1 and (what == "list" or not len(self.timeline))

    def select(self, record: AnyRecord) -> bool:
        """Put the cursor on a record; whether it is in the list."""
        number = number_of(self.timeline.state, record)
        row = -1 if number is None else bisect_left(self.timeline.numbers, number)
        if not 0 <= row < len(self.timeline) or self.timeline.numbers[row] != number:
            return False
        self.following = False
        self.move(row)
        return True

    @property
    def new(self) -> int:
        """Records that came since it stopped following."""
        return 0 if self.following else len(self.timeline) + self.timeline.dropped - self._seen

    def say(self) -> None:
        """Name in the border whether it follows."""
        if self.following:
            self._seen = len(self.timeline) + self.timeline.dropped
        self.write_note(self.note())

    def note(self) -> str:
        """What the border is to say."""
        if self.following:
            return self._found()
        return f"paused  +{self.new} new: end follows" if self.new else "paused: end follows"

    def _found(self) -> str:
        """How many records the filter takes, and how far it has looked for them."""
        timeline = self.timeline
        if timeline.filter is None:
            return ""
        progress = f"searching {timeline.progress:.0%}  " if timeline.progress < 1 else ""
        return f"{progress}{len(timeline):,} found".replace(",", " ")

    def pieces(self, row: int, width: int) -> list[Piece]:
        record = self.timeline[row]
        line = self._reader.line(record)
        who = 9 if width < 90 else 16
        what = 15 if width < 90 else 24
        pieces = [
            (clock(record.time) + " ", "quiet"),
            (f"{line.glyph} ", line.tone),
            (fit(safe(line.who), who) + " ", "name"),
            (fit(safe(line.what), what) + " ", line.tone if line.tone != "quiet" else "quiet"),
        ]
        used = sum(cell_len(text) for text, _ in pieces)
        pieces.append((cut(safe(line.rest), width - used), "quiet" if line.tone == "quiet" else "plain"))
        return pieces


class LogList(LineList):
    """The lines that the app wrote."""

    follows = True
    BORDER_TITLE = "Log"

    def __init__(self, session: Session, reader: Reader, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._session = session
        self._state: State | None = None
        self._reader = reader
        self._lines: list[Log] = []
        self._seen = 0
        self._filter: Filter | None = None

    def row_count(self) -> int:
        return len(self._lines)

    def empty(self) -> str:
        return "the app has written nothing" if not self._filter else "nothing matches the filter: escape clears it"

    def set_filter(self, filter: Filter | None) -> None:
        """Show only the lines that a filter takes."""
        if filter is not self._filter:
            self._filter = filter
            self._begin()

    def _begin(self) -> None:
        """Show the lines of the state that the session shows, the newest last."""
        state = self._state = self._session.state
        self._lines = [line for line in state.log if self._takes(line)]
        self._seen = state.log_lines
        self.following = True
        self.update()

    def record(self) -> AnyRecord | None:
        """The line under the cursor."""
        return self._lines[self.cursor] if self.cursor < len(self._lines) else None

    def select(self, record: AnyRecord) -> bool:
        """Put the cursor on a line; whether it is in the list."""
        for row in range(len(self._lines) - 1, -1, -1):
            if self._lines[row] is record:
                self.following = False
                self.move(row)
                return True
        return False

    def lines(self) -> list[Log]:
        """All that match, oldest first."""
        return list(self._lines)

    def _takes(self, line: Log) -> bool:
        return self._filter is None or self._filter.takes_record(line)

    def sync(self) -> None:
        """Take in the lines that came."""
        state = self._session.state
        if state is not self._state:
            self._begin()
        new = state.log_lines - self._seen
        if new:
            self._seen += new
            fresh = islice(reversed(state.log), min(new, len(state.log)))
            self._lines += [line for line in reversed(list(fresh)) if self._takes(line)]
            over = len(self._lines) - (state.log.maxlen or 0)
            if over > 0:
                del self._lines[:over]
                self.shift(over)
            self.update()
        self.write_note("" if self.following else "paused: end follows")

    def pause(self) -> None:
        """Pause, or follow again."""
        if self.following:
            self.following = False
        else:
            self.action_last()

    def pieces(self, row: int, width: int) -> list[Piece]:
        line = self._lines[row]
        tone = "warn" if line.stream == "stderr" else "plain"
        head = f"{clock(line.time)} "
        mark = "│ " if line.stream == "stderr" else "  "
        text = safe(self._reader.mask_line(line.text).expandtabs(4))
        return [(head, "quiet"), (mark, tone), (cut(text, width - len(head) - 2), "plain")]
