"""Why something can't be done now, in a sentence for the person at the keyboard."""

from __future__ import annotations

from collections.abc import Iterable

from console.link.base import Link, LinkState
from console.state.session import Session
from server_core.records import FEATURES, ServerInfo

#: What a server can be asked for → what it does, in words.
_DOING = {
    "EMIT": "emit events",
    "DISCONNECT": "disconnect sockets",
    "CLOSE": "close connections",
    "JOIN": "let sockets join rooms",
    "LEAVE": "take sockets from rooms",
    "DROP": "cut connections off",
    "SIMULATE": "simulate incoming events",
    "SET_ATTRIBUTE": "set attributes",
    "DELETE_ATTRIBUTE": "delete attributes",
}


def refusal(session: Session, link: Link, feature: str, sockets: Iterable[str] = ()) -> str:
    """Why a command can't be sent now, "" when it can; `feature` is one of `FEATURES`.

    `sockets` are those that it is about: the server of each has to be able to. Without, one of the servers is enough.
    They are only looked at where there are several servers, of which one can't.
    """
    if session.past:
        return "this is the past: nothing in it can be changed"
    status = link.status
    if status.state in (LinkState.FILE, LinkState.LOADING):
        return "this is a recording: there is no server"
    if status.state is not LinkState.LIVE:
        return f"not connected: {status.why}" if status.why else "not connected to a server"
    rosters = session.live.rosters
    if not rosters:
        return "nothing is known of the server yet"
    unable = {server: why for server, roster in rosters.items() if (why := _inability(roster.info, feature))}
    if not unable:
        return ""
    if len(rosters) > 1:
        server = next((server for id in sockets if (server := session.live.server_of(id)) in unable), None)
        if server is not None:
            return f"{server}: {unable[server]}"
    return next(iter(unable.values())) if len(unable) == len(rosters) else ""


def _inability(info: ServerInfo, feature: str) -> str:
    """Why a server can't do something, "" when it can."""
    if "READ_ONLY" in info.features:
        return "the server is read-only"
    if feature not in info.features:
        plain = info.library if info.features != FEATURES else ""
        return f"{plain or 'this server'} can't {_DOING[feature]}"
    return ""
