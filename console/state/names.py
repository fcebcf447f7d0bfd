"""What to call a socket: people look for bob, not for ojIckSD2jqNzOqIrAGzL."""

from __future__ import annotations

from typing import Any

import msgspec

from server_core.records import SocketInfo

#: Where a name is looked for, in attributes and in auth, best first.
KEYS = ("user", "username", "user_name", "name", "nick", "nickname", "login", "email", "user_id", "userId")
MAX = 24


def label(socket: SocketInfo) -> str:
    """A short name for a socket, from what is attached to it or from its auth; its short id when there is none."""
    for key in KEYS:
        if (text := socket.attributes.get(key)) is not None and (found := _name(_decoded(text))):
            return found[:MAX]
    for text in (*socket.attributes.values(), socket.handshake.auth):
        if (value := _decoded(text)) and isinstance(value, dict) and (found := _name(value)):
            return found[:MAX]
    return short(socket.id)


def short(id: str) -> str:
    """The first characters of an id, enough to tell it from others."""
    return id[:8]


def _name(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        for key in KEYS:
            if isinstance(found := value.get(key), str) and found:
                return found
    return ""


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
