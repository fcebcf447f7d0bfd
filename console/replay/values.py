"""The values of a script: JSON and binary, references to what is known when a step plays, and matchers.

A *pattern* is a value that may hold matchers. `resolve` puts what is known in place of references; `match` compares a
resolved pattern with what came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

#: JSON values, bytes, references, matchers; lists and dicts of them.
Value = Any

NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
NAME_PATTERN = re.compile(NAME)
_REFERENCE = re.compile(rf"\$({NAME}(?:\.[A-Za-z0-9_-]+)*)")
_TOKEN = re.compile(rf"\$\$|\$\{{\s*({NAME}(?:\.[A-Za-z0-9_-]+)*)\s*(?::-([^}}]*))?\}}")

#: `!type` takes these.
TYPES: Final = ("string", "int", "number", "bool", "null", "list", "map", "binary")


class ValueProblem(ValueError):
    """A value that a script can't have; its text says why."""


class Undefined(Exception):
    """A name that nothing has defined yet; its text says which."""


@dataclass(frozen=True, slots=True)
class Ref:
    """`$name`, `$alice.id`, `$msg.list.0`: the value itself, whatever its type."""

    name: str


@dataclass(frozen=True, slots=True)
class Variable:
    """`${NAME:-default}` within a text."""

    name: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A text with variables in it."""

    parts: tuple[str | Variable, ...]


@dataclass(frozen=True, slots=True)
class Anything:
    """`$any`"""


@dataclass(frozen=True, slots=True)
class Missing:
    """`$missing`: not recorded yet."""


@dataclass(frozen=True, slots=True)
class OfType:
    """`!type int`"""

    name: str


@dataclass(frozen=True, slots=True)
class Regex:
    """`!re pattern`: found somewhere in a text."""

    pattern: str
    compiled: re.Pattern[str] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Subset:
    """`!sub value`: maps may hold more keys, lists more items; at any depth."""

    value: Value


@dataclass(frozen=True, slots=True)
class Bind:
    """`!bind name`: matches anything, which is then `$name`."""

    name: str


ANY: Final = Anything()
MISSING: Final = Missing()

Matcher = Anything | Missing | OfType | Regex | Subset | Bind


def regex(pattern: str) -> Regex:
    try:
        return Regex(pattern, re.compile(pattern))
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueProblem(f"!re: {error}") from None


def from_text(text: str) -> Value:
    """What a string of a script stands for: itself, a reference, or a text with variables in it."""
    if "$" not in text:
        return text
    if reference := _REFERENCE.fullmatch(text):
        name = reference[1]
        return {"any": ANY, "missing": MISSING}.get(name) or Ref(name)
    parts: list[str | Variable] = []
    literal, end = "", 0
    for token in _TOKEN.finditer(text):
        literal += text[end : token.start()]
        end = token.end()
        if token[0] == "$$":
            literal += "$"
            continue
        if literal:
            parts.append(literal)
        literal = ""
        parts.append(Variable(token[1], token[2]))
    literal += text[end:]
    if not parts:
        return literal
    return Template((*parts, literal) if literal else tuple(parts))


def to_text(value: str | Ref | Template | Anything | Missing) -> str:
    """The string that stands for this value: `from_text` backwards."""
    match value:
        case Ref(name):
            return f"${name}"
        case Anything():
            return "$any"
        case Missing():
            return "$missing"
        case Template(parts):
            return "".join(_part(part) for part in parts)
    return value.replace("$", "$$")


def _part(part: str | Variable) -> str:
    if isinstance(part, str):
        return part.replace("$", "$$")
    return f"${{{part.name}}}" if part.default is None else f"${{{part.name}:-{part.default}}}"


#: Gives the value of a name; raises `Undefined`.
Lookup = Callable[[str], Value]


def resolve(value: Value, look_up: Lookup) -> Value:
    """The value with what is known in place of references; matchers stay."""
    kind = type(value)
    if kind is str:  # the most frequent
        return value
    if kind is list:
        return [resolve(item, look_up) for item in value]
    if kind is dict:
        return {key: resolve(item, look_up) for key, item in value.items()}
    if kind is Ref:
        return look_up(value.name)
    if kind is Template:
        return "".join(part if isinstance(part, str) else _variable(part, look_up) for part in value.parts)
    if kind is Subset:
        return Subset(resolve(value.value, look_up))
    return value


def _variable(variable: Variable, look_up: Lookup) -> str:
    try:
        found = look_up(variable.name)
    except Undefined:
        if variable.default is None:
            raise
        return variable.default
    return plain(found)


def plain(value: Value) -> str:
    """A value as text."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def references(value: Value) -> set[str]:
    """The names that a value refers to; variables with a default are not among them."""
    match value:
        case list():
            return set().union(*map(references, value))
        case dict():
            return set().union(*map(references, value.values()))
        case Ref(name):
            return {name}
        case Template(parts):
            return {part.name for part in parts if isinstance(part, Variable) and part.default is None}
        case Subset(inner):
            return references(inner)
    return set()


def binds(value: Value) -> set[str]:
    """The names that a pattern binds."""
    match value:
        case list():
            return set().union(*map(binds, value))
        case dict():
            return set().union(*map(binds, value.values()))
        case Bind(name):
            return {name}
        case Subset(inner):
            return binds(inner)
    return set()


def has_matchers(value: Value) -> bool:
    match value:
        case list():
            return any(map(has_matchers, value))
        case dict():
            return any(map(has_matchers, value.values()))
    return isinstance(value, Matcher)


def match(
    pattern: Value, value: Value, bound: dict[str, Value], where: str = "", *, subset: bool = False
) -> str | None:
    """None when the value matches; otherwise what the first difference is. Fills `bound`."""
    kind = type(pattern)
    if kind is dict:
        return _match_map(pattern, value, bound, where, subset)
    if kind is list:
        if type(value) is not list:
            return _differs(where, f"expected a list, got {name_of(value)}")
        return _match_subset(pattern, value, bound, where) if subset else _match_list(pattern, value, bound, where)
    if isinstance(pattern, Matcher):
        return _match_matcher(pattern, value, bound, where)
    if same(pattern, value):
        return None
    if name_of(pattern) != name_of(value) and not (_is_number(pattern) and _is_number(value)):
        return _differs(where, f"expected {name_of(pattern)}, got {name_of(value)}")
    return _differs(where, "not equal")


def _match_map(
    pattern: Mapping[str, Value], value: Value, bound: dict[str, Value], where: str, subset: bool
) -> str | None:
    if type(value) is not dict:
        return _differs(where, f"expected a map, got {name_of(value)}")
    for key, item in pattern.items():
        if key not in value:
            if subset and item is ANY:
                continue  # it may be there
            return _differs(where, f"{key!r} is not there")
        if why := match(item, value[key], bound, f"{where}.{key}", subset=subset):
            return why
    if not subset and len(value) > len(pattern):
        extra = next(key for key in value if key not in pattern)
        return _differs(where, f"{extra!r} was not expected")
    return None


def _match_list(pattern: list[Value], value: list[Value], bound: dict[str, Value], where: str) -> str | None:
    for index, (expected, got) in enumerate(zip(pattern, value, strict=False)):
        if why := match(expected, got, bound, f"{where}[{index}]"):
            return why
    if len(pattern) != len(value):
        return _differs(where, f"expected {len(pattern)} items, got {len(value)}")
    return None


def _match_subset(pattern: list[Value], value: list[Value], bound: dict[str, Value], where: str) -> str | None:
    """Each item of the pattern is found, in order; others may stand between them."""
    at = 0
    for index, expected in enumerate(pattern):
        while at < len(value):
            trial: dict[str, Value] = {}
            at += 1
            if match(expected, value[at - 1], trial, subset=True) is None:
                bound.update(trial)
                break
        else:
            return _differs(where, f"no item for [{index}] of the pattern")
    return None


def _match_matcher(pattern: Matcher, value: Value, bound: dict[str, Value], where: str) -> str | None:
    match pattern:
        case Anything():
            return None
        case Bind(name):
            bound[name] = value
            return None
        case OfType(name):
            return None if is_type(value, name) else _differs(where, f"expected {name}, got {name_of(value)}")
        case Regex(text, compiled):
            if isinstance(value, str) and compiled.search(value):
                return None
            return _differs(where, f"/{text}/ is not found in it")
        case Subset(inner):
            return match(inner, value, bound, where, subset=True)
        case Missing():
            return _differs(where, "nothing is recorded here yet: replay with --record-missing")


def same(one: Value, other: Value) -> bool:
    """Whether two plain values are equal as JavaScript would see them: 1 is 1.0, but not true."""
    return bool(one == other) and (type(one) is type(other) or (_is_number(one) and _is_number(other)))


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_type(value: Value, name: str) -> bool:
    """Whether a value is of one of `TYPES`; what has no fraction is an int."""
    match name:
        case "string":
            return isinstance(value, str)
        case "int":
            return _is_number(value) and (isinstance(value, int) or value.is_integer())
        case "number":
            return _is_number(value)
        case "bool":
            return isinstance(value, bool)
        case "null":
            return value is None
        case "list":
            return isinstance(value, list)
        case "map":
            return isinstance(value, dict)
    return isinstance(value, bytes)


def name_of(value: Value) -> str:
    """The type of a value, as `!type` names it."""
    return next((name for name in TYPES if is_type(value, name)), type(value).__name__)


def _differs(where: str, why: str) -> str:
    return f"{where.lstrip('.')}: {why}" if where else why


def filled(pattern: Value, value: Value, *, subset: bool = False) -> Value:
    """The pattern with what came in place of each part that matches it: what still differs is the difference."""
    if type(pattern) is Subset:
        return filled(pattern.value, value, subset=True)
    if match(pattern, value, {}, subset=subset) is None:
        return value
    if type(pattern) is dict and type(value) is dict:
        made = {key: filled(pattern[key], item, subset=subset) for key, item in value.items() if key in pattern}
        more = {key: item for key, item in value.items() if key not in pattern} if subset else {}
        return {**made, **more, **{key: item for key, item in pattern.items() if key not in value}}
    if type(pattern) is list and type(value) is list and not subset:
        pairs = zip(pattern, value, strict=False)
        return [*(filled(expected, got) for expected, got in pairs), *pattern[len(value) :]]
    return pattern
