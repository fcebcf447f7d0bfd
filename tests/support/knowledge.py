"""All that a state knows, to compare two of them."""

from __future__ import annotations

from typing import Any

from console.state.state import State


def knowledge(state: State) -> dict[str, Any]:
    """What a state holds, however it came to it."""
    history = state.history
    named = {getattr(history[number], "socket", "") for number in range(history.first, history.end)}
    return {
        "rosters": state.rosters,
        "history": [history[number] for number in range(history.first, history.end)],
        "log": list(state.log),
        "lines": state.log_lines,
        "lost": state.lost,
        "time": state.time,
        "rates": state.rates(state.time),
        "room events": state.room_events,
        "labels": {id: state.label(id) for id in sorted({*named, *(socket.id for socket in state.sockets())})},
    }
