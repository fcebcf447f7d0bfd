"""Names of keys, as a keymap has them: characters as they are, or by the names that Textual gives them."""

from __future__ import annotations

import string
import unicodedata

_REPLACED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
#: Keys that lists and the terminal keep for themselves → what they do.
TAKEN = dict.fromkeys(("up", "down", "pageup", "pagedown", "home", "end"), "moves in lists") | {
    "ctrl+c": "ends the console",
    "ctrl+q": "ends the console",
}


def keys_of(written: str) -> list[str]:
    """The keys of a keymap's entry (`/,f3`), by their names."""
    return [named(key.strip()) for key in written.split(",") if key.strip()]


def named(key: str) -> str:
    """A key by its name: `/` is `slash`."""
    if len(key) != 1 or key.isalnum():
        return key
    try:
        name = unicodedata.name(key).lower().replace("-", "_").replace(" ", "_")
    except ValueError:
        return key
    return _REPLACED.get(name, name)


_NAMES = {
    *("escape", "enter", "tab", "space", "backspace", "delete", "insert", "home", "end"),
    *("pageup", "pagedown", "up", "down", "left", "right"),
    *(f"f{number}" for number in range(1, 25)),
    *map(named, string.punctuation),
}
_MODIFIERS = {"ctrl", "shift", "alt", "super", "hyper", "meta"}


def is_key(key: str) -> bool:
    """Whether there is such a key."""
    *modifiers, name = key.split("+")
    return set(modifiers) <= _MODIFIERS and (name in _NAMES or (len(name) == 1 and name.isprintable()))
