"""A list of names to pick from, one or several."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message

from console.text import cut, safe
from console.widgets.line_list import LineList, Piece


class PickList(LineList):
    """Names with a word about each; space picks, where several may be picked."""

    BINDINGS = [
        Binding("space", "pick", "Pick", show=False),
        Binding("enter", "submit", "Take", show=False),
    ]

    class Changed(Message):
        """Something was picked, or is so no more."""

    class Submitted(Message):
        """Enter was pressed, or a name clicked twice."""

    def __init__(
        self, rows: Sequence[tuple[str, str]] = (), *, several: bool = False, id: str, empty: str = ""
    ) -> None:
        """Rows are (name, what is said of it)."""
        super().__init__(id=id)
        self._several = several
        self._empty = empty
        self.rows = list(rows)
        self.picked: dict[str, None] = {}

    def show(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show other rows."""
        self.rows = list(rows)
        self.update()
        self.refresh(layout=True)

    @property
    def current(self) -> str | None:
        """The name under the cursor."""
        return self.rows[self.cursor][0] if self.cursor < len(self.rows) else None

    @property
    def chosen(self) -> list[str]:
        """What is picked; where nothing is, what the cursor is on."""
        picked = [name for name, _ in self.rows if name in self.picked]
        return picked or ([self.current] if self.current is not None else [])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(2, len(self.rows))

    def row_count(self) -> int:
        return len(self.rows)

    def empty(self) -> str:
        return self._empty

    def pieces(self, row: int, width: int) -> list[Piece]:
        name, about = self.rows[row]
        mark = ("[X] " if name in self.picked else "[ ] ") if self._several else ""
        text = cut(safe(name), max(8, width - len(mark) - len(about) - 2))
        return [
            (mark, "good"),
            (text, "plain"),
            (cut(f"  {safe(about)}", max(0, width - len(mark) - len(text))), "quiet"),
        ]

    def move(self, row: int) -> None:
        super().move(row)
        self.post_message(self.Changed())

    def action_pick(self) -> None:
        name = self.current
        if not self._several or name is None:
            return
        if name in self.picked:
            del self.picked[name]
        else:
            self.picked[name] = None
        self.redraw()
        self.post_message(self.Changed())

    def action_submit(self) -> None:
        self.post_message(self.Submitted())

    async def _on_click(self, event: object) -> None:
        chain = getattr(event, "chain", 1)
        y = getattr(event, "y", 0)
        row = self.top + y
        if row < len(self.rows):
            self.move(row)
            if chain == 2 and not self._several:
                self.action_submit()
            elif chain == 1:
                self.action_pick()
