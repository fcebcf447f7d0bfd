"""Why something can't be done now, in a sentence for the person at the keyboard."""

from __future__ import annotations

from console.link.base import Link, LinkState
from console.state.session import Session
from server_core.records import FEATURES

#: The tags of commands → what they do, in words.
_DOING = {
    "EMIT": "emit events",
    "DISCONNECT": "disconnect sockets",
    "JOIN": "let sockets join rooms",
    "LEAVE": "take sockets from rooms",
    "DROP": "cut connections off",
    "SIMULATE": "simulate incoming events",
    "SET_ATTRIBUTE": "set attributes",
    "DELETE_ATTRIBUTE": "delete attributes",
}


def refusal(session: Session, link: Link, feature: str, socket: str = "") -> str:
    """Why a command can't be sent now, "" when it can; `feature` is one of `FEATURES`, `socket` whom it is about."""
    if session.past:
        return "this is the past: nothing in it can be changed"
    status = link.status
    if status.state in (LinkState.FILE, LinkState.LOADING):
        return "this is a recording: there is no server"
    if status.state is not LinkState.LIVE:
        return f"not connected: {status.why}" if status.why else "not connected to a server"
    state = session.live
    about = state.roster_of(socket) if socket else None
    known = [about] if about else list(state.rosters.values())
    if not known:
        return "nothing is known of the server yet"
    features = {feature for roster in known for feature in roster.info.features}
    if "READ_ONLY" in features:
        return "the server is read-only"
    if feature not in features:
        plain = [roster.info.library for roster in known if roster.info.features != FEATURES and roster.info.library]
        return f"{plain[0] if plain else 'this server'} can't {_DOING[feature]}"
    return ""
