"""What servers of a cluster tell each other: sockets as they are elsewhere, and values as they are published."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from socketio.packet import Packet

from server_core.handshake import Handshake, to_json

if TYPE_CHECKING:
    from server_core.broadcast import BroadcastOperator
    from server_core.namespace import Namespace
    from server_core.socket import Socket

#: Seconds that the other servers have to answer a request, beside those that their clients may take.
REQUEST_TIMEOUT = 5.0


class RemoteSocket:
    """A socket of another server of the cluster, as it was when `fetch_sockets` asked."""

    __slots__ = ("_nsp", "data", "handshake", "id", "rooms")

    def __init__(self, nsp: Namespace, details: dict[str, Any]) -> None:
        self._nsp = nsp
        self.id: str = details["id"]
        self.handshake: dict[str, Any] = details["handshake"]
        self.rooms = frozenset(details["rooms"])
        self.data: dict[str, Any] = details["data"]

    def _operator(self) -> BroadcastOperator:
        return self._nsp.to(self.id)

    async def emit(self, event: str, *args: Any) -> None:
        await self._operator().emit(event, *args)

    async def join(self, rooms: str | Iterable[str]) -> None:
        await self._operator().sockets_join(rooms)

    async def leave(self, room: str) -> None:
        await self._operator().sockets_leave(room)

    async def disconnect(self, close: bool = False) -> None:
        await self._operator().disconnect_sockets(close)

    def __repr__(self) -> str:
        return f"<RemoteSocket {self.id} {self._nsp.name}>"


def details(socket: Socket | RemoteSocket) -> dict[str, Any]:
    """A socket as the other servers get it."""
    handshake = socket.handshake
    return {
        "id": socket.id,
        "handshake": {name: getattr(handshake, name) for name in Handshake.__slots__},
        "rooms": [room if isinstance(room, str | int) else str(room) for room in socket.rooms],
        "data": json.loads(to_json(socket.data)),
    }


def pack(values: list[Any]) -> dict[str, Any]:
    """Values as python-socketio's managers publish them: binary ones in base64, beside what they belong to."""
    if not Packet.data_is_binary(values):
        return {"data": values, "binary": False}
    data, attachments = Packet.deconstruct_binary(values)
    return {"data": [data, *(base64.b64encode(each).decode() for each in attachments)], "binary": True}


def unpack(message: dict[str, Any]) -> list[Any]:
    """The values that `pack` packed."""
    data = message["data"]
    if message["binary"]:
        data = Packet.reconstruct_binary(data[0], [base64.b64decode(each) for each in data[1:]])
    values: list[Any] = data
    return values
