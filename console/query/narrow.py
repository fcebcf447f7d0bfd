"""What a query says of records before they are decoded: kinds, sockets and events by their numbers, texts by bytes.

A mask may name a record that the query does not take, but never leaves out one that it takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, get_args

import msgspec

from console.query.context import Context
from console.query.fields import Field
from console.state.filter import Columns, Mask, Names
from server_core.records import AnyRecord, PayloadRecord

Test = Callable[[Any], bool]

_TAGS = {kind: str(kind.__struct_config__.tag) for kind in get_args(AnyRecord)}
_PAYLOADS = frozenset(tag for kind, tag in _TAGS.items() if issubclass(kind, PayloadRecord))
#: Kinds whose text is in their line, as it is for payloads; the words for the others are made when they are shown.
_WRITTEN = (
    _PAYLOADS
    | {"connected", "disconnecting", "disconnected", "room_joined", "room_left"}
    | {
        "attribute_set",
        "attribute_deleted",
    }
)
_ENGINES = frozenset(tag for kind, tag in _TAGS.items() if "engine" in kind.__struct_fields__)
_WITH_DIRECTION = {
    "in": frozenset({"event_received", "ack_received", "event_blocked"}),
    "out": frozenset({"event_sent", "ack_sent"}),
}
#: The kinds of which a field can be asked at all.
_KINDS_OF = {
    "ack": frozenset({"ack_sent", "ack_received"}),
    "sockets": frozenset({"event_sent"}),
    "size": _PAYLOADS,
    "arg": _PAYLOADS,
    "room": frozenset({"event_sent", "disconnected", "room_joined", "room_left"}),
    "reason": frozenset(
        {"disconnecting", "disconnected", "engine_closed", "engine_refused", "refused", "event_blocked", "exception"}
        | {"server_stopped"}
    ),
}
#: Texts that a line may leave out, being the default of their field.
_DEFAULTS = frozenset({b"/", b"[", b"]", b"[]"})
#: What every JSON writer writes the same way.
_WORD = re.compile(r"[A-Za-z0-9_]+")


class _Kinds:
    """Records of some kinds."""

    def __init__(self, names: Names, kinds: Iterable[str], *, exact: bool) -> None:
        wanted = frozenset(kinds)
        self._table = bytes(name in wanted for name in names.kinds()).ljust(256, b"\0")
        self.exact = exact

    def __call__(self, columns: Columns) -> bytes:
        return columns.kinds.translate(self._table)


class _Numbered:
    """Records whose socket, or whose event, passes a test."""

    def __init__(self, texts: Sequence[str], passes: Callable[[str], bool], column: str) -> None:
        self._flags = bytes([0, *(passes(text) for text in texts[1:])])
        self._column = column
        self.exact = True

    def any(self) -> bool:
        return 1 in self._flags

    def __call__(self, columns: Columns) -> bytes:
        numbers = columns.sockets if self._column == "sockets" else columns.events
        return bytes(map(self._flags.__getitem__, numbers)) if self.any() else bytes(len(columns))


class _Having:
    """Records in whose line some bytes stand."""

    exact = False

    def __init__(self, needle: bytes) -> None:
        self._needle = needle

    def __call__(self, columns: Columns) -> bytes:
        return columns.having(self._needle)


class _Both:
    """Records that all of several masks name, the cheapest asked first."""

    def __init__(self, masks: Sequence[Mask], *, exact: bool) -> None:
        self._masks = sorted(masks, key=lambda mask: not mask.exact)
        self.exact = exact

    def __call__(self, columns: Columns) -> bytes:
        found = self._masks[0](columns)
        for mask in self._masks[1:]:
            if 1 not in found:
                return found
            found = _and(found, mask(columns))
        return found


class _Either:
    """Records that one of several masks names."""

    def __init__(self, masks: Sequence[Mask]) -> None:
        self._masks = masks
        self.exact = all(mask.exact for mask in masks)

    def __call__(self, columns: Columns) -> bytes:
        found = self._masks[0](columns)
        for mask in self._masks[1:]:
            found = _or(found, mask(columns))
        return found


class _Not:
    """Records that an exact mask does not name."""

    exact = True
    _FLIP = bytes([1, 0]).ljust(256, b"\0")

    def __init__(self, mask: Mask) -> None:
        self._mask = mask

    def __call__(self, columns: Columns) -> bytes:
        return self._mask(columns).translate(self._FLIP)


def not_(mask: Mask | None) -> Mask | None:
    return _Not(mask) if mask and mask.exact else None


def both(masks: Sequence[Mask | None]) -> Mask | None:
    """What all parts of a query say together; those that say nothing may take anything."""
    known = [mask for mask in masks if mask]
    return _Both(known, exact=len(known) == len(masks) and all(mask.exact for mask in known)) if known else None


def either(masks: Sequence[Mask | None]) -> Mask | None:
    known = [mask for mask in masks if mask]
    return _Either(known) if known and len(known) == len(masks) else None


def of_text(text: str, names: Names, context: Context) -> Mask | None:
    """Free text: in the line itself, in the socket's name, or in the words for what is no text."""
    needle = _needle(text) if text else None
    if needle is None or needle in _DEFAULTS:
        return None
    part = needle.decode()
    others = _Kinds(names, frozenset(_TAGS.values()) - _WRITTEN, exact=False)
    named = _Numbered(names.sockets(), lambda socket: part in context.label(socket).casefold(), "sockets")
    return _Either([_Having(needle), others, *([named] if named.any() else [])])


def of_field(field: Field, path: str, test: Test, literal: str, names: Names, context: Context) -> Mask | None:
    """One question to a field; `literal` is a text that a value must have to pass the test, "" when there is none."""
    if field.by_socket:
        return _Numbered(names.sockets(), lambda socket: _passes(field, path, test, socket, context), "sockets")
    needle = _needle(literal) if literal else None
    having = [_Having(needle)] if needle and needle not in _DEFAULTS else []
    match field.name:
        case "kind":
            return _Kinds(names, filter(test, _TAGS.values()), exact=True)
        case "dir":
            found = frozenset[str]().union(*(kinds for name, kinds in _WITH_DIRECTION.items() if test(name)))
            return _Kinds(names, found, exact=True)
        case "event":
            return _Numbered(names.events(), test, "events")
        case "who":
            return _Numbered(names.sockets(), lambda socket: test(context.label(socket)), "sockets")
        case "id":
            return _Either([_Numbered(names.sockets(), test, "sockets"), _Kinds(names, _ENGINES, exact=False)])
        case "arg":
            words = [word for word in _WORD.findall(literal) if sum(map(str.isalpha, word)) > 1 and word.isascii()]
            having = [_Having(max(words, key=len).lower().encode())] if words else []
        case "nsp":
            return having[0] if having else None
    if (kinds := _KINDS_OF.get(field.name)) is None:
        return None
    return both([_Kinds(names, kinds, exact=False), *having])


def _passes(field: Field, path: str, test: Test, sid: str, context: Context) -> bool:
    socket = context.state.known(sid)
    return bool(socket and field.of_socket and any(map(test, field.of_socket(socket, path, context))))


def _needle(text: str) -> bytes | None:
    """The longest piece of a text that stands in a record's line as it is, in lower case.

    Spaces may be where two fields meet; what is not ASCII has no one lower case.
    """
    written = msgspec.json.encode(text.encode("utf-8", "replace").decode()).decode()[1:-1]
    pieces = re.split(r"[^\x21-\x7f]+", written)
    longest = max(pieces, key=len)
    return longest.lower().encode() if longest else None


def _and(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "little") & int.from_bytes(other, "little")).to_bytes(len(one), "little")


def _or(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "little") | int.from_bytes(other, "little")).to_bytes(len(one), "little")
