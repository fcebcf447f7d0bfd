"""The acks of an emit, one line a recipient."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.geometry import Size

from console.lines import Reader
from console.state.state import State
from console.text import cut, fit, safe, seconds
from console.widgets.line_list import LineList, Piece
from server_core.records import Ack

_WHO, _ELAPSED = 18, 8


class AckList(LineList):
    """Who answered what, and when; those who did not answer come first."""

    BORDER_TITLE = "acks"

    def __init__(self, state: State, reader: Reader, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._state = state
        self._reader = reader
        self._acks: list[Ack] = []

    def show(self, acks: Sequence[Ack]) -> None:
        """Show these, the latest answers first."""
        self._acks = sorted(acks, key=lambda ack: (ack.data is not None, -ack.elapsed))
        self.cursor = self.top = 0
        self.update()
        self.refresh(layout=True)

    @property
    def selected(self) -> Ack | None:
        return self._acks[self.cursor] if self.cursor < len(self._acks) else None

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self._acks))

    def row_count(self) -> int:
        return len(self._acks)

    def pieces(self, row: int, width: int) -> list[Piece]:
        ack = self._acks[row]
        late = ack.data is None
        pieces: list[Piece] = [
            ("✗ " if late else "✓ ", "bad" if late else "good"),
            (fit(safe(self._state.label(ack.socket)), _WHO) + " ", "name"),
            (fit(seconds(ack.elapsed), _ELAPSED, right=True) + "  ", "quiet"),
        ]
        used = sum(cell_len(text) for text, _ in pieces)
        answer = "timed out" if ack.data is None else self._reader.mask(ack.data)
        return [*pieces, (cut(safe(answer), width - used), "quiet" if late else "plain")]
