"""Text that leaves the console, so that no terminal, editor or spreadsheet takes it for more than text.

What is JSON stays the same value: what can't be seen is escaped, as JSON lets any character be.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import msgspec

#: What may have to be escaped: a quick look, before each is looked at.
_SUSPECTS = re.compile(r"[^\x20-\x7e]")
#: What makes a spreadsheet take a cell for a formula.
_FORMULA = re.compile(r"\s*[=+\-@\t\r\n＝＋－＠]")


def json_text(value: Any) -> str:
    """A value as JSON on one line, harmless wherever it is shown."""
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        text = msgspec.json.encode(_encodable(value)).decode()
    return harmless_json(text)


def harmless_json(text: str) -> str:
    """JSON text on one line with all that can't be seen escaped: the same value."""
    return text if text.isprintable() else _SUSPECTS.sub(_escape, text)


def cell(value: object) -> object:
    """A value as a CSV's cell: text can neither be a formula nor hold what can't be seen, but tabs and line feeds."""
    text = plain(value)
    return f"'{text}" if isinstance(text, str) and _FORMULA.match(text) else text


def plain(value: object) -> object:
    """A value with no text in it that can't be seen, but tabs and line feeds."""
    if not isinstance(value, str):
        return "" if value is None else value
    return value if value.isprintable() else _SUSPECTS.sub(_escape_in_cell, value)


def _escape_in_cell(match: re.Match[str]) -> str:
    return match[0] if match[0] in "\t\n" else _escape(match)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    code = ord(character)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def _encodable(value: Any) -> Any:
    """A value with its lone surrogates replaced: no encoding has them."""
    if isinstance(value, msgspec.Struct):
        value = msgspec.to_builtins(value, builtin_types=(bytes,))
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    return value
