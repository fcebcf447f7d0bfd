"""All keys, from the table of actions."""

from __future__ import annotations

from textual.app import ComposeResult

from console.actions.registry import by_group
from console.query.fields import FIELDS
from console.query.parse import OPERATORS
from console.screens.dialog import Dialog
from console.screens.record import RecordLines

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


class HelpScreen(Dialog[None]):
    """What each key does, and what each mark means."""

    BINDINGS = [("question_mark", "close", "Close"), ("q", "close", "Close")]

    def compose(self) -> ComposeResult:
        pairs: list[tuple[str, str]] = []
        for group, actions in by_group().items():
            pairs += [("", ""), ("", group)] if pairs else [("", group)]
            pairs += [(action.key_display or action.key, action.help) for action in actions]
        pairs += [("", ""), ("", "Marks in the timeline"), *_MARKS]
        pairs += [("", ""), ("", "The filter: of sockets and events alike; → completes"), *OPERATORS]
        pairs += [("", ""), ("", "Its fields")]
        pairs += [(field.name, f"{field.help}: {field.example}") for field in FIELDS.values()]
        lines = RecordLines(pairs)
        lines.border_title = "Help"
        lines.border_subtitle = "close esc"
        yield lines
