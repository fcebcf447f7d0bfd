"""Pick one of several: by the cursor, by a letter, or by a click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from console.screens.dialog import Dialog
from console.text import cut, fit, safe
from console.widgets.fields import KeyLine


class Choice(NamedTuple):
    """One of several. What it says may be a peer's: it is made safe here."""

    id: str
    label: str
    help: str = ""
    #: A letter that picks it at once.
    key: str = ""
    #: Whether it is what holds now.
    now: bool = False


class PickDialog(Dialog[str]):
    """Ends with the id of what was picked, or None."""

    def __init__(
        self, title: str, choices: Sequence[Choice], *, keys: Sequence[tuple[str, str, str]] = (("pick", "⏎", "pick"),)
    ) -> None:
        """`keys` are those below the list, as `KeyLine` takes them."""
        super().__init__()
        self._title = title
        self._choices = choices
        self._keys = keys

    def compose(self) -> ComposeResult:
        width = min(28, max((len(choice.label) for choice in self._choices), default=0))
        with Vertical(id="dialog", classes="pick") as dialog:
            dialog.border_title = Content(safe(self._title))
            yield OptionList(*(Option(self._prompt(choice, width)) for choice in self._choices), compact=True)
            yield KeyLine(*self._keys, ("close", "esc", "close"))

    def _prompt(self, choice: Choice, width: int) -> Content:
        mark = "● " if choice.now else "  "
        space = "  " if any(each.key for each in self._choices) else ""
        return Content.assemble(
            mark,
            (choice.key, "bold underline"),
            space if choice.key else space and "   ",
            fit(safe(choice.label), width),
            ("  " + cut(safe(choice.help), 200), "dim"),
        )

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.highlighted = next((row for row, choice in enumerate(self._choices) if choice.now), 0)

    @property
    def current(self) -> Choice | None:
        """What the cursor is on."""
        row = self.query_one(OptionList).highlighted
        return None if row is None else self._choices[row]

    def action_pick(self) -> None:
        """Take what the cursor is on."""
        if choice := self.current:
            self.dismiss(choice.id)

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index].id)

    def on_key(self, event: events.Key) -> None:
        for choice in self._choices:
            if choice.key and event.character == choice.key:
                event.stop()
                self.dismiss(choice.id)
                return
