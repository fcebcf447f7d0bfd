"""What all dialogs have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from console.text import safe

Result = TypeVar("Result")


class Dialog(ModalScreen[Result], Generic[Result]):
    """A dialog over the main screen; escape closes it."""

    BINDINGS = [("escape", "close", "Close")]

    def action_close(self) -> None:
        self.dismiss(None)

    def after_typing(self, do: Callable[[], object]) -> None:
        """Do it once the keys pressed before have reached their field: a priority key overtakes them."""
        (self.focused or self).call_later(do)

    def say(self, selector: str, text: str, style: str = "") -> None:
        """Put text, which may be a peer's, into a Static."""
        lines = "\n".join(safe(line) for line in text.split("\n"))
        static = self.query_one(selector, Static)
        static.update(Content.styled(lines, style) if style else Content(lines))
        static.set_class(not text, "-empty")
