"""Reading a map's keys: which there may be, and what each takes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from console.replay import nodes
from console.replay.nodes import Node, ScriptError
from console.replay.values import Value

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)?")
_UNITS = {"s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}
#: Seconds of the longest wait.
MAX_DURATION = 86_400.0


def suggestion(word: str, known: Collection[str]) -> str:
    """` (did you mean "expect"?)`, or what there is."""
    if close := difflib.get_close_matches(word, known, 1, 0.6):
        return f': did you mean "{close[0]}"?'
    return f"; there is {', '.join(sorted(known))}"


class Fields:
    """A map's values by their keys; a key that is not known is an error where it stands."""

    def __init__(self, node: Node, known: Collection[str], what: str) -> None:
        self.node = node
        self.what = what
        self._found: dict[str, Node] = {}
        for key, item in node.pairs:
            if key.value not in known:
                raise ScriptError(key.place, f'{what} has no "{key.value[:40]}"{suggestion(key.value, known)}')
            self._found[key.value] = item

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def get(self, name: str) -> Node | None:
        return self._found.get(name)

    def need(self, name: str) -> Node:
        if (found := self._found.get(name)) is None:
            raise ScriptError(self.node.place, f'{self.what} needs "{name}"')
        return found

    def value(self, name: str, default: Value = None) -> Value:
        """A value that can be sent."""
        node = self._found.get(name)
        return default if node is None else nodes.value(node)

    def pattern(self, name: str, default: Value = None) -> Value:
        """A value that may hold matchers."""
        node = self._found.get(name)
        return default if node is None else nodes.value(node, matchers=True)

    def text(self, name: str, default: str = "") -> str:
        node = self._found.get(name)
        return default if node is None else node.text

    def template(self, name: str, default: Value = "") -> Value:
        """A text that may have variables in it."""
        node = self._found.get(name)
        if node is None:
            return default
        _ = node.text
        return nodes.value(node)

    def map(self, name: str, *, matchers: bool = False) -> dict[str, Value]:
        node = self._found.get(name)
        return {} if node is None else a_map(node, matchers=matchers)

    def seconds(self, name: str, default: float | None = None) -> float | None:
        node = self._found.get(name)
        return default if node is None else seconds(node)

    def flag(self, name: str) -> bool:
        node = self._found.get(name)
        return False if node is None else flag(node)

    def count(self, name: str, default: int, *, least: int, most: int) -> int:
        node = self._found.get(name)
        return default if node is None else count(node, least=least, most=most)

    def choice(self, name: str, choices: Collection[str], default: Any = None) -> Any:
        node = self._found.get(name)
        return default if node is None else choice(node, choices)

    def names(self, name: str) -> tuple[str, ...]:
        """A list of texts, or one text."""
        node = self._found.get(name)
        return () if node is None else texts(node)


def a_map(node: Node, *, matchers: bool = False) -> dict[str, Value]:
    _ = node.pairs
    found: dict[str, Value] = nodes.value(node, matchers=matchers)
    return found


def seconds(node: Node) -> float:
    """`300ms`, `2s`, `1m`, or a number of seconds."""
    match = _DURATION.fullmatch(node.text.strip())
    if match is None:
        raise ScriptError(node.place, f"{node.what} is no duration: write 300ms, 2s or 1m")
    number, unit = float(match[1]), match[2] or ""
    found = number / 1000 if unit == "ms" else number * _UNITS[unit]
    if found > MAX_DURATION:
        raise ScriptError(node.place, "longer than a day")
    return found


def duration(value: float) -> str:
    """Seconds as a script has them; `seconds` gives the same back."""
    if value and value < 1:
        text = f"{value * 1000:.6f}".rstrip("0").rstrip(".")
        if float(text) / 1000 == value:
            return f"{text}ms"
    text = f"{Decimal(repr(value)):f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}s"


def flag(node: Node) -> bool:
    if node.kind == "scalar" and node.tag == "bool":
        return bool(node.value.lower() == "true")
    raise ScriptError(node.place, f"expected true or false, got {node.what}")


def count(node: Node, *, least: int, most: int) -> int:
    found = nodes.value(node) if node.kind == "scalar" else None
    if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
        raise ScriptError(node.place, f"expected a number from {least} to {most}, got {node.what}")
    return found


def choice(node: Node, choices: Collection[str]) -> str:
    if node.text not in choices:
        raise ScriptError(node.place, f"{node.what} is none of {', '.join(choices)}")
    return node.text


def texts(node: Node) -> tuple[str, ...]:
    if node.kind == "scalar":
        return (node.text,)
    return tuple(item.text for item in node.items)


def actor_name(node: Node, taken: Mapping[str, object] | Collection[str]) -> str:
    """The name of an actor."""
    name = node.text
    if not nodes.is_name(name) or name in taken:
        why = "is a word of the format" if name in taken else "is no name: letters, digits, - and _"
        raise ScriptError(node.place, f'an actor can\'t be called "{name[:40]}": it {why}')
    return name
