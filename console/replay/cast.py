"""Who the clients of a recording were: the actor of each socket, and how it connected."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from console.replay import model
from console.replay.model import Place
from console.replay.parse import RESERVED
from console.replay.symbols import Symbols, decoded
from console.replay.values import Value
from console.state.names import KEYS, attached_name
from server_core.records import AnyRecord, AttributeSet, Handshake, Sync

#: Headers of a handshake that say something about the client rather than about its HTTP library.
_HEADERS = re.compile(r"authorization|cookie|x-.*|origin", re.IGNORECASE)
_QUERY = frozenset({"EIO", "transport", "sid", "t", "b64", "j"})


@dataclass
class Client:
    """A socket of the recording, as an actor of the script."""

    actor: str
    nsp: str
    engine: str
    handshake: Handshake
    #: Whether the script has it connect already, and whether the server had taken it by now.
    told: bool = False
    connected: bool = False
    #: It is going: what the server sends does not reach it any more.
    going: bool = False


class Cast:
    """The clients that are there, by the ids of their sockets."""

    def __init__(self, symbols: Symbols, found: Sequence[AnyRecord]) -> None:
        """`found` are all records: the app may say only later who somebody is."""
        self._symbols = symbols
        self._attached = _attached(found)
        self.clients: dict[str, Client] = {}
        self._transports: dict[str, tuple[model.Transport, ...]] = {}
        self._names: set[str] = set()
        self._free: set[str] = set()

    def add(self, id: str, nsp: str, engine: str, handshake: Handshake) -> Client:
        """A socket that comes."""
        client = self.clients[id] = Client(self._name(id, handshake, nsp), nsp, engine, handshake)
        self._symbols.socket(id, f"{client.actor}.id")
        self._symbols.socket(engine, f"{client.actor}.engine")
        return client

    def connected(self, id: str) -> Client | None:
        """The client that a socket is, once the server has taken it."""
        client = self.clients.get(id)
        return client if client and client.connected else None

    def leave(self, id: str) -> Client | None:
        """A socket is gone: another may have its name."""
        client = self.clients.pop(id, None)
        self._symbols.forget(id)
        if client:
            self._free.add(client.actor)
        return client

    def began(self, engine: str, transport: str, *, upgraded: bool = False) -> None:
        """A connection began with this transport, or became one of it."""
        now: Any = transport
        self._transports[engine] = ("polling", now) if upgraded else (now,)

    def knows(self, engine: str) -> bool:
        """Whether it is known how a connection began."""
        return engine in self._transports

    def polls(self, engine: str) -> bool:
        """Whether a connection is one of polling, and has not been upgraded."""
        return self._transports.get(engine) == ("polling",)

    def connect(self, client: Client, at: Place, after: float, refusal: model.Refusal | None) -> model.Connect:
        """The step by which a client connects."""
        handshake = client.handshake
        over = next(
            (
                other.actor
                for other in self.clients.values()
                if other.engine == client.engine and other.told and not other.going
            ),
            "",
        )
        client.told = True
        auth = decoded(handshake.auth)
        return model.Connect(
            at=at,
            after=after,
            actor=client.actor,
            auth=self._symbols.sent(auth, client.actor) if isinstance(auth, dict) and auth else None,
            query={} if over else self._query(client),
            headers={} if over else self._headers(client),
            transports=() if over else self._wire(client.engine),
            namespace="" if client.nsp == "/" else client.nsp,
            over=over,
            refusal=refusal,
        )

    def _name(self, id: str, handshake: Handshake, nsp: str) -> str:
        """A name from what identifies the client; one that is free."""
        base = _identity(handshake) or _fit(attached_name(self._attached.get(id, {}))) or "somebody"
        if nsp != "/":
            base += "-" + re.sub(r"\W+", "-", nsp).strip("-")
        if not re.match(r"[A-Za-z_]", base) or base in RESERVED:
            base = f"client-{base}"
        name, number = base, 1
        while name in self._names and name not in self._free:
            number += 1
            name = f"{base}-{number}"
        self._names.add(name)
        self._free.discard(name)
        return name

    def _wire(self, engine: str) -> tuple[model.Transport, ...]:
        found = self._transports.get(engine, ("websocket",))
        return () if found == ("websocket",) else found

    def _query(self, client: Client) -> dict[str, Value]:
        return {
            name: self._symbols.sent({name: value if isinstance(value, str) else value[-1]}, client.actor)[name]
            for name, value in client.handshake.query.items()
            if name not in _QUERY and value
        }

    def _headers(self, client: Client) -> dict[str, Value]:
        kept = {name: value for name, value in client.handshake.headers.items() if _HEADERS.fullmatch(name)}
        found: dict[str, Value] = self._symbols.sent(kept, client.actor)
        return found


def _identity(handshake: Handshake) -> str:
    places: list[Any] = [decoded(handshake.auth), handshake.query]
    for place in places:
        if not isinstance(place, dict):
            continue
        for key in KEYS:
            if isinstance(found := place.get(key), str) and (name := _fit(found)):
                return name
    return ""


def _fit(name: str) -> str:
    """What of a name an actor may be called."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-")[:40]


def _attached(found: Sequence[AnyRecord]) -> dict[str, dict[str, str]]:
    """The first value of each attribute, by socket."""
    made: dict[str, dict[str, str]] = {}
    for record in found:
        if isinstance(record, Sync):
            for sync in record.sockets:
                made.setdefault(sync.socket.id, {**sync.socket.attributes})
        elif isinstance(record, AttributeSet):
            made.setdefault(record.socket, {}).setdefault(record.name, record.value)
    return made
