"""The whole timeline, whose records can be marked."""

from __future__ import annotations

from console.lines import Reader
from console.state.timeline import Timeline
from console.widgets.line_list import Piece
from console.widgets.timeline_list import TimelineList
from server_core.records import AnyRecord


class EventList(TimelineList):
    """A timeline with a mark before each line. What is marked stays marked until the history drops it."""

    def __init__(self, timeline: Timeline, reader: Reader, *, id: str, empty: str) -> None:
        super().__init__(timeline, reader, id=id, empty=empty)
        #: Numbers of the marked records.
        self.marks: set[int] = set()
        self._first = 0

    def toggle(self) -> None:
        """Mark the record under the cursor, or no more, and go on to the next. Whoever marks does not follow."""
        if self.cursor < len(self.timeline):
            self.mark(self.marks ^ {self.timeline.numbers[self.cursor]})
            self.move(self.cursor + 1)
            self.following = False
            self.say()

    def mark(self, ids: set[int]) -> None:
        """Have the records with these numbers marked, and no others."""
        self.marks = ids
        self.say()
        self.redraw()

    def listed(self) -> set[int]:
        """Numbers of the records that the list has."""
        return set(self.timeline.numbers)

    def marked_numbers(self) -> list[int]:
        """Numbers of the marked records that had happened at the moment that is shown, oldest first."""
        history = self.timeline.state.history
        return sorted(number for number in self.marks if history.first <= number < history.end)

    def marked(self) -> list[AnyRecord]:
        numbers = self.marked_numbers()
        return self.timeline.reader(numbers)(0, len(numbers))

    def sync(self) -> None:
        first = self.timeline.state.history.first
        if first != self._first:
            self._first = first
            self.marks = {number for number in self.marks if number >= first}
        super().sync()

    def note(self) -> str:
        marked = f"● {len(self.marks)} marked" if self.marks else ""
        return "  ".join(filter(None, [marked, super().note()]))

    def pieces(self, row: int, width: int) -> list[Piece]:
        mark = "●" if self.timeline.numbers[row] in self.marks else " "
        return [(mark, "plain"), *super().pieces(row, width - 1)]
