"""All keys, how to ask in the filter, and what the marks mean: from the tables that the console itself works by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from console.actions.keys import key_of
from console.actions.registry import ACTIONS, Action, always
from console.query.fields import FIELDS
from console.query.parse import OPERATORS
from console.screens.dialog import Dialog
from console.text import cut, fit, safe, wrap
from console.widgets.fields import KeyLine
from console.widgets.line_list import Piece
from console.widgets.read_lines import ReadLines
from console.widgets.text_field import TextField

if TYPE_CHECKING:
    from console.screens.main import MainScreen

_MARKS = (
    ("←  →", "an event from a client, an event to clients (×n: how many got it)"),
    ("✓", "an ack, with the time that it took"),
    ("+  ✗", "connected, disconnected with its reason"),
    ("⊘", "refused by a middleware, or an event blocked by one: its reason is beside it"),
    ("»  «  =", "joined a room, left it, an attached attribute changed"),
    ("!", "the app raised: ⏎ shows the traceback"),
    ("❯", "a command of the console, and what the server did"),
    ("⇄  ~  ●", "a connection, records lost, the server"),
)
_MOVING = (
    ("↑ ↓", "Move; page up, page down, home and end too"),
    ("mouse", "A click selects, two open; on a header it sorts; on tabs, views, keys it does what they say"),
)
#: The views, which stand on one line.
_VIEWS = ("sockets", "rooms", "events", "clients", "servers", "logs")
#: The groups that are the same everywhere, and come after those of the place.
_EVERYWHERE = ("Move", "Time", "Console")


class Entry(NamedTuple):
    """A key, or another word, and what it means; a heading where there is no key."""

    name: str
    text: str
    #: Other words that it is found by.
    words: str = ""
    #: Whether it can't be done now.
    off: bool = False


class Tab(NamedTuple):
    title: str
    #: Cells of the names.
    width: int
    entries: Sequence[Entry]


class HelpScreen(Dialog[None]):
    """Tabs of entries; `/` finds an entry in all of them."""

    AUTO_FOCUS = "HelpLines"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
    BINDINGS = [
        ("question_mark,f1,q", "close", "Close"),
        ("slash", "find", "Find"),
        ("right,tab", "turn(1)", "Next tab"),
        ("left,shift+tab", "turn(-1)", "Previous tab"),
    ]

    def __init__(self, main: MainScreen, *, first: str = "Keys") -> None:
        super().__init__()
        tabs = [Tab("Keys", 10, keys(main)), Tab("Filter", 24, asking(main)), Tab("Marks", 10, marks())]
        self._lines = HelpLines(tabs, next(number for number, tab in enumerate(tabs) if tab.title == first))
        self._field = TextField(placeholder="a word of what is looked for", id="find", compact=True)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="help") as dialog:
            dialog.border_title = "Help"
            yield self._lines
            yield self._field
            yield KeyLine(("find", "/", "find"), ("tabs", "← →", "turn(1)"), ("close", "esc", "close"))

    def on_mount(self) -> None:
        self._field.display = False

    def action_find(self) -> None:
        self._field.display = True
        self._field.focus()

    def action_turn(self, by: int) -> None:
        self._lines.turn(by)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._lines.find(event.value)

    @on(Input.Submitted)
    def _found(self) -> None:
        self._lines.focus()

    def action_close(self) -> None:
        """What was looked for is left first."""
        if self._field.display:
            self._field.value = ""
            self._field.display = False
            self._lines.find("")
            self._lines.focus()
        else:
            self.dismiss(None)


class HelpLines(ReadLines):
    """The entries of a tab, or those of all tabs that have some words."""

    has_header = True

    def __init__(self, tabs: Sequence[Tab], shown: int) -> None:
        super().__init__(id="help")
        self._tabs = tabs
        self._shown = shown
        self._words: list[str] = []

    def empty(self) -> str:
        return "nothing has these words"

    def header(self, width: int) -> list[Piece]:
        pieces: list[Piece] = []
        for number, tab in enumerate(self._tabs):
            on = bool(self._words) or number == self._shown
            pieces += [(tab.title, "chosen" if on else "quiet"), ("  ", "quiet")]
        return pieces

    def turn(self, by: int) -> None:
        """Show another tab."""
        self._shown = (self._shown + by) % len(self._tabs)
        self._fill()

    def find(self, text: str) -> None:
        """Show the entries of all tabs that have all words of a text; of no text, the tab that was shown."""
        self._words = text.casefold().split()
        self._fill()

    def on_resize(self) -> None:
        self._fill()

    async def _on_click(self, event: events.Click) -> None:
        at = 1
        for number, tab in enumerate(self._tabs):
            if event.y == 1 and at <= event.x < at + len(tab.title):
                self.turn(number - self._shown)
            at += len(tab.title) + 2

    def _fill(self) -> None:
        self._rows, self.top, self.cursor = [], 0, 0
        width = max(20, self.size.width - 2)
        for tab in self._tabs if self._words else [self._tabs[self._shown]]:
            heading: Entry | None = None
            for entry in tab.entries:
                if not entry.name:
                    heading = entry
                elif self._takes(entry):
                    if heading:
                        self._rows += [[]] * bool(self._rows) + [[(cut(safe(heading.text), width), "header")]]
                        heading = None
                    self._rows += _drawn(entry, tab.width, width)
        self.update()

    def _takes(self, entry: Entry) -> bool:
        text = f"{entry.name} {entry.text} {entry.words}".casefold()
        return all(word in text for word in self._words)


def _drawn(entry: Entry, size: int, width: int) -> list[list[Piece]]:
    """An entry's rows: its name, its text beside it."""
    first, *others = wrap(safe(entry.text), width - size)
    style = "quiet" if entry.off else "plain"
    head = fit(safe(entry.name), size - 1) + " "
    return [[(head, "quiet" if entry.off else "name"), (first, style)]] + [
        [(" " * size, "quiet"), (piece, style)] for piece in others
    ]


def keys(main: MainScreen) -> list[Entry]:
    """What the keys do: first those of the place, then what can't be done there now, then all others."""
    keymap = main.person.settings.keys
    here: list[Entry] = []
    off: list[Entry] = []
    rest: dict[str, list[Entry]] = {group: [] for group in _EVERYWHERE}
    elsewhere: list[Entry] = []

    def entry(action: Action, why: str = "") -> Entry:
        text = f"{action.help}: {why}" if why else action.help
        return Entry(key_of(action, keymap) or "–", text, f"{action.label} {action.words}", bool(why))

    # what makes sense only there comes first
    for action in sorted(ACTIONS.values(), key=lambda action: action.visible is always):
        if action.id in _VIEWS:
            continue
        if not action.visible(main):
            elsewhere.append(entry(action))
        elif why := action.refusal(main):
            off.append(entry(action, why))
        else:
            rest.get(action.group, here).append(entry(action))
    views = [key_of(ACTIONS[id], keymap) for id in _VIEWS]
    named = Entry(
        f"{views[0]} … {views[-1]}" if views == list("123456") else " ".join(views),
        f"The views: {', '.join(main.views[id].title for id in _VIEWS)}",
        " ".join(ACTIONS[id].help for id in _VIEWS),
    )
    found = [Entry("", f"Here, in {main.view.title}"), *here]
    found += [Entry("", "Moving"), *(Entry(*pair) for pair in _MOVING), named, *rest["Move"]]
    for group in _EVERYWHERE[1:]:
        found += [Entry("", group), *rest[group]]
    if off:
        found += [Entry("", "Not now, and why"), *off]
    return [*found, Entry("", "Elsewhere"), *elsewhere]


def asking(main: MainScreen) -> list[Entry]:
    """How to ask in the filter."""
    found = [Entry("", "Of sockets, rooms, events alike; → completes"), *(Entry(*each) for each in OPERATORS)]
    found.append(Entry("", "Fields"))
    for field in FIELDS.values():
        values = f": {', '.join(field.values)}" if field.values else ""
        found.append(Entry(field.example, field.help + values, field.name))
    saved = main.person.filters
    if saved:
        found += [Entry("", "Saved"), *(Entry(f"@{name}", text) for name, text in saved.items())]
    return found


def marks() -> list[Entry]:
    return [Entry("", "In the timeline"), *(Entry(*each) for each in _MARKS)]
