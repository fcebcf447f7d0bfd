"""How one value of a field is tested: what may stand behind its operator, and what of it has to be found."""

from __future__ import annotations

import operator as operators
import re
from collections.abc import Callable
from typing import Any

from console.query.errors import QueryError
from console.query.fields import Field

#: Whether a value passes.
Test = Callable[[Any], bool]

#: Values that are all named where another one is asked for.
_FEW = 4
_SCALES = {
    "duration": {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0},
    "size": {"": 1.0, "b": 1.0, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9},
    "number": {"": 1.0, "k": 1e3, "m": 1e6},
}
_NUMBER = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([a-zµ]*)", re.IGNORECASE)


def value_test(field: Field, operator: str, value: str, at: int) -> Test:
    """How one value of a field is tested; `QueryError` where it has none that would pass."""
    test = _value_test(field, operator, value, at)
    if field.values and not any(map(test, field.values)):
        few = len(field.values) <= _FEW
        can = f"{field.name} is {' or '.join(field.values)}" if few else f'there is no {field.name} "{value}"'
        raise QueryError(can, at)
    return test


def _value_test(field: Field, operator: str, value: str, at: int) -> Test:
    if not value:
        if operator == ":":
            return lambda _: True
        raise QueryError(f"{field.name}{operator} needs a value, as in {field.example}", at)
    if field.kind != "text":
        return _compares(field, operator, value, at)
    if operator == ":":
        if _is_regex(field, operator, value):
            search = pattern_of(value, at).search
            return lambda found: search(_as_text(found)) is not None
        if "*" in value and not value.startswith('"'):
            pattern = re.compile(".*".join(map(re.escape, value.split("*"))), re.IGNORECASE | re.DOTALL)
            return lambda found: pattern.fullmatch(_as_text(found)) is not None
        has = contains(unquoted(value))
        return lambda found: has(_as_text(found))
    wanted = unquoted(value)
    if operator == "=":
        return lambda found: _as_text(found).casefold() == wanted.casefold()
    number = _number(wanted, "number", at)
    compare = _COMPARE[operator]
    return lambda found: type(found) in (int, float) and compare(found, number)


def literal_of(field: Field, operator: str, value: str) -> str:
    """A text that whatever passes the test of these has in it, in any case; "" where there is none."""
    if field.kind != "text" or operator not in (":", "=") or _is_regex(field, operator, value):
        return ""
    if operator == "=" or value.startswith('"'):
        return unquoted(value)
    return max(value.split("*"), key=len)


def _is_regex(field: Field, operator: str, value: str) -> bool:
    return operator == ":" and len(value) > 1 and value.startswith("/") and value.endswith("/") and field.name != "nsp"


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operators.gt,
    "<": operators.lt,
    ">=": operators.ge,
    "<=": operators.le,
    "=": operators.eq,
    ":": operators.eq,
}


def _compares(field: Field, operator: str, value: str, at: int) -> Test:
    wanted = _number(value, field.kind, at)
    compare = _COMPARE[operator]
    return lambda found: compare(found, wanted)


def _number(value: str, kind: str, at: int) -> float:
    """A number with its unit, in seconds or bytes where it is a duration or a size."""
    match = _NUMBER.fullmatch(value)
    scale = _SCALES[kind].get(match.group(2).lower()) if match else None
    if match is None or scale is None:
        units = " ".join(unit for unit in _SCALES[kind] if unit.isascii() and unit)
        raise QueryError(f"{value} is no {kind}: a number, perhaps with {units}", at)
    return float(match.group(1)) * scale


def contains(text: str) -> Test:
    needle = text.casefold()
    return lambda found: needle in found.casefold()


def pattern_of(written: str, at: int) -> re.Pattern[str]:
    try:
        return re.compile(written[1:-1].replace("\\/", "/"), re.IGNORECASE)
    except re.error as error:
        raise QueryError(f"not a regular expression: {error.msg}", at + 1 + (error.pos or 0)) from None


def unquoted(value: str) -> str:
    if len(value) > 1 and value.startswith('"') and value.endswith('"'):
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def _as_text(found: Any) -> str:
    """A value as it is compared with text: JSON's words for what is no text."""
    if isinstance(found, str):
        return found
    if isinstance(found, bool) or found is None:
        return {True: "true", False: "false", None: "null"}[found]
    return repr(found) if isinstance(found, bytes) else str(found)
