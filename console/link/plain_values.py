"""The values of the Admin UI's protocol, as records have them: TypeError or ValueError for what is malformed."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from server_core import packets
from server_core.records import EngineInfo, Handshake, SocketInfo


def nanoseconds(timestamp: Any) -> int:
    """Nanoseconds since the epoch of an ISO 8601 text, or of milliseconds; now when it is neither."""
    if isinstance(timestamp, str):
        try:
            return int(datetime.fromisoformat(timestamp).timestamp() * 1_000_000) * 1_000
        except ValueError:
            return time.time_ns()
    return int(timestamp * 1e6) if isinstance(timestamp, int | float) and timestamp > 0 else time.time_ns()


def text_of(value: Any) -> str:
    """A name: a text."""
    if not isinstance(value, str):
        raise TypeError("not a name")
    return value


def payload(values: Any) -> tuple[str, tuple[bytes, ...]]:
    """An event, `[name, …args]`, as JSON text and its attachments."""
    if not isinstance(values, list) or not values:
        raise TypeError("not an event")
    return packets.encode_args(values)


def attributes_of(data: dict[str, Any]) -> dict[str, str]:
    """`socket.data` as attributes: JSON text by name."""
    found = {}
    for name, value in data.items():
        text, attachments = packets.encode_args([value])
        found[str(name)] = f'"<{sum(map(len, attachments))} bytes>"' if attachments else text[1:-1]
    return found


def handshake_of(each: dict[str, Any]) -> Handshake:
    """A handshake of either kind of server."""
    query = {
        str(name): value if isinstance(value, str) else [str(item) for item in value] if isinstance(value, list) else ""
        for name, value in (each.get("query") or {}).items()
    }
    return Handshake(
        # python-socketio has them from the environment, where `-` is `_`
        headers={str(name).replace("_", "-"): str(value) for name, value in (each.get("headers") or {}).items()},
        query=query,
        time=str(each.get("time") or ""),
        issued=int(each.get("issued") or 0),
        url=str(each.get("url") or ""),
        address=str(each.get("address") or ""),
        xdomain=bool(each.get("xdomain", "origin" in (each.get("headers") or {}))),
        secure=bool(each.get("secure")),
    )


def socket_of(each: dict[str, Any], id: str, nsp: str) -> SocketInfo:
    """A socket as either kind of server tells of it."""
    handshake = handshake_of(each["handshake"])
    data = each.get("data")
    began = handshake.issued * 1_000_000
    return SocketInfo(
        id=id,
        nsp=nsp,
        engine=text_of(each.get("clientId") or f"?{id}"),
        handshake=handshake,
        connecting=began,
        connected=began or time.time_ns(),
        rooms=frozenset(room for room in each.get("rooms", ()) if isinstance(room, str)) | {id},
        attributes=attributes_of(data) if isinstance(data, dict) else {},
    )


def engine_of(each: dict[str, Any], socket: SocketInfo) -> EngineInfo:
    """The connection of a socket that is told of."""
    transport = each.get("transport")
    return EngineInfo(
        id=socket.engine,
        transport=transport if isinstance(transport, str) else "",
        address=socket.handshake.address,
        opened=socket.connecting or time.time_ns(),
    )
