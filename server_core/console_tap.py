"""A tap on a server that serves consoles too: it notes nothing of theirs, and little while none is there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from server_core import packets, records
from server_core.ring import Entry, Ring
from server_core.tap import Census, Encoded, Tap

#: Seconds that a connection without a namespace waits until it is told of: a console's own joins one at once.
UNDECIDED = 1.0
#: Entries after which they are folded while nobody listens.
IDLE_ENTRIES = 500

_HEAD = re.compile(r"\d(?:(\d+)-)?(/[^,?]*)")
#: First characters of packets that say who is there: CONNECT and CONNECT_ERROR.
_JOINING = ("0", "4")


class _IdleRing(Ring):
    """A ring that is folded as it fills while nobody drains it."""

    tap: ConsoleTap

    def append(self, entry: Entry) -> None:
        super().append(entry)
        if not self.tap.listening and len(self) > IDLE_ENTRIES:
            self.tap.drain()


class ConsoleTap(Tap):
    """Leaves out the admin namespace, and the connections that have joined it alone.

    While nobody listens it notes who comes, goes, joins and leaves, but no events. All is called on the app's thread.
    """

    def __init__(self, server: str, hidden: str) -> None:
        ring = _IdleRing()
        ring.tap = self
        super().__init__(server, ring=ring)
        #: Whether a console is there.
        self.listening = False
        self._hidden = hidden
        self._needle = msgspec.msgpack.encode("nsp") + msgspec.msgpack.encode(hidden)
        #: Connections of which it is not known yet whether they are a console's: how they opened.
        self._undecided: dict[str, tuple[str, str]] = {}
        self._upgraded: dict[str, str] = {}
        #: Consoles' connections, and how they opened.
        self._consoles: dict[str, tuple[str, str]] = {}
        #: Attachments of consoles' packets that are still to come.
        self._skip: dict[str, int] = {}

    # engine

    def engine_opened(self, eio_sid: str, transport: str, address: str) -> None:
        self._undecided[eio_sid] = transport, address
        asyncio.get_running_loop().call_later(UNDECIDED, self._decide, eio_sid)

    def _decide(self, eio_sid: str) -> None:
        """The connection is not a console's, as far as is known."""
        if opened := self._undecided.pop(eio_sid, None):
            super().engine_opened(eio_sid, *opened)
            if transport := self._upgraded.pop(eio_sid, ""):
                super().engine_upgraded(eio_sid, transport)

    def engine_upgraded(self, eio_sid: str, transport: str) -> None:
        if eio_sid in self._undecided or eio_sid in self._consoles:
            self._upgraded[eio_sid] = transport
        else:
            super().engine_upgraded(eio_sid, transport)

    def engine_heartbeat(self, eio_sid: str, rtt: float) -> None:
        if eio_sid not in self._consoles and eio_sid not in self._undecided:
            super().engine_heartbeat(eio_sid, rtt)

    def engine_closed(self, eio_sid: str, reason: str) -> None:
        self._skip.pop(eio_sid, None)
        self._decide(eio_sid)
        self._upgraded.pop(eio_sid, None)
        if not self._consoles.pop(eio_sid, None):
            super().engine_closed(eio_sid, reason)

    def engine_response(self, response: Mapping[str, Any], environ: Mapping[str, Any]) -> None:
        query = environ.get("QUERY_STRING", "")
        if not any(f"sid={console}" in query for console in self._consoles):
            super().engine_response(response, environ)

    # packets

    def packet_received(self, eio_sid: str, data: str | bytes) -> None:
        if isinstance(data, bytes):
            if waiting := self._skip.pop(eio_sid, 0):
                if waiting > 1:
                    self._skip[eio_sid] = waiting - 1
                return
            if self._is_hidden_msgpack(data):
                return
        elif (head := _HEAD.match(data)) and head[2] == self._hidden:
            if head[1]:
                self._skip[eio_sid] = int(head[1][:3])
            return
        if self.listening:
            super().packet_received(eio_sid, data)

    def packet_sent(self, eio_sid: str, encoded: Encoded) -> None:
        first = encoded if isinstance(encoded, str | bytes) else encoded[0]
        if isinstance(first, bytes):
            if self._is_hidden_msgpack(first):
                return
        else:
            if (head := _HEAD.match(first)) and head[2] == self._hidden:
                return
            if not self.listening and first[:1] not in _JOINING:
                return
        super().packet_sent(eio_sid, encoded)

    def broadcast(
        self,
        nsp: str,
        rooms: str | Iterable[str] | None,
        skip: Collection[str | None],
        sockets: int,
        encoded: Encoded,
    ) -> None:
        if self.listening and nsp != self._hidden:
            super().broadcast(nsp, rooms, skip, sockets, encoded)

    def _is_hidden_msgpack(self, data: bytes) -> bool:
        if self._needle not in data:
            return False
        try:
            head, _ = packets.split_msgpack(data)
        except ValueError:
            return False
        return head.nsp == self._hidden

    # sockets

    def connecting(
        self, sid: str, nsp: str, eio_sid: str, handshake: records.Handshake, recovered: bool = False
    ) -> None:
        if nsp == self._hidden:
            if opened := self._undecided.pop(eio_sid, None):
                self._consoles[eio_sid] = opened
            return
        if opened := self._consoles.pop(eio_sid, None):  # it is a client's as well
            self._undecided[eio_sid] = opened
        self._decide(eio_sid)
        super().connecting(sid, nsp, eio_sid, handshake, recovered)

    def refusing(self, eio_sid: str, nsp: str, by: str) -> None:
        if nsp != self._hidden:
            super().refusing(eio_sid, nsp, by)

    def disconnecting(self, sid: str, nsp: str, reason: str) -> None:
        if nsp != self._hidden:
            super().disconnecting(sid, nsp, reason)

    def disconnected(self, sid: str, nsp: str, reason: str, rooms: frozenset[str]) -> None:
        if nsp != self._hidden:
            super().disconnected(sid, nsp, reason, rooms)

    def room_joined(self, sid: str, nsp: str, room: str) -> None:
        if nsp != self._hidden:
            super().room_joined(sid, nsp, room)

    def room_left(self, sid: str, nsp: str, room: str) -> None:
        if nsp != self._hidden:
            super().room_left(sid, nsp, room)

    def attribute_set(self, sid: str, nsp: str, name: str, value: str) -> None:
        if nsp != self._hidden:
            super().attribute_set(sid, nsp, name, value)

    def attribute_deleted(self, sid: str, nsp: str, name: str) -> None:
        if nsp != self._hidden:
            super().attribute_deleted(sid, nsp, name)

    def attributes_are(self, sid: str, nsp: str, attributes: Mapping[str, str]) -> None:
        if nsp != self._hidden:
            super().attributes_are(sid, nsp, attributes)

    def event_blocked(self, sid: str, nsp: str, data: str, message: str) -> None:
        if self.listening and nsp != self._hidden:
            super().event_blocked(sid, nsp, data, message)

    def exception(self, where: str, error: BaseException, sid: str, nsp: str) -> None:
        if self.listening and nsp != self._hidden:
            super().exception(where, error, sid, nsp)

    # all

    def census(self, found: Census) -> None:
        engines, sockets = found
        theirs = {socket.engine for socket in sockets if socket.nsp == self._hidden}
        shown = [socket for socket in sockets if socket.nsp != self._hidden]
        hidden = theirs - {socket.engine for socket in shown}
        super().census(([engine for engine in engines if engine.id not in hidden], shown))
