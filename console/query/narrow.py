"""What a query says of records before they are looked at: kinds, sockets and events by their numbers, texts by a look
through many of them at once, payloads without the records around them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from console.query.context import Context
from console.query.fields import Field
from console.query.masks import (
    BINARY,
    Aged,
    Args,
    Both,
    Either,
    Having,
    Kinds,
    Matching,
    Measured,
    Not,
    Numbered,
    Perhaps,
    Rooms,
)
from console.query.values import Test
from console.state.columns import KIND_NAMES, TYPES
from console.state.filter import Mask, Names
from console.state.texts import BETWEEN, kind_text
from server_core.records import EventRecord, PayloadRecord

_TAGS = dict(zip(TYPES, KIND_NAMES, strict=True))
_PAYLOADS = frozenset(tag for kind, tag in _TAGS.items() if issubclass(kind, PayloadRecord))
_EVENTS = frozenset(tag for kind, tag in _TAGS.items() if issubclass(kind, EventRecord))
_ACKS = frozenset({"ack_sent", "ack_received"})
_ENGINES = frozenset(tag for kind, tag in _TAGS.items() if "engine" in kind.__struct_fields__)
_WITH_DIRECTION = {
    "in": frozenset({"event_received", "ack_received", "event_blocked"}),
    "out": frozenset({"event_sent", "ack_sent"}),
}
_WITH_REASON = frozenset(
    {"disconnecting", "disconnected", "engine_closed", "engine_refused", "refused", "event_blocked", "exception"}
    | {"server_stopped", "server_lost"}
)
#: What every JSON writer writes the same way.
_WORD = re.compile(r"[A-Za-z0-9_]+")
#: Letters from which a part of a regular expression is worth a look by itself.
_TELLING = 3


def not_(mask: Mask | None) -> Mask | None:
    return Not(mask) if mask else None


def both(parts: Sequence[Mask | None]) -> Mask | None:
    """What all parts of a query say together; those that say nothing may take anything."""
    known = [part for part in parts if part]
    if not known:
        return None
    together = Both(known)
    return together if len(known) == len(parts) else Perhaps(together)


def either(parts: Sequence[Mask | None]) -> Mask | None:
    known = [part for part in parts if part]
    return Either(known) if known and len(known) == len(parts) else None


def of_text(text: str, names: Names, context: Context) -> Mask | None:
    """Free text: in the record itself, in the word for its kind, in its socket's id or name."""
    if not text:
        return None
    part = text.casefold()
    named = Numbered(
        names.sockets(), lambda sid: part in sid.casefold() or part in context.label(sid).casefold(), "sockets"
    )
    return Either([Having(text), Kinds(names, [kind for kind in names.kinds() if part in kind_text(kind)]), named])


def of_pattern(
    pattern: re.Pattern[str], literals: Sequence[Sequence[str]], names: Names, context: Context
) -> Mask | None:
    """A regular expression, which each line of a record's text is searched for; in all that it is found in stand the
    literals of one list, of which short ones stand everywhere."""
    search = pattern.search
    if search(""):
        return None
    telling = [[Having(literal) for literal in each if len(literal) >= _TELLING] for each in literals]
    least = Either([Both(each) for each in telling]) if telling and all(telling) else None
    named = Numbered(names.sockets(), lambda sid: any(map(search, (sid, *context.label(sid).split("\n")))), "sockets")
    kinds = Kinds(names, [kind for kind in names.kinds() if search(kind_text(kind))])
    return Either([Matching(pattern, least), kinds, named])


def of_field(field: Field, path: str, test: Test, literal: str, names: Names, context: Context) -> Mask | None:
    """One question to a field; `literal` is a text that a value must have to pass the test, "" when there is none."""
    if field.by_socket:
        return Numbered(names.sockets(), lambda socket: _passes(field, path, test, socket, context), "sockets")
    match field.name:
        case "kind":
            return Kinds(names, filter(test, _TAGS.values()))
        case "dir":
            found = frozenset[str]().union(*(kinds for name, kinds in _WITH_DIRECTION.items() if test(name)))
            return Kinds(names, found)
        case "event":
            return Numbered(names.events(), test, "events")
        case "who":
            return Numbered(names.sockets(), lambda socket: test(context.label(socket)), "sockets")
        case "id":
            return Either([Numbered(names.sockets(), test, "sockets"), Perhaps(Kinds(names, _ENGINES))])
        case "server":
            return Numbered(names.places(), lambda place: test(place.partition(BETWEEN)[0]), "places")
        case "nsp":
            return Numbered(names.places(), lambda place: _passes_nsp(test, place.partition(BETWEEN)[2]), "places")
        case "size":
            return Measured(Kinds(names, _PAYLOADS), test, "sizes")
        case "ack":
            return Measured(Kinds(names, _ACKS), test, "measures")
        case "sockets":
            return Measured(Kinds(names, {"event_sent"}), test, "measures")
        case "age":
            return Aged(test, context)
        case "arg":
            return _of_arg(path, test, literal, names)
        case "room":
            return _of_room(test, literal, names)
        case "reason":
            having = [Having(literal)] if literal else []
            return Perhaps(Both([Kinds(names, _WITH_REASON), *having]))
    return None


def _passes_nsp(test: Test, nsp: str) -> bool:
    return bool(nsp) and test(nsp)


def _of_arg(path: str, test: Test, literal: str, names: Names) -> Mask:
    words = [_has_word(word) for word in _words(literal)]
    return Args(Both([Kinds(names, _PAYLOADS), *words]), path, test, Kinds(names, _EVENTS))


def _of_room(test: Test, literal: str, names: Names) -> Mask:
    having = [Having(literal)] if literal else []
    sent = Kinds(names, {"event_sent"})
    named = Rooms(Both([Kinds(names, {"event_sent", "room_joined", "room_left"}), *having]), test, sent)
    own = Both([sent, Numbered(names.sockets(), test, "sockets")])  # no line names it
    return Either([named, Perhaps(own), Perhaps(Kinds(names, {"disconnected"}))])


def _has_word(word: str) -> Mask:
    """Records in whose payload a word may stand: it may be written with escapes, and bytes are elsewhere."""
    return Either([Having(each) for each in (word, "\\u", BINARY)])


def _words(literal: str) -> list[str]:
    """The longest word of a text that the JSON of a value must have to show it."""
    words = [word for word in _WORD.findall(literal) if sum(map(str.isalpha, word)) > 1 and word.isascii()]
    words = [word for word in words if word.casefold() != "none"]  # null
    return [max(words, key=len)] if words and "\\" not in literal else []


def _passes(field: Field, path: str, test: Test, sid: str, context: Context) -> bool:
    socket = context.state.known(sid)
    return bool(socket and field.of_socket and any(map(test, field.of_socket(socket, path, context))))
