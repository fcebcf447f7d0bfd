"""What to call a socket: people look for bob, not for ojIckSD2jqNzOqIrAGzL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from server_core.records import ServerInfo, SocketInfo

#: Where a name is looked for, in attributes and in auth, best first.
KEYS = ("user", "username", "user_name", "name", "nick", "nickname", "login", "email", "user_id", "userId")
MAX = 24


def label(socket: SocketInfo) -> str:
    """A short name for a socket, from what is attached to it or from its auth; its short id when there is none."""
    found = attached_name(socket.attributes) or _name_within(socket.handshake.auth)
    return found[:MAX] or short(socket.id)


def attached_name(attributes: Mapping[str, str]) -> str:
    """The name that attached attributes (JSON texts) give a socket, "" when they give none."""
    for key in KEYS:
        if (text := attributes.get(key)) is not None and (found := _name(_decoded(text))):
            return found
    return next(filter(None, map(_name_within, attributes.values())), "")


def _name_within(text: str) -> str:
    return _name(value) if isinstance(value := _decoded(text), dict) else ""


def short(id: str) -> str:
    """The first characters of an id, enough to tell it from others."""
    return id[:8]


def where(server: str, info: ServerInfo) -> str:
    """The server that has a socket, as far as that is told."""
    return f"a node of {', '.join(info.nodes)}" if info.nodes else server


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
