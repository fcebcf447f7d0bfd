"""What the keys and the marks of a replay mean."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding

from console.screens.dialog import Dialog
from console.screens.record import RecordLines

_MARKS = (
    ("✓  ✗  -", "passed, failed, left out"),
    ("▶  ‖", "plays now, waits: p goes on, s plays this one step"),
    ("●", "a breakpoint: it waits before this step"),
    ("≠", "what came differs here from what was expected"),
)


class ReplayHelp(Dialog[None]):
    """The keys of a replay, each with what it does."""

    BINDINGS = [("question_mark", "close", "Close"), ("q", "close", "Close")]

    def __init__(self, keys: Sequence[Binding]) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        pairs = [("", "Here, in a replay")]
        pairs += [(each.key_display or each.key, each.tooltip) for each in self._keys if each.tooltip]
        pairs += [("", ""), ("", "Marks"), *_MARKS, ("", "")]
        pairs += [
            ("", "Scripts"),
            ("", "console/replay/FORMAT.md has the format; socketscope replay --help a short one"),
        ]
        lines = RecordLines(pairs)
        lines.border_title = "Help"
        lines.border_subtitle = "close esc"
        yield lines
