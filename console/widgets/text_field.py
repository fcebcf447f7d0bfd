"""A field to type in, which shows what was pasted or restored into it as harmlessly as all else."""

from __future__ import annotations

from typing import Any

from rich.highlighter import Highlighter
from rich.text import Text
from textual.widgets import Input

from console.text import safe


class _Harmless(Highlighter):
    def highlight(self, text: Text) -> None:
        text.plain = safe(text.plain)


class TextField(Input):
    """An `Input` whose value may hold anything; what it shows can't, character by character."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.highlighter = _Harmless()
