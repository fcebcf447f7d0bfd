"""The table that all lists are made of."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

from textual import events
from textual.message import Message

from console.state.filter import Filter
from console.state.listing import Listing
from console.state.timeline import FIRST
from console.text import cut
from console.widgets.line_list import About, LineList, Piece, column

Thing = TypeVar("Thing")
Id = TypeVar("Id", bound=Hashable)

#: Takes what room the other columns leave.
REST = 0
#: Cells of the narrowest such column.
_LEAST = 8
#: Cells that a column may be given.
WIDTHS = range(3, 121)
#: Cells before the first column: marked or not, and what state it is in.
_GUTTER = 2


class Column(NamedTuple, Generic[Thing]):
    """One column. `cell` gets the thing and the column's width, and returns text that is safe for the screen."""

    id: str
    title: str
    cell: Callable[[Thing, int], str]
    #: (cells of the table from which on, cells of the column), the narrowest first; `REST` for what is left.
    widths: tuple[tuple[int, int], ...]
    #: Whether it is aligned to the right.
    right: bool = False

    def width(self, table: int) -> int | None:
        """Its width in a table of this width, None where it has no room."""
        found = None
        for least, width in self.widths:
            if table >= least:
                found = width
        return found


class Table(LineList, Generic[Thing, Id]):
    """A row per thing; the one under the cursor stays there by its id while rows come, go and re-sort."""

    has_header = True

    class Sorted(Message):
        """It is sorted by another column."""

    def __init__(self, listing: Listing[Thing, Id], columns: tuple[Column[Thing], ...], *, id: str) -> None:
        super().__init__(id=id)
        self.listing = listing
        self.columns = columns
        #: Ids of the columns that a person chose, in their order; None shows those that have room.
        self.chosen: list[str] | None = None
        #: Widths that a person chose, by column.
        self.chosen_widths: dict[str, int] = {}
        #: Ids of what is marked; they may be gone, or hidden by the filter.
        self.marks: set[Id] = set()
        #: Id of what the cursor was put on, and the filter of the list that it was put on in.
        self._selected: Id | None = None
        self._filter: Filter | None = None
        self.hint = ""
        self._columns_of: tuple[int, list[tuple[Column[Thing], int]]] = (-1, [])
        self._left_out: frozenset[str] = frozenset()

    # what subclasses say

    def glyph(self, thing: Thing) -> str:
        """One glyph about its state, " " for none."""
        return " "

    def tone(self, thing: Thing) -> str:
        """The style of its row."""
        return "plain"

    def left_out(self) -> frozenset[str]:
        """Ids of the columns that have nothing to say now; whoever chose them sees them."""
        return frozenset()

    def gone(self, id: Id) -> str:
        """The row of what left since the list was refreshed."""
        return "gone"

    # rows

    def row_count(self) -> int:
        return len(self.listing.ids)

    def empty(self) -> str:
        return self.hint

    @property
    def selected(self) -> Id | None:
        """Id of what the cursor is on, None when there is nothing.

        A long list stands there for a moment as it was before a filter: what that does not take is not selected.
        """
        id = self._selected
        return None if id is None or (self.listing.stale and self.listing.hides(id)) else id

    @property
    def has_cursor(self) -> bool:
        return self.selected is not None

    def pending(self, what: About) -> bool:
        return bool(what) and self.listing.stale and (what != "row" or self.selected is None)

    @property
    def current(self) -> Thing | None:
        """What the cursor is on."""
        return None if (id := self.selected) is None else self.listing.get(id)

    def listed(self) -> set[Id]:
        """Ids of what the list has."""
        return set(self.listing.ids)

    def marked(self) -> list[Thing]:
        """What is marked and still there, in the list's order where it is listed."""
        marks = self.marks
        ids = [id for id in self.listing.ids if id in marks]
        ids += marks.difference(ids)
        return [thing for id in ids if (thing := self.listing.get(id)) is not None]

    def toggle(self) -> None:
        """Mark what the cursor is on, or no more, and go on to the next."""
        if (id := self.selected) is not None:
            self.mark(self.marks ^ {id})
            self.move(self.cursor + 1)

    def mark(self, ids: set[Id]) -> None:
        """Have these marked, and no others."""
        self.marks = ids
        self.say()
        self.redraw()

    def say(self, searching: str = "") -> None:
        """Name in the border what is marked, and how far a filter has looked that takes its time."""
        marked = f"● {len(self.marks)} marked" if self.marks else ""
        self.write_note("  ".join(filter(None, [marked, searching])))

    def sync(self) -> None:
        """Take in the listing after it was refreshed: the cursor goes where its row went; where a filter hides that, to
        the first that it takes."""
        ids, id = self.listing.ids, self._selected
        if id is not None and id in ids:
            if not (self.cursor < len(ids) and ids[self.cursor] == id):
                self.cursor = ids.index(id)
        elif not self.listing.stale or id is None:
            filtered = self.listing.filter is not self._filter and self.listing.filter is not None
            self.cursor = 0 if filtered else max(0, min(self.cursor, len(ids) - 1))
            self._select()
        if not self.listing.stale:
            self._filter = self.listing.filter
            self.say()
        self.update()

    def select(self, id: Id) -> bool:
        """Put the cursor on what has this id; whether it is in the list, or will be."""
        if id in self.listing.ids:
            self.move(self.listing.ids.index(id))
        elif self.listing.stale and not self.listing.hides(id):
            self._choose(id)
        else:
            return False
        return True

    def move(self, row: int) -> None:
        self.cursor = max(0, min(row, self.row_count() - 1))
        self._keep_visible()
        self._select()
        self.redraw()

    def _select(self) -> None:
        ids = self.listing.ids
        self._choose(ids[self.cursor] if self.cursor < len(ids) else None)

    def _choose(self, id: Id | None) -> None:
        if id != self._selected:
            self._selected = id
            self.post_message(self.Moved(self))

    # order

    def sort_by(self, column: str) -> None:
        """Sort by a column; by the same again: reverse."""
        if column == self.listing.sort:
            self.listing.reverse = not self.listing.reverse
        elif column in self.listing.KEYS:
            self.listing.sort = column
        self.resort()

    def sort_next(self) -> None:
        """Sort by the next column."""
        keys = list(self.listing.KEYS)
        self.listing.sort = keys[(keys.index(self.listing.sort) + 1) % len(keys)]
        self.resort()
        self.notify(f"sorted by {self.listing.sort}", markup=False, timeout=2)

    def reverse(self) -> None:
        self.listing.reverse = not self.listing.reverse
        self.resort()

    def resort(self) -> None:
        self.listing.begin()
        self.listing.go_on(FIRST)  # the view goes on with a long one
        self.sync()
        self.post_message(self.Sorted())

    # drawing

    def choose(self, columns: list[str] | None, widths: dict[str, int] | None = None) -> None:
        """Show these columns, in these widths where any are given; None shows those that have room."""
        self.chosen, self.chosen_widths = columns, widths or {}
        self._columns_of = (-1, [])
        self.redraw()

    def shown(self, width: int) -> list[tuple[Column[Thing], int]]:
        """The columns for which there is room, with their widths."""
        left_out = self.left_out()
        if self._columns_of[0] != width or self._left_out != left_out:
            self._left_out = left_out
            self._columns_of = (width, self._fit(width))
        return self._columns_of[1]

    def _fit(self, width: int) -> list[tuple[Column[Thing], int]]:
        if self.chosen is None:
            wanted = [each for each in self.columns if each.id not in self._left_out]
            sized = [(each, size) for each in wanted if (size := each.width(width)) is not None]
        else:
            known = {each.id: each for each in self.columns}
            found = [known[id] for id in self.chosen if id in known]
            sized = [(each, each.widths[0][1] if (size := each.width(width)) is None else size) for each in found]
        sized = [(each, self.chosen_widths.get(each.id, size)) for each, size in sized]
        rest = width - _GUTTER - sum(size + 1 for _, size in sized)
        flexible = max(1, sum(size == REST for _, size in sized))
        return [(each, size or max(_LEAST, rest // flexible)) for each, size in sized]

    def header(self, width: int) -> list[Piece]:
        text = " " * _GUTTER
        for each, size in self.shown(width):
            mark = ("▴" if self.listing.reverse else "▾") if each.id == self.listing.sort else ""
            text += column(each.title + mark, size, right=each.right)
        return [(cut(text, width), "header")]

    def pieces(self, row: int, width: int) -> list[Piece]:
        id = self.listing.ids[row]
        mark = "●" if id in self.marks else " "
        thing = self.listing.get(id)
        if thing is None:
            return [(cut(f"{mark}✗ {self.gone(id)}", width), "quiet")]
        text = f"{mark}{self.glyph(thing)}" + "".join(
            [column(each.cell(thing, size), size, right=each.right) for each, size in self.shown(width)]
        )
        return [(text, self.tone(thing))]

    async def _on_click(self, event: events.Click) -> None:
        if event.y == 1 and (clicked := self._column_at(event.x - 1)):  # within the border
            self.sort_by(clicked)
            return
        await super()._on_click(event)

    def _column_at(self, x: int) -> str:
        start = _GUTTER
        for each, size in self.shown(self.size.width - 1):
            if start <= x <= start + size:
                return each.id
            start += size + 1
        return ""
