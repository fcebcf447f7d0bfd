"""From what is on the screen to what goes to the clipboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import msgspec

from console.export import sheets
from console.export.harmless import harmless_json, json_text
from console.snippets import calls, literals
from console.state.state import State
from server_core import redact
from server_core.records import Record, SocketInfo

Language = Literal["json", "javascript", "python"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

Thing = Record | SocketInfo


def snippet(
    things: Sequence[Any], language: Language, *, state: State, url: str = "", show_secrets: bool = False
) -> str:
    """Records and sockets as text to paste: one by one as calls, or together as JSON. Secrets are masked unless shown.

    What is no call (a room that was joined) is the value that JSON has, as a literal.
    """
    shown = [thing if show_secrets else _masked(thing) for thing in things]
    if language == "json":
        found = [_data(thing, state, show_secrets) for thing in shown]
        return _indented(json_text(found[0] if len(found) == 1 else found))
    return "\n".join(_said(thing, language, state, url, show_secrets) for thing in shown)


def _said(thing: Any, language: Language, state: State, url: str, show_secrets: bool) -> str:
    words = calls.JAVASCRIPT if language == "javascript" else calls.PYTHON
    try:
        if isinstance(thing, SocketInfo):
            roster = state.roster_of(thing.id)
            engine = roster.engines.get(thing.engine) if roster else None
            return calls.connect(thing, engine.transport if engine else "", url, words)
        if (called := calls.call(thing, words)) is not None:
            return called
        return words.literal(msgspec.json.decode(json_text(_data(thing, state, show_secrets))))
    except RecursionError:  # nested deeper than a literal can be written
        return json_text(_data(thing, state, show_secrets))


def _data(thing: Any, state: State, show_secrets: bool) -> dict[str, Any]:
    if isinstance(thing, SocketInfo):
        return sheets.sockets(state, show_secrets=show_secrets).data(thing)
    return sheets.RECORDS.data(thing)


def _masked(thing: Any) -> Any:
    return redact.Redactor().socket(thing) if isinstance(thing, SocketInfo) else redact.mask_record(thing)


def _indented(text: str) -> str:
    if len(text) <= literals.WIDTH:
        return text
    try:
        return "\n".join(harmless_json(line) for line in msgspec.json.format(text, indent=2).split("\n"))
    except (msgspec.DecodeError, RecursionError):
        return text
