"""YAML 1.2 as located nodes, bounded: what a script's parser reads."""

from __future__ import annotations

import base64
import binascii
import math
from dataclasses import dataclass
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from console.replay import values
from console.replay.model import Place
from console.replay.values import Value, ValueProblem

#: Bytes of the largest script.
MAX_BYTES = 32 * 1024 * 1024
#: Values of a script that stand there through aliases.
MAX_ALIASED = 20_000
MAX_DEPTH = 64

_YAML = "tag:yaml.org,2002:"


class ScriptError(Exception):
    """Something in a script that is wrong: `FILE:LINE:COLUMN: what`."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(f"{place.file}:{place.line}:{place.column}: {message}" if place.line else message)
        self.place = place
        self.message = message


@dataclass(slots=True)
class Node:
    """A node and where it begins; `value` is a scalar's text, a list's nodes, or a map's pairs of nodes."""

    kind: Literal["scalar", "list", "map"]
    tag: str
    value: Any
    place: Place
    #: Whether a scalar stands there without quotes.
    plain: bool = False

    @property
    def what(self) -> str:
        """What it is, for messages."""
        if self.kind == "scalar":
            return "nothing" if self.is_null else f'"{self.value[:40]}"'
        return f"a {self.kind}"

    @property
    def is_null(self) -> bool:
        return self.kind == "scalar" and self.tag == "null"

    @property
    def text(self) -> str:
        """A scalar's text."""
        if self.kind != "scalar" or self.tag.startswith("!"):
            raise ScriptError(self.place, f"expected a text, got {self.what}")
        return str(self.value)

    @property
    def items(self) -> list[Node]:
        """A list's nodes."""
        if self.kind != "list" or self.tag.startswith("!"):
            raise ScriptError(self.place, f"expected a list, got {self.what}")
        found: list[Node] = self.value
        return found

    @property
    def pairs(self) -> list[tuple[Node, Node]]:
        """A map's pairs of nodes."""
        if self.kind != "map" or self.tag.startswith("!"):
            raise ScriptError(self.place, f"expected a map, got {self.what}")
        found: list[tuple[Node, Node]] = self.value
        return found


def read(text: str, file: str) -> Node:
    """The one document of a YAML text; ScriptError says what is wrong with it, and where."""
    if len(text) > MAX_BYTES:
        raise ScriptError(Place(file, 1, 1), f"the script is longer than {MAX_BYTES // 1_048_576} MiB")
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
        raise ScriptError(place, f"not YAML: {error.problem or error.context}") from None
    except YAMLError as error:
        raise ScriptError(Place(file, 1, 1), f"not YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise ScriptError(Place(file, 1, 1), "nested too deep") from None
    except (ValueError, OverflowError, AssertionError, AttributeError, IndexError, TypeError) as error:
        # ruamel's own way of failing on some damaged input
        raise ScriptError(Place(file, 1, 1), f"not YAML: {error or type(error).__name__}") from None
    if root is None:
        raise ScriptError(Place(file, 1, 1), "the script is empty")
    return _Reader(file).node(root, 0)


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file
        self._seen: set[int] = set()
        self._aliased = 0

    def node(self, node: Any, depth: int) -> Node:
        place = Place(self._file, node.start_mark.line + 1, node.start_mark.column + 1)
        if id(node) in self._seen:
            self._aliased += 1
            if self._aliased > MAX_ALIASED:
                raise ScriptError(place, f"more than {MAX_ALIASED} values through aliases: do they multiply?")
        self._seen.add(id(node))
        if depth > MAX_DEPTH:
            raise ScriptError(place, f"nested deeper than {MAX_DEPTH}")
        tag = str(node.tag or "").removeprefix(_YAML)
        if isinstance(node, ScalarNode):
            return Node("scalar", tag, node.value, place, plain=not node.style)
        if isinstance(node, SequenceNode):
            return Node("list", tag, [self.node(item, depth + 1) for item in node.value], place)
        if not isinstance(node, MappingNode):
            raise ScriptError(place, "not a value")
        pairs: list[tuple[Node, Node]] = []
        seen: dict[str, Place] = {}
        for key_node, item in node.value:
            key = self.node(key_node, depth + 1)
            if key.kind != "scalar" or key.tag.startswith("!"):
                raise ScriptError(key.place, f"a key is a text, not {key.what}")
            if key.tag == "merge":
                raise ScriptError(key.place, 'YAML 1.2 has no merge key "<<"')
            if (first := seen.get(key.value)) is not None:
                raise ScriptError(key.place, f'"{key.value[:40]}" stands here twice, first in line {first.line}')
            seen[key.value] = key.place
            pairs.append((key, self.node(item, depth + 1)))
        return Node("map", tag, pairs, place)


def value(node: Node, *, matchers: bool = False) -> Value:
    """The value that a node stands for; ScriptError where it is none, or a matcher where none may be."""
    try:
        found = _value(node, matchers)
    except ValueProblem as problem:
        raise ScriptError(node.place, str(problem)) from None
    if not matchers and isinstance(found, values.Matcher):
        raise ScriptError(node.place, "a matcher is for expectations: nothing can be sent for it")
    return found


def _value(node: Node, matchers: bool) -> Value:
    if node.tag.startswith("!"):
        return _tagged(node, matchers)
    if node.kind == "list":
        return [value(item, matchers=matchers) for item in node.value]
    if node.kind == "map":
        return {_clean(key): value(item, matchers=matchers) for key, item in node.value}
    match node.tag:
        case "null":
            return None
        case "bool":
            return node.value.lower() == "true"
        case "int":
            return _integer(node)
        case "float":
            return _number(node)
        case "str" | "timestamp" | "":
            return values.from_text(_clean(node))
    raise ScriptError(node.place, f"!!{node.tag} has no place in a script")


def _tagged(node: Node, matchers: bool) -> Value:
    match node.tag:
        case "!b64":
            try:
                return base64.b64decode(_scalar(node), validate=True)
            except binascii.Error as error:
                raise ScriptError(node.place, f"!b64: not base64: {error}") from None
        case "!type":
            if (name := _scalar(node)) not in values.TYPES:
                raise ScriptError(node.place, f"!type takes {', '.join(values.TYPES)}; not {name!r}")
            return values.OfType(name)
        case "!re":
            return values.regex(_scalar(node))
        case "!bind":
            name = _scalar(node)
            if not is_name(name) or name in ("any", "missing", "index", "client"):
                raise ScriptError(node.place, f"!bind takes a name of your own, not {name!r}")
            return values.Bind(name)
        case "!sub":
            if node.kind == "scalar":
                raise ScriptError(node.place, "!sub takes a map or a list")
            plain = Node(node.kind, "", node.value, node.place)
            return values.Subset(value(plain, matchers=matchers))
        case "!str" | "!":
            return values.from_text(_scalar(node))
    known = "!type !re !sub !bind !b64"
    hint = ": write $any" if node.tag == "!any" else ""
    raise ScriptError(node.place, f"there is no tag {node.tag}{hint or f'; there are {known}'}")


def _scalar(node: Node) -> str:
    if node.kind != "scalar":
        raise ScriptError(node.place, f"{node.tag} takes a text")
    return _clean(node)


def _clean(node: Node) -> str:
    """The text of a scalar that can be encoded; lone surrogates can't."""
    text: str = node.value
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ScriptError(node.place, "half of a surrogate pair is no text") from None
    return text


def _integer(node: Node) -> int:
    text = node.value.replace("_", "").lower()
    try:
        sign = -1 if text.startswith("-") else 1
        digits = text.lstrip("+-")
        base = {"0x": 16, "0o": 8, "0b": 2}.get(digits[:2], 10)
        number = sign * int(digits[2:] if base != 10 else digits, base)
    except ValueError:
        raise ScriptError(node.place, f"{node.value[:40]!r} is no number") from None
    if not -(2**63) <= number < 2**64:
        raise ScriptError(node.place, "a number of more than 64 bits: write it as a text, in quotes")
    return number


def _number(node: Node) -> float:
    text = node.value.replace("_", "")
    if text.lstrip("+-").lower() in (".nan", ".inf"):
        raise ScriptError(node.place, "JSON has no such number")
    try:
        number = float(text)
    except ValueError:
        raise ScriptError(node.place, f"{node.value[:40]!r} is no number") from None
    if not math.isfinite(number):
        raise ScriptError(node.place, "JSON has no such number")
    return number


def is_name(text: str) -> bool:
    """Whether a text can name an actor or a variable."""
    return bool(values.NAME_PATTERN.fullmatch(text))
