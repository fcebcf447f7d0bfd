"""What may stand where the cursor is in a query."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from console.query.fields import FIELDS
from console.state.state import State
from server_core.records import EventRecord

#: Records looked at for the names of events.
_RECENT = 2_000
_LAST_WORD = re.compile(r"[^\s()!]*$")
_FIELD = re.compile(r'([A-Za-z]+)(:|=)("?)(.*)')


def complete(text: str, state: State, saved: Iterable[str] = ()) -> str | None:
    """The text with its last word completed, by the first that fits; None where nothing does.

    `saved` has the names of filters.
    """
    if not _last_word(text):
        return None
    return next((found for found in completions(text, state, saved) if found != text), None)


def completions(text: str, state: State, saved: Iterable[str] = ()) -> Iterator[str]:
    """The text with its last word completed, by whatever fits."""
    word = _last_word(text)
    before = text[: len(text) - len(word)]
    for candidate in _candidates(word, state, saved):
        if candidate.casefold().startswith(word.casefold()):
            yield before + word + candidate[len(word) :]


def _last_word(text: str) -> str:
    match = _LAST_WORD.search(text)
    return match.group() if match else ""


def _candidates(word: str, state: State, saved: Iterable[str]) -> Iterable[str]:
    if word.startswith("@"):
        yield from (f"@{name}" for name in saved)
        return
    field = _FIELD.fullmatch(word)
    if field is None:
        for name, known in FIELDS.items():
            operator = ":" if known.kind == "text" else ">"
            yield name + ("." if known.path else operator)
        return
    name, operator, _, _ = field.groups()
    for value in _values(name.lower(), state):
        yield f"{name}{operator}" + (f'"{value}"' if re.search(r'[\s()"!]', value) else value)


def _values(field: str, state: State) -> Iterable[str]:
    """Values that a field has now, those that are likely first."""
    if (known := FIELDS.get(field)) and known.values:
        return known.values
    match field:
        case "nsp":
            return sorted({nsp for roster in state.rosters.values() for nsp in roster.namespaces})
        case "room":
            live = {socket.id for socket in state.sockets()}
            return sorted({room for roster in state.rosters.values() for _, room in roster.rooms} - live)
        case "who":
            return sorted({state.label(socket.id) for socket in state.sockets()})
        case "event":
            history = state.history
            recent = map(history.__getitem__, range(history.end - 1, max(history.first, history.end - _RECENT) - 1, -1))
            return dict.fromkeys(record.event for record in recent if isinstance(record, EventRecord))
    return ()
