"""Arguments as a person writes them: JSON, with a notation for binary, and nothing in it that a terminal obeys.

Binary is `{"$b64": "AAH/"}`, as `!b64 AAH/` is in replay scripts. An object that has such a key of its own is written
with one more `$`.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from server_core.packets import decode, encode_args
from server_core.redact import MASK, is_secret, mask_string

BINARY_KEY = "$b64"
_ESCAPED = re.compile(r"\$+b64")


class Problem(ValueError):
    """What is wrong with what was typed; `line` and `column` count from 1, 0 where it has no place."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.line = line
        self.column = column

    def __str__(self) -> str:
        message = super().__str__()
        if not self.line:
            return message
        place = f"column {self.column}" if self.line == 1 else f"line {self.line}, column {self.column}"
        return f"{message} at {place}"


class Payload(NamedTuple):
    """Arguments, and how they travel: JSON text with placeholders, and the attachments that these name."""

    args: list[Any]
    text: str
    attachments: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Bytes, attachments included."""
        return len(self.text.encode()) + sum(map(len, self.attachments))


def parse_args(text: str, secrets: Mapping[str, Any] | None = None) -> Payload:
    """The arguments that were typed, nothing being none; `Problem` says what is wrong and where."""
    args = parse_value(text, secrets) if text.strip() else []
    if not isinstance(args, list):
        raise Problem("write a JSON list, one item an argument: [1, 2]")
    return pack(args)


def pack(args: list[Any]) -> Payload:
    """Arguments, ready to travel; `Problem` when they can't."""
    try:
        return Payload(args, *encode_args(args))
    except (UnicodeEncodeError, RecursionError) as error:
        raise Problem(
            "nested too deep" if isinstance(error, RecursionError) else "half a character: \\ud800…"
        ) from error


def parse_value(text: str, secrets: Mapping[str, Any] | None = None) -> Any:
    """One JSON value in this notation, masked secrets as they were; `Problem` says what is wrong and where."""
    try:
        return _read(json.loads(text, parse_constant=_no_constant, parse_float=_finite), secrets or {})
    except json.JSONDecodeError as error:
        found = error.msg.removesuffix(" starting at").removesuffix(" at")  # its place is said after it
        message = found.removeprefix("Expecting ").removesuffix(" delimiter")
        if message != found:
            message = f"{message} expected"
        raise Problem(f"not JSON: {message}", error.lineno, error.colno) from error
    except RecursionError as error:
        raise Problem("nested too deep") from error
    except Problem:
        raise
    except ValueError as error:
        raise Problem(f"not JSON: {error}") from error


def show_args(
    data: str, attachments: tuple[bytes, ...] = (), *, mask: bool = True, skip: int = 0, width: int = 0
) -> tuple[str, dict[str, Any]]:
    """A payload's items from `skip` on, in this notation, and the secrets that stand masked in it by what stands there.

    It is on one line where it fits `width` cells, else indented. ValueError where the payload can't be decoded.
    """
    values = decode(data, attachments)
    if not isinstance(values, list):
        raise TypeError("not a list")
    return show_value(values[skip:], mask=mask, width=width)


def show_value(value: Any, *, mask: bool = True, width: int = 0) -> tuple[str, dict[str, Any]]:
    """A value in this notation, and the secrets that stand masked in it by what stands there."""
    secrets: dict[str, Any] = {}
    written = _write(value, secrets if mask else None)
    text = dump(written)
    return (text if len(text) <= width or not width else dump(written, indent=2)), secrets


def dump(value: Any, *, indent: int | None = None) -> str:
    """JSON text in which whatever can't be seen is escaped."""
    return inert(json.dumps(value, ensure_ascii=False, indent=indent))


def inert(json_text: str) -> str:
    """JSON text with the characters that can't be seen escaped: they can only stand within its strings."""
    if json_text.isprintable():
        return json_text
    return "".join(each if each == "\n" or each.isprintable() else json.dumps(each)[1:-1] for each in json_text)


def reflow(text: str) -> str:
    """JSON text on several lines when it is on one, and on one when it is on several; as it is when it is no JSON."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return dump(value) if "\n" in text.strip() else dump(value, indent=2)


def quote(word: str) -> str:
    """A name as it may be typed: as it is, or as a JSON string where it could be read as something else."""
    plain = word and word.isprintable() and word == word.strip() and not re.search(r'^["@*]|,', word)
    return word if plain else dump(word)


def unquote(text: str) -> str:
    """The name that was typed, as it is or as a JSON string; `Problem` when the string isn't one."""
    text = text.strip()
    if not text.startswith('"'):
        return text
    try:
        word = json.loads(text)
    except ValueError as error:
        raise Problem("the quotation is not closed, or has a wrong escape") from error
    if not isinstance(word, str):
        raise Problem("write a name")
    return word


def split(text: str) -> list[str]:
    """Names separated by commas, still quoted; `Problem` when a quotation is not closed."""
    words: list[str] = []
    at = 0
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            raise Problem("the quotation is not closed, or something follows it before the comma", 1, at + 1)
        if match[1].strip():
            words.append(match[1].strip())
        at = match.end()
    return words


def complete_name(typed: str, names: Iterable[str]) -> str | None:
    """A name that begins as typed, as it may be typed."""
    if not typed:
        return None
    written = (quote(name) for name in names)
    return next((name for name in written if name.startswith(typed) and name != typed), None)


_WORD = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^",][^,]*|)\s*(?:,|$)')


def _no_constant(name: str) -> Any:
    raise Problem(f"not JSON: {name} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise Problem(f"{text} is too large for a number")
    return value


def _read(value: Any, secrets: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_read(item, secrets) for item in value]
    if isinstance(value, str):
        if value.startswith(MASK) and value not in secrets:
            raise Problem(f"{value} stands for a secret that is not known any more: write it out")
        return secrets.get(value, value)
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and _ESCAPED.fullmatch(key := next(iter(value))):
        if key != BINARY_KEY:
            return {key[1:]: _read(value[key], secrets)}
        try:
            return base64.b64decode(value[key], validate=True)
        except (binascii.Error, TypeError, ValueError) as error:
            raise Problem(f'{{"{BINARY_KEY}": …}} is binary: write its bytes in base64') from error
    return {key: _read(item, secrets) for key, item in value.items()}


def _write(value: Any, secrets: dict[str, Any] | None) -> Any:
    if isinstance(value, bytes):
        return {BINARY_KEY: base64.b64encode(value).decode()}
    if isinstance(value, list):
        return [_write(item, secrets) for item in value]
    if secrets is not None and isinstance(value, str) and mask_string(value) != value:
        return _stand_in(value, secrets)
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and _ESCAPED.fullmatch(key := next(iter(value))):
        return {f"${key}": _write(value[key], secrets)}
    written = {}
    for key, item in value.items():
        if secrets is not None and is_secret(key):
            written[key] = _stand_in(item, secrets)
        else:
            written[key] = _write(item, secrets)
    return written


def _stand_in(value: Any, secrets: dict[str, Any]) -> str:
    stands = f"{MASK}{len(secrets) + 1}"
    secrets[stands] = value
    return stands


Language = Literal["python", "javascript"]


def literal(value: Any, language: Language) -> str:
    """A value as the language's source text, on one line."""
    python = language == "python"
    match value:
        case list():
            return f"[{', '.join(literal(item, language) for item in value)}]"
        case dict():
            pairs = (f"{_key(key, language)}: {literal(item, language)}" for key, item in value.items())
            return "{" + ", ".join(pairs) + "}"
        case bytes() if python and len(value) <= 16:
            return repr(value)
        case bytes():
            encoded = base64.b64encode(value).decode()
            return f'b64decode("{encoded}")' if python else f'Buffer.from("{encoded}", "base64")'
        case None | bool() if python:
            return repr(value)
    return dump(value)


def _key(key: str, language: Language) -> str:
    return key if language == "javascript" and re.fullmatch(r"[A-Za-z_$][\w$]*", key) else dump(key)
