"""The line below the top: the views, the filter, and beside it where clients connect or what is wrong."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Click, Resize
from textual.message import Message
from textual.widgets import Input, Static

from console.query.errors import QueryError
from console.query.nodes import Query
from console.query.parse import parse
from console.state.session import Session
from console.text import cut, cut_left, safe
from console.widgets.query_suggester import QuerySuggester
from console.widgets.text_field import TextField

#: Cells from which the views' names are spread out, and from which they stay beside the filter.
_WIDE, _WIDER = 110, 150
#: Cells that a field has at least, and beside the views and what stands at the right.
_FIELD, _PADDING = 12, 2
#: Cells of the shortest piece of a URL that says anything.
_LEAST = 8


class _FilterField(TextField):
    """Says in the footer which keys finish what is typed."""

    BINDINGS = [
        Binding("enter", "submit", "keep", key_display="⏎"),
        Binding("right", "cursor_right", "complete", key_display="→"),
    ]


class _SearchField(TextField):
    """As above, for what is looked for in a detail."""

    BINDINGS = [Binding("enter", "submit", "read on there: n next, N previous", key_display="⏎")]


class FilterBar(Horizontal):
    """Says `Changed` when there is another query; while a text is none, what was found so far stays."""

    class Changed(Message):
        """There is another query, or none."""

    class Chosen(Message):
        """A view was clicked, by its title."""

        def __init__(self, title: str) -> None:
            super().__init__()
            self.title = title

    class Submitted(Message):
        """The query is finished: the cursor goes to what it found."""

    class Sought(Message):
        """Something is looked for in the detail; `done` when it is to be read on there."""

        def __init__(self, text: str, *, done: bool) -> None:
            super().__init__()
            self.text = text
            self.done = done

    def __init__(self, session: Session, views: list[tuple[str, str]], beside: str, saved: Mapping[str, str]) -> None:
        super().__init__(id="bar")
        #: (key, title) of each view, and the one that is shown.
        self._views = views
        self._shown = views[0][1]
        self._beside = beside
        self._saved = saved
        #: The text of the query that was told of last, and the query, None for none.
        self.text = ""
        self.asked: Query | None = None
        #: What is said at the right, and whether it is an error; the same as it is drawn.
        self._said = self._drawn = beside, False
        suggester = QuerySuggester(session, saved)
        self._field = _FilterField(placeholder="filter…", id="filter", compact=True, suggester=suggester)
        self._search = _SearchField(placeholder="look for… in the detail", id="search", compact=True)

    def compose(self) -> ComposeResult:
        yield Static(id="views")
        yield self._field
        yield self._search
        yield Static(Content(safe(self._beside)), id="url")

    def on_mount(self) -> None:
        self._field.display = self._search.display = False

    @property
    def searching(self) -> bool:
        """Whether what to look for in the detail is being typed."""
        return self._search.has_focus

    def search(self) -> None:
        """Let be typed what to look for in the detail."""
        self._field.display = False
        self._search.display = True
        self._search.value = ""
        self._say("")
        self._draw()
        self._search.focus()

    def found(self, found: bool) -> None:
        """Say whether there is such a thing."""
        self._say("" if found else "✗ not in this detail", wrong=not found)

    def end_search(self) -> None:
        """The filter stands there again."""
        self._search.display = False
        self._field.display = bool(self.text)
        self._say("" if self.text else self._beside)
        self._draw()

    @property
    def wrong(self) -> str:
        """What is wrong with the text, "" where it is the query that was told of."""
        text, wrong = self._said
        return text if wrong and not self.searching else ""

    def give_up(self) -> None:
        """Be the query again that was told of last."""
        self.set(self.text)

    @property
    def typing(self) -> bool:
        return self._field.has_focus

    def type(self) -> None:
        """Let a filter be typed."""
        self._field.display = True
        self._say("")
        self._draw()
        self._field.focus()

    def set(self, text: str) -> None:
        """Filter by this text; by nothing hides the field."""
        self._field.display = bool(text)
        self._field.value = text
        self._draw()
        self._read(text)

    def show(self, title: str) -> None:
        """Say which view is shown."""
        self._shown = title
        self._draw()

    def on_resize(self, event: Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        self.query_one("#views", Static).update(Content(self._written()))
        text, wrong = self._said
        self._say(text, wrong=wrong)

    def _written(self) -> str:
        """The views, as they are named."""
        return (" " * self._wide).join(name for _, name in self._names())

    @property
    def _wide(self) -> bool:
        return self.size.width >= _WIDE

    def _names(self) -> list[tuple[str, str]]:
        """(title, as it is written) of the views that are named."""
        return [
            (title, f"[{key} {title}]" if title == self._shown else f" {key} {title}{' ' * self._wide}")
            for key, title in self._views
            if self.size.width >= _WIDER or not (self._field.display or self._search.display) or title == self._shown
        ]

    def names(self) -> list[tuple[str, int, int]]:
        """(title, first cell, cells) of the views that are named."""
        found, at = [], self.query_one("#views", Static).content_region.x
        for title, name in self._names():
            found.append((title, at, len(name)))
            at += len(name) + self._wide
        return found

    def on_click(self, event: Click) -> None:
        for title, at, cells in self.names():
            if at <= event.screen_x < at + cells:
                self.post_message(self.Chosen(title))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input is self._search:
            if self._search.display and event.value == self._search.value:
                self.post_message(self.Sought(event.value, done=False))
        elif event.value == self._field.value:  # else it is an older one's
            self._read(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.input is self._search:
            self.post_message(self.Sought(event.value, done=True))
        elif not self.wrong:  # else it is there to be put right
            self.post_message(self.Submitted())

    def _read(self, text: str) -> None:
        try:
            query = parse(text, self._saved)
        except QueryError as error:
            self._say(f"✗ {error}", wrong=True)
            return
        self._say("" if self._field.display else self._beside)
        if text != self.text:
            self.text, self.asked = text, query
            self.post_message(self.Changed())

    def _say(self, text: str, *, wrong: bool = False) -> None:
        self._said = text, wrong
        room = self._room()
        drawn = cut(safe(text), room) if wrong else cut_left(safe(text), room if room >= _LEAST else 0), wrong
        if drawn != self._drawn:  # its width is the text's: another one is a layout
            self._drawn = drawn
            note = self.query_one("#url", Static)
            note.update(Content(drawn[0]))
            note.set_class(wrong, "wrong")

    def _room(self) -> int:
        """Cells that views and field leave for what stands at the right."""
        field = next((each for each in (self._field, self._search) if each.display), None)
        typed = min(max(_FIELD, cell_len(field.value) + 1), self.size.width // 2) if field else 0
        return self.size.width - cell_len(self._written()) - typed - 2 * _PADDING
