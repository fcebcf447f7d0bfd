"""What is different between two moments."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from console.lines import Reader, clock
from console.screens.dialog import Dialog
from console.screens.record import RecordLines
from console.state.difference import Change
from console.state.state import State
from console.text import count


class DifferenceScreen(Dialog[None]):
    """Who came, who left, which rooms and attributes changed; escape closes it."""

    BINDINGS = [("D", "close", "Close"), ("q", "close", "Close")]

    def __init__(self, before: State, after: State, changes: Sequence[Change], reader: Reader) -> None:
        super().__init__()
        self._before = before
        self._after = after
        self._changes = changes
        self._reader = reader

    def compose(self) -> ComposeResult:
        lines = RecordLines(self._pairs())
        start, end = self._before.time, self._after.time
        lines.border_title = f"From {clock(start)} to {clock(end)}" if start else f"Until {clock(end)}"
        lines.border_subtitle = "close esc"
        yield lines

    def _pairs(self) -> list[tuple[str, str]]:
        came = [change for change in self._changes if change.what == "came"]
        left = [change for change in self._changes if change.what == "left"]
        pairs = [("", f"{count(len(came), 'socket')} came, {len(left)} left")]
        pairs += [("✗ left", self._who(change.socket)) for change in left]
        for change in came:
            pairs.append(("+ came", self._who(change.socket)))
            if socket := self._after.socket(change.socket):
                rooms = ", ".join(sorted(socket.rooms - {socket.id}))
                pairs += [("", f"  in {rooms}")] if rooms else []
        others = [change for change in self._changes if change.what in ("room", "attribute")]
        if others:
            pairs += [("", ""), ("", "changed")]
        pairs += [self._pair(change) for change in others]
        return pairs

    def _pair(self, change: Change) -> tuple[str, str]:
        who = self._who(change.socket)
        if change.what == "room":
            return ("» joined" if change.after else "« left"), f"{change.name}: {who}"
        value = [None if text is None else self._reader.attribute(change.name, text) for text in change[3:]]
        match value:
            case [None, after]:
                return "= set", f"{change.name} {after} of {who}"
            case [before, None]:
                return "= deleted", f"{change.name} {before} of {who}"
            case [before, after]:
                return "= set", f"{change.name} {before} → {after} of {who}"
        return "=", f"{change.name} of {who}"

    def _who(self, id: str) -> str:
        state = self._after if self._after.known(id) else self._before
        return f"{state.label(id)} · {id}"
