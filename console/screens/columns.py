"""Which columns a list has, in which order, and how wide they are."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from console.screens.dialog import Dialog
from console.widgets.fields import KeyLine
from console.widgets.table import WIDTHS, Table


class ColumnsDialog(Dialog[None]):
    """Each change is seen in the list at once."""

    BINDINGS = [
        ("space,enter", "show_or_hide", "Show or hide"),
        ("shift+up,K", "shift(-1)", "Up"),
        ("shift+down,J", "shift(1)", "Down"),
        ("right,plus", "widen(1)", "Wider"),
        ("left,minus", "widen(-1)", "Narrower"),
        ("r", "reset", "As by default"),
    ]

    def __init__(self, table: Table[Any, Any]) -> None:
        super().__init__()
        self._table = table
        shown = [column.id for column, _ in table.shown(table.size.width - 1)]
        titles = {column.id: column.title for column in table.columns}
        chosen = table.chosen if table.chosen is not None else shown
        #: (id, title, whether it is shown), in order.
        self._columns = [(id, titles[id], True) for id in chosen]
        self._columns += [(id, title, False) for id, title in titles.items() if id not in chosen]

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="pick") as dialog:
            dialog.border_title = "Columns"
            yield OptionList(compact=True)
            yield KeyLine(
                ("show or hide", "space", "show_or_hide"),
                ("move", "K J", "shift(-1)"),
                ("width", "← →", "widen(1)"),
                ("as by default", "r", "reset"),
                ("close", "esc", "close"),
            )

    def on_mount(self) -> None:
        self._fill(0)

    def _fill(self, row: int) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(Option(self._prompt(*each)) for each in self._columns)
        options.highlighted = row

    def _prompt(self, id: str, title: str, on: bool) -> Content:
        """The column's name, and its width where a person chose it."""
        width = self._table.chosen_widths.get(id)
        return Content(f"[{'X' if on else ' '}] {title:14}{f'{width:4} wide' if width else ''}".rstrip())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.action_show_or_hide()

    def action_show_or_hide(self) -> None:
        row = self.query_one(OptionList).highlighted
        if row is not None:
            id, title, on = self._columns[row]
            if on and sum(shown for _, _, shown in self._columns) == 1:
                self.notify("a list has at least one column", severity="warning", markup=False)
                return
            self._columns[row] = (id, title, not on)
            self._apply(row)

    def action_shift(self, by: int) -> None:
        row = self.query_one(OptionList).highlighted
        if row is not None and 0 <= row + by < len(self._columns):
            columns = self._columns
            columns[row], columns[row + by] = columns[row + by], columns[row]
            self._apply(row + by)

    def action_widen(self, by: int) -> None:
        row = self.query_one(OptionList).highlighted
        if row is None:
            return
        id = self._columns[row][0]
        shown = {column.id: width for column, width in self._table.shown(self._table.size.width - 1)}
        if id in shown and (width := shown[id] + by) in WIDTHS:
            self._table.choose(self._table.chosen, {**self._table.chosen_widths, id: width})
            self._fill(row)

    def action_reset(self) -> None:
        self._table.choose(None)
        shown = {column.id for column, _ in self._table.shown(self._table.size.width - 1)}
        self._columns = [(column.id, column.title, column.id in shown) for column in self._table.columns]
        self._fill(0)

    def _apply(self, row: int) -> None:
        self._table.choose([id for id, _, on in self._columns if on], self._table.chosen_widths)
        self._fill(row)
