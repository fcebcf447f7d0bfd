"""The themes: four with a word of their own, and Textual's."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.theme import BUILTIN_THEMES, Theme

HIGH_CONTRAST = Theme(
    name="high-contrast",
    primary="#5fd7ff",
    secondary="#ffd75f",
    accent="#ffd75f",
    warning="#ffff00",
    error="#ff8787",
    success="#5fff5f",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    boost="#262626",
    dark=True,
    text_alpha=1.0,
    luminosity_spread=0.3,
    variables={
        "foreground-muted": "#d7d7d7",
        "text-muted": "#d7d7d7",
        "text-disabled": "#b2b2b2",
        "panel-lighten-1": "#d7d7d7",
        "panel-lighten-2": "#ffffff",
        "footer-key-foreground": "#ffff00",
        "block-cursor-foreground": "#000000",
        "block-cursor-background": "#ffffff",
        "input-selection-background": "#ffff00 60%",
    },
)

#: Our words → the names of themes as Textual has them.
WORDS = {"dark": "textual-dark", "light": "textual-light", "ansi": "ansi-dark", "high-contrast": "high-contrast"}

#: What one chooses from, ours first; and what `theme` may be.
NAMES = (*WORDS, *sorted({*BUILTIN_THEMES}.difference(WORDS.values())))
KNOWN = (*NAMES, *WORDS.values())


def use(app: App[Any], name: str) -> None:
    """Give an app this look, which is one of `KNOWN`."""
    if "high-contrast" not in app.available_themes:
        app.register_theme(HIGH_CONTRAST)
    app.theme = WORDS.get(name, name)


def word_of(name: str) -> str:
    """Our word for one of Textual's names, where there is one."""
    return next((word for word, known in WORDS.items() if known == name), name)
