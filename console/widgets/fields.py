"""What a person types into; nothing that is pasted into it, or stands in it already, is obeyed by the terminal."""

from __future__ import annotations

from collections.abc import Callable

from textual.binding import Binding
from textual.content import Content
from textual.events import Focus
from textual.message import Message
from textual.style import Style
from textual.suggester import Suggester
from textual.widgets import Checkbox, Input, Static, TextArea
from textual.widgets.text_area import Edit, EditResult

from console.acting.payload import inert
from console.text import safe


class Completion(Suggester):
    """Completes by a function of what was typed."""

    def __init__(self, complete: Callable[[str], str | None]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        completed = self._complete(value)
        return completed if completed is None or completed.isprintable() else None


class Field(Input):
    """A line of text."""

    def __init__(
        self,
        value: str = "",
        *,
        id: str,
        placeholder: str = "",
        complete: Callable[[str], str | None] | None = None,
        max_length: int = 0,
    ) -> None:
        super().__init__(
            value,
            id=id,
            placeholder=placeholder,
            compact=True,
            suggester=Completion(complete) if complete else None,
            max_length=max_length,
        )

    def validate_value(self, value: str) -> str:
        return safe(value)


class NumberField(Field):
    """A whole number; keys that are no digit are left to whoever has them."""

    def __init__(self, *, id: str, placeholder: str = "") -> None:
        super().__init__(id=id, placeholder=placeholder, max_length=12)
        self.restrict = r"\d*"

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return bool(character and character.isdigit())


class JsonArea(TextArea):
    """JSON text, on as many lines as it has."""

    def __init__(self, text: str = "", *, id: str, placeholder: str = "") -> None:
        super().__init__(
            inert(text), id=id, compact=True, highlight_cursor_line=False, tab_behavior="focus", placeholder=placeholder
        )

    def edit(self, edit: Edit) -> EditResult:
        text = edit.text
        if not text.isprintable():
            edit.text = inert("\n".join(text.expandtabs(2).splitlines()) + ("\n" if text.endswith("\n") else ""))
        return super().edit(edit)

    def on_focus(self, event: Focus) -> None:
        """Entered by a key, all of it is selected, as in other fields."""
        if event.from_app_focus or self.app.mouse_captured or self.mouse_hover:
            return
        if "\n" not in self.text:
            self.select_all()


class Tick(Checkbox):
    """A checkbox whose state is in its glyph, not in its colour alone; enter is the dialog's."""

    BUTTON_INNER = " "
    BINDINGS = [Binding("enter", "submit", "Send", show=False)]

    class Submitted(Message):
        """Enter was pressed."""

    def action_submit(self) -> None:
        self.post_message(self.Submitted())

    def watch_value(self) -> None:
        self.BUTTON_INNER = "X" if self.value else " "
        super().watch_value()


class KeyLine(Static):
    """The keys of a dialog; each can be clicked. Its words are ours alone."""

    def __init__(self, *keys: tuple[str, str, str], id: str = "keys") -> None:
        """Each is (label, key as it is written, action)."""
        parts: list[Content] = []
        for label, key, action in keys:
            click = Style.from_meta({"@click": f"screen.{action}"})
            parts.append(Content.assemble((f"{label} ", click), (key, click + Style(bold=True))))
        super().__init__(Content("   ").join(parts), id=id)
