"""A field to type in, which shows what was pasted or restored into it as harmlessly as all else."""

from __future__ import annotations

from typing import Any

from rich.highlighter import Highlighter
from rich.text import Text
from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input

from console.text import safe


class _Harmless(Highlighter):
    def highlight(self, text: Text) -> None:
        text.plain = safe(text.plain)


class TextField(Input):
    """An `Input` whose value may hold anything; what it shows can't, character by character.

    Its size is never its value's: a letter is a line to be drawn, not a layout and the whole screen."""

    virtual_size = Reactive(Size(0, 0))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.highlighter = _Harmless()
