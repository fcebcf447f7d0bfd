"""Messages typed before and messages saved, to take one or to save the present one."""

from __future__ import annotations

from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input, Static

from console.acting.messages import Draft, Messages
from console.screens.dialog import Dialog
from console.widgets.fields import Field, KeyLine
from console.widgets.pick_list import PickList


class MessagesDialog(Dialog[Draft]):
    """Type to find one, enter takes it; ^s saves the present message under what was typed."""

    AUTO_FOCUS = "#name"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
    BINDINGS = [
        Binding("ctrl+s", "save", "Save", priority=True),
        Binding("ctrl+x", "forget", "Forget", priority=True),
        Binding("up", "move(-1)", "Up"),
        Binding("down", "move(1)", "Down"),
    ]

    def __init__(self, messages: Messages, draft: Draft, secrets: dict[str, Any], *, simulated: bool = False) -> None:
        super().__init__()
        self._simulated = simulated
        self._secrets = secrets
        self._messages = messages
        self._draft = draft
        self._list = PickList(id="messages", empty="no message is like that")
        self._found: list[tuple[str, Draft]] = []

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Messages"
            yield Field(id="name", placeholder="find a message, or a name to save this one under")
            yield self._list
            yield Static(id="result")
            keys = [("take", "⏎", "take"), ("save this one", "^s", "save"), ("forget", "^x", "forget")]
            yield KeyLine(*keys, ("close", "esc", "close"))

    def on_mount(self) -> None:
        self._find()
        self.say("#result", self._messages.problem, "$text-warning")

    @on(Input.Changed)
    def _find(self) -> None:
        """Those that hold all words typed: saved ones first, then the latest."""
        words = self.query_one("#name", Input).value.casefold().split()
        history = self._messages.of(simulated=self._simulated)
        every = [*sorted(self._messages.saved.items()), *(("", draft) for draft in reversed(history))]
        self._found = [
            (name, draft)
            for name, draft in every
            if all(word in f"{name} {draft.summary()}".casefold() for word in words)
        ]
        rows = [
            (f"★ {name}" if name else draft.summary(), draft.summary() if name else "") for name, draft in self._found
        ]
        self._list.show(rows)
        self._list.move(0)

    def action_move(self, by: int) -> None:
        self._list.move(self._list.cursor + by)

    @on(Input.Submitted)
    @on(PickList.Submitted)
    def action_take(self) -> None:
        if self._list.cursor < len(self._found):
            self.dismiss(self._found[self._list.cursor][1])

    def action_save(self) -> None:
        self.after_typing(self._save)

    def _save(self) -> None:
        name = self.query_one("#name", Input).value.strip()
        if not name:
            self.say("#result", "✗ type a name to save it under", "$text-error")
            return
        kept = self._messages.save(name, self._draft, self._secrets)
        self._find()
        self.say("#result", kept, "$text-success" if kept.startswith("✓") else "$text-warning")

    def action_forget(self) -> None:
        if self._list.cursor >= len(self._found):
            return
        name, draft = self._found[self._list.cursor]
        self._messages.forget(name or draft, simulated=self._simulated)
        self._find()
        self.say("#result", f"✓ {name or 'it'} is forgotten", "$text-success")
