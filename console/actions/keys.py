"""How keys are written for people."""

from __future__ import annotations

from collections.abc import Mapping

from textual.keys import format_key

from console.actions.registry import Action
from console.config.keys import keys_of

_NAMES = {"escape": "esc", "enter": "⏎", "left": "←", "right": "→", "up": "↑", "down": "↓", "shift+tab": "shift+tab"}


def key_of(action: Action, keymap: Mapping[str, str]) -> str:
    """The keys of an action as they are now; "" where another action took them."""
    if (written := keymap.get(action.id)) is not None:
        return " ".join(map(key_name, keys_of(written)))
    taken = {key for keys in keymap.values() for key in keys_of(keys)}
    left = [key for key in keys_of(action.key) if key not in taken]
    if action.key_display and len(left) == len(keys_of(action.key)):
        return action.key_display
    return " ".join(map(key_name, left))


def key_name(key: str) -> str:
    """One of Textual's names of keys, as people write it."""
    if key in _NAMES:
        return _NAMES[key]
    if key.startswith("ctrl+") and len(key) == 6:
        return f"^{key[-1]}"
    return format_key(key)
