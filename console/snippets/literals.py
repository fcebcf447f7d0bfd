"""Values as literals of JavaScript and Python, with nothing in them that can't be seen."""

from __future__ import annotations

import base64
import re
from typing import Any

from console.export.harmless import harmless_json, json_text

#: A line longer than this is broken up.
WIDTH = 100


def javascript(value: Any) -> str:
    """A value of JSON, or bytes, as JavaScript."""
    if isinstance(value, bytes):
        return f'Uint8Array.from(atob("{base64.b64encode(value).decode()}"), (c) => c.charCodeAt(0))'
    if isinstance(value, dict):
        return _object([f"{_name(key)}: {javascript(item)}" for key, item in value.items()])
    if isinstance(value, list):
        return _enclosed("[", [javascript(item) for item in value], "]")
    return json_text(value)


def python(value: Any) -> str:
    """A value of JSON, or bytes, as Python."""
    if isinstance(value, dict):
        return _enclosed("{", [f"{python(key)}: {python(item)}" for key, item in value.items()], "}")
    if isinstance(value, list):
        return _enclosed("[", [python(item) for item in value], "]")
    if isinstance(value, str):
        return _SURROGATES.sub(_joined, harmless_json(json_text(value)))
    return repr(value)


def _name(key: str) -> str:
    if key == "__proto__":  # as a name it would set the prototype
        return '["__proto__"]'
    return key if _IDENTIFIER.fullmatch(key) else json_text(key)


def _object(items: list[str]) -> str:
    text = _enclosed("{", items, "}")
    return text if "\n" in text or not items else "{ " + text[1:-1] + " }"


def _enclosed(before: str, items: list[str], after: str) -> str:
    """Items between brackets, each on a line of its own where they would be too long together."""
    text = ", ".join(items)
    if len(text) <= WIDTH and "\n" not in text:
        return before + text + after
    indented = (item.replace("\n", "\n  ") for item in items)
    return before + "\n  " + ",\n  ".join(indented) + ",\n" + after


_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*", re.ASCII)
#: A pair of JSON's escapes for one character: Python has one escape for it.
_SURROGATES = re.compile(r"(?<!\\)((?:\\\\)*)\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})")


def _joined(match: re.Match[str]) -> str:
    code = 0x10000 + ((int(match[2], 16) - 0xD800) << 10) + int(match[3], 16) - 0xDC00
    return f"{match[1]}\\U{code:08x}"
