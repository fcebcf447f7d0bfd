"""A list of lines over a model: it draws what is visible, and holds nothing itself."""

from __future__ import annotations

from typing import Literal, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from console.text import fit

#: A piece of a line: safe text and the name of its style.
Piece = tuple[str, str]
#: Seconds from which on it is said how far something is.
NOTICED = 0.2
#: What of a list something is about: the row under the cursor, the rows near it too, all rows, or nothing of it.
About = Literal["row", "near", "list", ""]


class Look(NamedTuple):
    """How a line of the screen reads: all that it is drawn of."""

    pieces: list[Piece]
    #: The style of the row under the cursor, "" for others.
    under: str = ""
    #: The scroll bar's cell, "" for a line without one.
    bar: str = ""


class LineList(Widget, can_focus=True):
    """Draws rows of a model by number. While it follows, the cursor stays on the last row.

    Of a model that changed only lines that read otherwise are drawn: that is most of what a busy console costs.
    Subclasses say how many rows there are and how each reads; a row keeps its number when rows before it go.
    """

    BINDINGS = [
        Binding("up", "cursor(-1)", "Up", show=False),
        Binding("down", "cursor(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "first", "First", show=False),
        Binding("end", "last", "Last", show=False),
    ]

    COMPONENT_CLASSES = {
        "line--plain",
        "line--quiet",
        "line--in",
        "line--out",
        "line--good",
        "line--bad",
        "line--warn",
        "line--name",
        "line--header",
        "line--chosen",
        "line--cursor",
        "line--cursor-blurred",
        "line--bar",
        "line--link",
    }

    #: Whether a header stands above the rows.
    has_header = False
    #: Whether new rows at the end move the cursor along.
    follows = False

    class Moved(Message):
        """The cursor is on another row."""

        def __init__(self, list: LineList) -> None:
            super().__init__()
            self.list = list

        @property
        def control(self) -> LineList:
            return self.list

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.cursor = 0
        self.top = 0
        self.following = self.follows
        self._styles: dict[tuple[str, str], Style] = {}
        #: How each line of the screen reads as it is drawn.
        self._drawn: dict[int, Look] = {}
        #: What stands in the border, as it was written.
        self._title = self._note = ""

    # what subclasses say

    def row_count(self) -> int:
        return 0

    def pieces(self, row: int, width: int) -> list[Piece]:
        """A row's text, as it is drawn."""
        return []

    def header(self, width: int) -> list[Piece]:
        """The line above the rows, where there is one."""
        return []

    def empty(self) -> str:
        """What stands there while there are no rows."""
        return ""

    # drawing

    @property
    def page(self) -> int:
        """Rows that are visible."""
        return max(1, self.size.height - self.has_header)

    def update(self) -> None:
        """Draw again after the model changed."""
        self.settle()
        self.redraw()

    def redraw(self) -> None:
        """Draw the lines that read otherwise now."""
        size, rows = self.size, self.row_count()
        if not size:  # it is not on the screen: all of it, once it is
            self.refresh()
            return
        drawn = self._drawn
        changed = [y for y in range(size.height) if drawn.get(y) != self._look(y, size, rows)]
        if changed:
            self.refresh(*[Region(0, y, size.width, 1) for y in changed])

    def write_title(self, title: str) -> None:
        """Write safe text in the border; that draws all of it anew, and is not done where it stands there."""
        if title != self._title:
            self._title = title
            self.border_title = Content(title)  # a plain string would be parsed

    def write_note(self, note: str) -> None:
        """As above, in the border at the bottom."""
        if note != self._note:
            self._note = note
            self.border_subtitle = Content(note)

    def settle(self) -> None:
        """Put the cursor where it belongs among the rows that there are now."""
        rows = self.row_count()
        if self.following:
            self.cursor = max(0, rows - 1)
        self.cursor = max(0, min(self.cursor, rows - 1))
        self._keep_visible()

    def render_line(self, y: int) -> Strip:
        size = self.size
        width = size.width
        if width < 2:
            return Strip.blank(width)
        look = self._drawn[y] = self._look(y, size, self.row_count())
        if not look.bar:
            return self._strip(look.pieces, width)
        bar = Strip([Segment(look.bar, self._style_of("bar"))])
        return self._strip(look.pieces, width - 1, look.under) + bar

    def _look(self, y: int, size: Size, rows: int) -> Look:
        """How a line of the screen reads now."""
        width, page = size.width, size.height
        if self.has_header:
            if y == 0:
                return Look(self.header(width - 1))
            y -= 1
            page -= 1
        row = self.top + y
        if row >= rows:
            return Look([("  " + self.empty(), "quiet")] if rows == 0 and y == 1 else [])
        under = ""
        if row == self.cursor and self.has_cursor:
            under = "cursor" if self.has_focus else "cursor-blurred"
        return Look(self.pieces(row, width - 1), under, self._bar(y, rows, max(1, page)))

    @property
    def has_cursor(self) -> bool:
        return True

    def pending(self, what: About) -> bool:
        """Whether what an action is about is still looked for: the filter is new, or what is shown is."""
        return False

    def _bar(self, y: int, rows: int, page: int) -> str:
        """The scroll bar's cell of a line."""
        if rows <= page:
            return " "
        length = max(1, page * page // rows)
        start = (page - length) * self.top // max(1, rows - page)
        return "┃" if start <= y < start + length else "│"

    def _strip(self, pieces: list[Piece], width: int, under: str = "") -> Strip:
        segments = [Segment(text, self._style_of(name, under)) for text, name in pieces]
        return Strip(segments).adjust_cell_length(width, self._style_of("", under))

    def _style_of(self, name: str, under: str = "") -> Style:
        """The style of a piece, on a row that may be under the cursor."""
        key = name, under
        style = self._styles.get(key)
        if style is None:
            style = self.rich_style
            for part in key:
                if part:
                    style += self.get_component_rich_style(f"line--{part}")
            self._styles[key] = style
        return style

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    # moving

    def move(self, row: int) -> None:
        """Put the cursor on a row."""
        rows = self.row_count()
        row = max(0, min(row, rows - 1))
        changed = row != self.cursor
        self.cursor = row
        if self.follows:
            self.following = row >= rows - 1
        self._keep_visible()
        self.redraw()
        if changed:
            self.post_message(self.Moved(self))

    def shift(self, rows: int) -> None:
        """Rows went at the front: stay on the same ones."""
        self.cursor = max(0, self.cursor - rows)
        self.top = max(0, self.top - rows)

    def _keep_visible(self) -> None:
        page, rows = self.page, self.row_count()
        if self.cursor < self.top:
            self.top = self.cursor
        elif self.cursor >= self.top + page:
            self.top = self.cursor - page + 1
        self.top = max(0, min(self.top, rows - page))

    def action_cursor(self, by: int) -> None:
        self.move(self.cursor + by)

    def action_page(self, by: int) -> None:
        self.move(self.cursor + by * self.page)

    def action_first(self) -> None:
        self.move(0)

    def action_last(self) -> None:
        self.move(self.row_count() - 1)

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.move(self.cursor + 3)
        event.stop()

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.move(self.cursor - 3)
        event.stop()

    async def _on_click(self, event: events.Click) -> None:
        inside = event.get_content_offset(self)
        row = self.top + inside.y - self.has_header if inside else -1
        if self.top <= row < self.row_count():
            self.move(row)
            if event.chain == 2:
                await self.run_action("screen.run('open')")

    def on_resize(self) -> None:
        self.update()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return container.height

    def refresh_row(self, row: int) -> None:
        """Draw one row again."""
        y = row - self.top + self.has_header
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))


def column(text: str, width: int, *, right: bool = False) -> str:
    """Safe text as a table's cell, with a space behind it."""
    return fit(text, width, right=right) + " "
