"""What a query says of records before they are looked at: kinds, sockets and events by their numbers, texts by a look
through many of them at once.

Where a mask says no or yes, asking the record would say the same; what it does not know has to be asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from console.query.context import Context
from console.query.fields import Field
from console.state import columns as masks
from console.state.filter import MAYBE, NO, YES, Columns, Mask, Names
from server_core.records import PayloadRecord

Test = Callable[[Any], bool]

_TAGS = dict(zip(masks.TYPES, masks.KIND_NAMES, strict=True))
_PAYLOADS = frozenset(tag for kind, tag in _TAGS.items() if issubclass(kind, PayloadRecord))
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
#: What every JSON writer writes the same way.
_WORD = re.compile(r"[A-Za-z0-9_]+")
#: A socket or an event that was not asked yet, and how many of them are asked at once.
_UNASKED, _AT_ONCE = 2, 4_096

#: Letters from which a part of a regular expression is worth a look by itself.
_TELLING = 3

_NOT = bytes([YES, MAYBE, NO, NO]).ljust(256, b"\0")
_PERHAPS = bytes([NO, MAYBE, NO, MAYBE]).ljust(256, b"\0")


class _Kinds:
    """Records of some kinds."""

    def __init__(self, names: Names, kinds: Iterable[str]) -> None:
        wanted = frozenset(kinds)
        self._table = bytes(YES if name in wanted else NO for name in names.kinds()).ljust(256, b"\0")

    def __call__(self, columns: Columns) -> bytes:
        return columns.kinds.translate(self._table)


class _Numbered:
    """Records whose socket, or whose event, passes a test: each of these is asked once, some of them at a time."""

    def __init__(self, texts: Sequence[str], passes: Callable[[str], bool], column: str) -> None:
        self._texts = texts
        self._passes = passes
        self._column = column
        self._answers = bytearray([NO])
        #: Up to which number all were asked, and whether one of them passed.
        self._asked, self._any = 1, False

    def __call__(self, columns: Columns) -> bytes:
        numbers = columns.sockets if self._column == "sockets" else columns.events
        answers, count = self._answers, len(self._texts)
        answers += bytes([_UNASKED]) * (count - len(answers))
        if self._asked < count:
            until = min(self._asked + _AT_ONCE, count)
            self._ask(range(self._asked, until))
            self._asked = until
            if until < count:
                self._ask(set(numbers))
        return bytes(map(answers.__getitem__, numbers)) if self._any else bytes(len(numbers))

    def _ask(self, numbers: Iterable[int]) -> None:
        answers, texts = self._answers, self._texts
        for number in numbers:
            if answers[number] == _UNASKED:
                passes = self._passes(texts[number])
                answers[number] = YES if passes else NO
                self._any |= passes


class _Having:
    """Records in which a text stands; where `perhaps` is enough, nobody asks whether that is sure."""

    def __init__(self, text: str, *, perhaps: bool = False) -> None:
        self._text = text
        self._perhaps = perhaps

    def __call__(self, columns: Columns) -> bytes:
        return columns.having(self._text, perhaps=self._perhaps)


class _Perhaps:
    """The records that a mask names, each of which has to be asked."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask

    def __call__(self, columns: Columns) -> bytes:
        return self._mask(columns).translate(_PERHAPS)


class _Both:
    """What all of several masks say; kinds and numbers come first, for they cost the least."""

    def __init__(self, parts: Sequence[Mask]) -> None:
        self._parts = sorted(parts, key=lambda part: not isinstance(part, _Kinds | _Numbered))

    def __call__(self, columns: Columns) -> bytes:
        found = self._parts[0](columns)
        for part in self._parts[1:]:
            if found.count(NO) == len(found):
                return found
            found = masks.both(found, part(columns))
        return found


class _Either:
    """What one of several masks says."""

    def __init__(self, parts: Sequence[Mask]) -> None:
        self._parts = parts

    def __call__(self, columns: Columns) -> bytes:
        found = self._parts[0](columns)
        for part in self._parts[1:]:
            found = masks.either(found, part(columns))
        return found


class _Not:
    """What a mask does not say."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask

    def __call__(self, columns: Columns) -> bytes:
        return self._mask(columns).translate(_NOT)


def not_(mask: Mask | None) -> Mask | None:
    return _Not(mask) if mask else None


def both(parts: Sequence[Mask | None]) -> Mask | None:
    """What all parts of a query say together; those that say nothing may take anything."""
    known = [part for part in parts if part]
    if not known:
        return None
    together = _Both(known)
    return together if len(known) == len(parts) else _Perhaps(together)


def either(parts: Sequence[Mask | None]) -> Mask | None:
    known = [part for part in parts if part]
    return _Either(known) if known and len(known) == len(parts) else None


def of_text(text: str, names: Names, context: Context, *, perhaps: bool = False) -> Mask | None:
    """Free text: in the record itself, in the word for its kind, in its socket's id or name."""
    if not text:
        return None
    part = text.casefold()
    named = _Numbered(
        names.sockets(), lambda sid: part in sid.casefold() or part in context.label(sid).casefold(), "sockets"
    )
    return _Either(
        [
            _Having(text, perhaps=perhaps),
            _Kinds(names, [kind for kind in names.kinds() if part in masks.kind_text(kind)]),
            named,
        ]
    )


def of_pattern(literals: Sequence[str], names: Names, context: Context) -> Mask | None:
    """A regular expression, by the texts that whatever it is found in must have; short ones stand everywhere."""
    telling = [literal for literal in literals if len(literal) >= _TELLING]
    found = both([of_text(literal, names, context, perhaps=True) for literal in telling])
    return _Perhaps(found) if found else None


def of_field(field: Field, path: str, test: Test, literal: str, names: Names, context: Context) -> Mask | None:
    """One question to a field; `literal` is a text that a value must have to pass the test, "" when there is none."""
    if field.by_socket:
        return _Numbered(names.sockets(), lambda socket: _passes(field, path, test, socket, context), "sockets")
    match field.name:
        case "kind":
            return _Kinds(names, filter(test, _TAGS.values()))
        case "dir":
            found = frozenset[str]().union(*(kinds for name, kinds in _WITH_DIRECTION.items() if test(name)))
            return _Kinds(names, found)
        case "event":
            return _Numbered(names.events(), test, "events")
        case "who":
            return _Numbered(names.sockets(), lambda socket: test(context.label(socket)), "sockets")
        case "id":
            return _Either([_Numbered(names.sockets(), test, "sockets"), _Perhaps(_Kinds(names, _ENGINES))])
        case "arg":
            return _Perhaps(_Both([_Kinds(names, _PAYLOADS), *map(_has_word, _words(literal))]))
    having: list[Mask] = []
    if literal:
        part = literal.casefold()  # a socket's id is its room
        own = _Numbered(names.sockets(), lambda sid: part in sid.casefold(), "sockets")
        stands = _Having(literal, perhaps=True)
        having = [_Either([stands, own]) if field.name == "room" else stands]
    kinds = _KINDS_OF.get(field.name)
    if kinds is None:
        return _Perhaps(having[0]) if having and field.name == "nsp" else None
    return _Perhaps(_Both([_Kinds(names, kinds), *having]))


def _has_word(word: str) -> Mask:
    """Records in whose payload a word may stand: it may be written with escapes, and bytes are elsewhere."""
    return _Either([_Having(each, perhaps=True) for each in (word, "\\u", "_placeholder")])


def _words(literal: str) -> list[str]:
    """The longest word of a text that the JSON of a value must have to show it."""
    words = [word for word in _WORD.findall(literal) if sum(map(str.isalpha, word)) > 1 and word.isascii()]
    words = [word for word in words if word.casefold() != "none"]  # null
    return [max(words, key=len)] if words and "\\" not in literal else []


def _passes(field: Field, path: str, test: Test, sid: str, context: Context) -> bool:
    socket = context.state.known(sid)
    return bool(socket and field.of_socket and any(map(test, field.of_socket(socket, path, context))))
