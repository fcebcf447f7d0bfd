"""How keys are written for people."""

from __future__ import annotations

from collections.abc import Mapping

from textual.keys import format_key

from console.actions.registry import Action

_NAMES = {"escape": "esc", "enter": "⏎", "left": "←", "right": "→", "up": "↑", "down": "↓", "shift+tab": "shift+tab"}


def key_of(action: Action, keymap: Mapping[str, str]) -> str:
    """The keys of an action as they are now; "" where another action took them."""
    if (written := keymap.get(action.id)) is None:
        taken = {key.strip() for keys in keymap.values() for key in keys.split(",")}
        left = [key for key in action.key.split(",") if key.strip() not in taken]
        if action.key_display and len(left) == len(action.key.split(",")):
            return action.key_display
        written = ",".join(left)
    return " ".join(key_name(key.strip()) for key in written.split(",") if key.strip())


def key_name(key: str) -> str:
    """One of Textual's names of keys, as people write it."""
    if key in _NAMES:
        return _NAMES[key]
    if key.startswith("ctrl+") and len(key) == 6:
        return f"^{key[-1]}"
    return format_key(key)
