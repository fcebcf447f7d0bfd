"""All keys, from the table of actions: first those that work where one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult

from console.actions.keys import key_of
from console.actions.registry import ACTIONS, by_group
from console.query.fields import FIELDS
from console.query.parse import OPERATORS
from console.screens.dialog import Dialog
from console.screens.record import RecordLines

if TYPE_CHECKING:
    from console.screens.main import MainScreen

_MARKS = (
    ("←  →", "an event from a client, an event to clients (×n: how many got it)"),
    ("✓", "an ack, with the time that it took"),
    ("+  ✗", "connected, disconnected with its reason"),
    ("⊘", "refused by a middleware, or an event blocked by one"),
    ("»  «  =", "joined a room, left it, an attached attribute changed"),
    ("!", "the app raised: enter shows the traceback"),
    ("❯", "a command of the console, and what the server did"),
    ("⇄  ~  ●", "a connection, records lost, the server"),
)


_MOVING = (
    ("↑ ↓", "Move; page up, page down, home and end too"),
    (
        "mouse",
        "A click selects, two open; a click on a header sorts, on tabs, views and keys does what they say",
    ),
)


class HelpScreen(Dialog[None]):
    """What each key does, and what each mark means."""

    BINDINGS = [("question_mark", "close", "Close"), ("q", "close", "Close")]

    def __init__(self, main: MainScreen) -> None:
        super().__init__()
        self._main = main

    def compose(self) -> ComposeResult:
        main, keymap = self._main, self._main.person.settings.keys
        here = [action for action in ACTIONS.values() if action.visible(main) and action.group != "Console"]
        pairs = [("", f"Here, in {main.view.title}")]
        for action in here:
            why = action.refusal(main)
            pairs.append((key_of(action, keymap), f"{action.help}. Not now: {why}" if why else action.help))
        pairs += _MOVING
        for group, actions in by_group().items():
            rest = [action for action in actions if action not in here]
            if rest:
                pairs += [("", ""), ("", group if group == "Console" else f"{group}, elsewhere")]
                pairs += [(key_of(action, keymap) or "–", action.help) for action in rest]
        pairs += [("", ""), ("", "Marks in the timeline"), *_MARKS]
        pairs += [("", ""), ("", "The filter: of sockets and events alike; → completes"), *OPERATORS]
        pairs += [("", ""), ("", "Its fields")]
        pairs += [(field.name, f"{field.help}: {field.example}") for field in FIELDS.values()]
        lines = RecordLines(pairs)
        lines.border_title = "Help"
        lines.border_subtitle = "close esc"
        yield lines
