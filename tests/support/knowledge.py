"""All that a state knows, to compare two of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from console.state.state import State
from server_core.records import AnyRecord
from server_core.redact import Redactor
from server_core.roster import Roster


def knowledge(state: State, *, masked: bool = False) -> dict[str, Any]:
    """What a state holds, however it came to it; with its secrets masked where asked, whether or not they were."""
    history = state.history
    redactor = Redactor() if masked else None
    named = {getattr(history[number], "socket", "") for number in range(history.first, history.end)}
    return {
        "rosters": {id: _masked(roster, redactor) if redactor else roster for id, roster in state.rosters.items()},
        "history": _records((history[number] for number in range(history.first, history.end)), redactor),
        "log": _records(state.log, redactor),
        "lines": state.log_lines,
        "lost": state.lost,
        "time": state.time,
        "rates": state.rates(state.time),
        "room events": state.room_events,
        "labels": {id: state.label(id) for id in sorted({*named, *(socket.id for socket in state.sockets())})},
    }


def _masked(roster: Roster, redactor: Redactor) -> Roster:
    copy = roster.copy()
    copy.sockets = {id: redactor.socket(socket) for id, socket in roster.sockets.items()}
    return copy


def _records(found: Iterable[AnyRecord], redactor: Redactor | None) -> list[AnyRecord]:
    return [redactor.record(record) for record in found] if redactor else list(found)
