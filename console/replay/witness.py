"""What the clients of a replay saw, as records: for the lines around a failure, and to keep without a hosted server."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from console.wire.client import Event
from console.wire.engine import Engine
from server_core import packets, records
from server_core.records import AnyRecord, Handshake

#: Wall time in nanoseconds, what happened, to which actor, and more of it.
Moment = tuple[int, str, str, Any]

#: Moments that are remembered.
MAX_MOMENTS = 50_000


class Witness:
    """Notes what happens, cheaply; `records` tells it as a server would have, as far as clients can know."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._epoch = time.time_ns() // 1_000_000
        self._moments: deque[Moment] = deque(maxlen=MAX_MOMENTS)
        #: Moments ever noted.
        self.count = 0

    def connecting(self, actor: str, nsp: str, auth: Any, engine: Engine) -> None:
        self._note("connecting", actor, (nsp, auth, engine.sid, engine.transport))

    def connected(self, actor: str, nsp: str, id: str) -> None:
        self._note("connected", actor, (nsp, id))

    def refused(self, actor: str, nsp: str, message: str, data: Any) -> None:
        self._note("refused", actor, (nsp, message, data))

    def sent(self, actor: str, values: list[Any], number: int | None = None) -> None:
        self._note("sent", actor, (values, number))

    def acked(self, actor: str, number: int, values: list[Any]) -> None:
        self._note("acked", actor, (number, values))

    def replied(self, actor: str, number: int, values: list[Any]) -> None:
        self._note("replied", actor, (number, values))

    def received(self, actor: str, event: Event) -> None:
        self.count += 1
        self._moments.append((time.time_ns(), "received", actor, event))

    def ended(self, actor: str, reason: str) -> None:
        self._note("ended", actor, reason)

    def _note(self, what: str, actor: str, more: Any) -> None:
        self.count += 1
        self._moments.append((time.time_ns(), what, actor, more))

    def records(self) -> list[AnyRecord]:
        """What happened, as records; actors whose connecting is forgotten go by their name."""
        return list(self.teller().tell(self._moments))

    def teller(self) -> Teller:
        """What makes records of moments, in order and each once."""
        return Teller(self.url, self._epoch)

    def since(self, count: int) -> list[Moment]:
        """The moments after so many, those that are forgotten left out."""
        new = self.count - count
        return list(itertools.islice(self._moments, max(0, len(self._moments) - new), None)) if new else []


class Teller:
    def __init__(self, url: str, epoch: int) -> None:
        self._url = url
        self._epoch = epoch
        self._seq = itertools.count(1)
        self._ids: dict[str, tuple[str, str]] = {}
        self._pending: dict[str, tuple[str, Any, str, str]] = {}

    def tell(self, moments: Iterable[Moment]) -> Iterator[AnyRecord]:
        """The records of moments that follow those told before."""
        for when, what, actor, more in moments:
            at = {"server": self._url, "epoch": self._epoch, "time": when}
            if what == "connecting":
                self._pending[actor] = more
                continue
            for kind, fields in self._records(what, actor, more):
                yield kind(**at, seq=next(self._seq), **fields)

    def _records(self, what: str, actor: str, more: Any) -> Any:
        id, nsp = self._ids.get(actor, (actor, "/"))
        match what:
            case "connected" | "refused":
                yield from self._admission(what, actor, more)
            case "sent":
                values, number = more
                yield records.EventReceived, {"socket": id, "nsp": nsp, "id": number, **_payload(values)}
            case "received":
                values = [more.name, *more.args]
                fields = {"socket": id, "nsp": nsp, "id": more.id, "sockets": 1, **_payload(values)}
                yield records.EventSent, fields
            case "acked":
                yield records.AckSent, {"socket": id, "nsp": nsp, "id": more[0], **_payload(more[1])}
            case "replied":
                yield records.AckReceived, {"socket": id, "nsp": nsp, "id": more[0], **_payload(more[1])}
            case "ended":
                yield records.Disconnected, {"socket": id, "nsp": nsp, "reason": more, "rooms": frozenset({id})}

    def _admission(self, what: str, actor: str, more: Any) -> Any:
        nsp, auth, engine, transport = self._pending.pop(actor, ("/", None, "", ""))
        handshake = Handshake(auth=msgspec.json.encode(auth or {}, enc_hook=repr).decode())
        yield records.EngineOpened, {"engine": engine, "transport": transport}
        if what == "refused":
            _, message, data = more
            text = "" if data is None else msgspec.json.encode(data, enc_hook=repr).decode()
            yield records.Refused, {"engine": engine, "nsp": nsp, "message": message, "data": text}
            return
        id = more[1]
        self._ids[actor] = (id, nsp)
        yield records.Connecting, {"socket": id, "nsp": nsp, "engine": engine, "handshake": handshake}
        yield records.AttributeSet, {"socket": id, "nsp": nsp, "name": "name", "value": f'"{actor}"'}
        yield records.Connected, {"socket": id, "nsp": nsp}


def _payload(values: list[Any]) -> dict[str, Any]:
    data, attachments = packets.encode_args(values)
    return {"data": data, "attachments": attachments}
