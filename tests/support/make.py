"""Records for tests, each with what it needs and nothing else."""

from __future__ import annotations

import itertools
from typing import Any, TypeVar

import msgspec

from server_core import records
from server_core.records import Handshake, Record

R = TypeVar("R", bound=Record)

SERVER = "chat:io"
EPOCH = 1_700_000_000_000
#: 2023-11-14 22:13:20 UTC, in nanoseconds.
NOON = 1_700_000_000_000_000_000


class Maker:
    """Makes records in order, a millisecond apart."""

    def __init__(self, server: str = SERVER, epoch: int = EPOCH) -> None:
        self.server = server
        self.epoch = epoch
        self._seq = itertools.count(1)

    def __call__(self, kind: type[R], **fields: Any) -> R:
        seq = next(self._seq)
        at = {"server": self.server, "epoch": self.epoch, "seq": seq, "time": NOON + seq * 1_000_000}
        return kind(**{**at, **fields})

    def socket(
        self, id: str, *, nsp: str = "/", rooms: tuple[str, ...] = (), auth: Any = None, **attributes: Any
    ) -> list[Record]:
        """The records of a socket that connects, joins rooms and gets attributes."""
        engine = f"engine-{id}"
        handshake = Handshake(
            headers={"user-agent": "test", "cookie": "sid=s3cret"},
            query={"EIO": "4", "transport": "websocket"},
            auth=msgspec.json.encode(auth or {}).decode(),
            time="2023-11-14T22:13:20+00:00",
            issued=EPOCH,
            url="/socket.io/?EIO=4&transport=websocket",
            address="10.0.0.7",
        )
        made: list[Record] = [
            self(records.EngineOpened, engine=engine, transport="websocket", address="10.0.0.7"),
            self(records.Connecting, socket=id, nsp=nsp, engine=engine, handshake=handshake),
        ]
        for name, value in attributes.items():
            text = msgspec.json.encode(value).decode()
            made.append(self(records.AttributeSet, socket=id, nsp=nsp, name=name, value=text))
        made.append(self(records.Connected, socket=id, nsp=nsp))
        made += [self(records.RoomJoined, socket=id, nsp=nsp, room=room) for room in rooms]
        return made

    def received(self, socket: str, event: str, *args: Any, **fields: Any) -> records.EventReceived:
        data = msgspec.json.encode([event, *args]).decode()
        return self(records.EventReceived, socket=socket, data=data, **fields)

    def sent(self, event: str, *args: Any, **fields: Any) -> records.EventSent:
        data = msgspec.json.encode([event, *args]).decode()
        return self(records.EventSent, **{"data": data, "sockets": 1, **fields})
