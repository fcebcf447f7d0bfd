"""The tap: what a server notes while it works, cheaply, and what is handed out as records."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from server_core import records
from server_core.errors import app_frames
from server_core.records import EngineInfo, Record, ServerInfo, SocketInfo, Sync
from server_core.ring import Ring
from server_core.roster import Roster
from server_core.translator import Translator

_now = time.monotonic_ns

_RECEIVED, _SENT = Translator.packet_received, Translator.packet_sent

_MAX_TRACEBACK = 65_536

#: A packet as it is sent: its text or bytes, or a list of its text and its attachments.
Encoded = str | bytes | Sequence[str | bytes]
#: What a server has live: (engines, sockets).
Census = tuple[list[EngineInfo], list[SocketInfo]]


class Tap:
    """Notes what happens on one server.

    The methods that note are called on the app's thread and only append to the ring. `drain` is called on one other
    thread, and makes the records.
    """

    def __init__(self, server: str, *, epoch: int | None = None, ring: Ring | None = None) -> None:
        self.server = server
        self.epoch = epoch or time.time_ns() // 1_000_000
        self._ring = Ring() if ring is None else ring
        self._translator = Translator(server, self.epoch)
        #: Called on the draining thread when entries were lost: it must have `census` called on the app's thread.
        self.on_loss: Callable[[], None] | None = None

    def drain(self) -> list[Record]:
        """The records of what was noted since the last call."""
        entries, dropped = self._ring.take()
        failed = self._translator.failed
        made = self._translator.translate(entries, dropped)
        if (dropped or self._translator.failed > failed) and self.on_loss:
            self.on_loss()
        return made

    @property
    def roster(self) -> Roster:
        """Who is live, after the records drained until now."""
        return self._translator.roster

    def sync(self) -> Sync:
        """All that is live, after the records drained until now."""
        return self._translator.sync()

    def _note(self, make: Callable[..., None], size: int, *values: Any) -> None:
        """Append an entry that keeps roughly `size` bytes."""
        self._ring.append((make, _now(), size, values, None))

    # server

    def server_started(self, info: ServerInfo) -> None:
        self._note(Translator.server_started, 0, info)

    def server_stopped(self, why: str) -> None:
        self._note(Translator.server_stopped, 0, why)

    def server_blocked(self, seconds: float, stack: str) -> None:
        self._note(Translator.server_blocked, len(stack), seconds, stack)

    def server_stats(self, lag: float, cpu: float, memory: int) -> None:
        self._note(Translator.server_stats, 0, lag, cpu, memory)

    def census(self, found: Census) -> None:
        """Start again from what is live, after a loss or a late start."""
        self._note(Translator.census, 0, found)

    def log(self, stream: str, text: str) -> None:
        self._note(Translator.log, len(text), stream, text)

    # engine

    def engine_opened(self, eio_sid: str, transport: str, address: str) -> None:
        self._note(Translator.engine_opened, 0, eio_sid, transport, address)

    def engine_upgraded(self, eio_sid: str, transport: str) -> None:
        self._note(Translator.engine_upgraded, 0, eio_sid, transport)

    def engine_heartbeat(self, eio_sid: str, rtt: float) -> None:
        self._note(Translator.engine_heartbeat, 0, eio_sid, rtt)

    def engine_closed(self, eio_sid: str, reason: str) -> None:
        self._note(Translator.engine_closed, 0, eio_sid, reason)

    def engine_response(self, response: Mapping[str, Any], environ: Mapping[str, Any]) -> None:
        """Note an HTTP answer of python-engineio, when it refuses."""
        status = response["status"]
        if status.startswith("2"):
            return
        scope = environ.get("asgi.scope", {})
        client = scope.get("client")
        body = response["response"]
        message = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
        url = environ.get("RAW_URI") or environ.get("PATH_INFO", "")
        origin = environ.get("HTTP_ORIGIN", "")
        self._note(
            Translator.engine_refused,
            1000 + len(url) + len(origin),
            int(status.split()[0]),
            message.strip('"')[:1000],
            str(client[0]) if client else "",
            url,
            origin,
        )

    # packets

    # these three note without a call between them and the ring: there are as many of them as events

    def packet_received(self, eio_sid: str, data: str | bytes) -> None:
        ring = self._ring
        entry = (_RECEIVED, _now(), size := len(data), eio_sid, data)
        ring.flat.extend(entry)
        ring.bytes += size if size > ring.least else ring.least  # noqa: FURB136  a call less
        if ring.bytes > ring.max_bytes:
            ring.make_room()

    def packet_sent(self, eio_sid: str, encoded: Encoded) -> None:
        """Note a packet to one client; a list has its text, then its attachments."""
        ring = self._ring
        size = len(encoded) if isinstance(encoded, str) else sum(map(len, encoded := _parts(encoded)))
        entry = (_SENT, _now(), size, eio_sid, encoded)
        ring.flat.extend(entry)
        ring.bytes += size if size > ring.least else ring.least  # noqa: FURB136
        if ring.bytes > ring.max_bytes:
            ring.make_room()

    def broadcast(
        self,
        nsp: str,
        rooms: str | Iterable[str] | None,
        skip: Collection[str | None],
        sockets: int,
        encoded: Encoded,
    ) -> None:
        """Note one emit to however many sockets."""
        to = None if rooms is None else (rooms,) if isinstance(rooms, str) else tuple(map(str, rooms))
        left_out = tuple(str(sid) for sid in skip if sid is not None) if skip else ()
        parts = _parts(encoded)
        self._note(Translator.broadcast, sum(map(len, parts)), nsp, to, left_out, sockets, parts)

    # sockets

    def connecting(
        self, sid: str, nsp: str, eio_sid: str, handshake: records.Handshake, recovered: bool = False
    ) -> None:
        size = 2048 + len(handshake.auth) + 2 * len(handshake.url) + sum(map(len, handshake.headers.values()))
        self._note(Translator.connecting, size, sid, nsp, eio_sid, handshake, recovered)

    def refusing(self, eio_sid: str, nsp: str, by: str) -> None:
        """Note which middleware refused; the CONNECT_ERROR packet that follows says the rest."""
        self._note(Translator.refusing, 0, eio_sid, nsp, by)

    def disconnecting(self, sid: str, nsp: str, reason: str) -> None:
        self._note(Translator.disconnecting, 0, sid, nsp, reason)

    def disconnected(self, sid: str, nsp: str, reason: str, rooms: frozenset[str]) -> None:
        self._note(Translator.disconnected, 0, sid, nsp, reason, frozenset(map(str, rooms)))

    def room_joined(self, sid: str, nsp: str, room: str) -> None:
        room = str(room)
        self._note(Translator.room_joined, len(room), sid, nsp, room)

    def room_left(self, sid: str, nsp: str, room: str) -> None:
        room = str(room)
        self._note(Translator.room_left, len(room), sid, nsp, room)

    def attribute_set(self, sid: str, nsp: str, name: str, value: str) -> None:
        """Note an attribute's new value, JSON text."""
        self._note(Translator.attribute_set, len(value), sid, nsp, name, value)

    def attribute_deleted(self, sid: str, nsp: str, name: str) -> None:
        self._note(Translator.attribute_deleted, 0, sid, nsp, name)

    def attributes_are(self, sid: str, nsp: str, attributes: Mapping[str, str]) -> None:
        """Note all that is attached now (name → JSON text); what differs from before becomes records."""
        self._note(Translator.attributes_are, sum(map(len, attributes.values())), sid, nsp, attributes)

    def event_blocked(self, sid: str, nsp: str, data: str, message: str) -> None:
        """Note an event (JSON text of `[event, *args]`) that a middleware kept from its handlers."""
        self._note(Translator.event_blocked, len(data) + len(message), sid, nsp, data, message)

    def event_simulated(self, sid: str, nsp: str, data: str, attachments: tuple[bytes, ...]) -> None:
        """Note an event (JSON text of `[event, *args]`) that a console has as if a client had sent it."""
        size = len(data) + sum(map(len, attachments))
        self._note(Translator.event_simulated, size, sid, nsp, data, attachments)

    def exception(self, where: str, error: BaseException, sid: str, nsp: str) -> None:
        """Note what the app raised, with its traceback from the app's first frame on."""
        try:
            text = "".join(traceback.format_exception(type(error), error, app_frames(error)))
            message = str(error)
        except Exception as broken:  # noqa: BLE001  the app's own `__str__`
            text = message = f"<{type(error).__name__}: str failed: {type(broken).__name__}>"
        shown = text[-_MAX_TRACEBACK:]
        self._note(
            Translator.exception, len(shown) + len(message), where, type(error).__name__, message, shown, sid, nsp
        )

    def commanded(self, by: str, command: records.Command, result: records.CommandResult) -> None:
        text = (len(getattr(command, name, "")) for name in ("args", "value"))
        binary = sum(map(len, getattr(command, "attachments", ())))
        answers = sum(64 + len(ack.data or "") for ack in result.acks)
        self._note(Translator.commanded, sum(text) + binary + answers, by, command, result)


def _parts(encoded: Encoded) -> tuple[str | bytes, ...]:
    return (encoded,) if isinstance(encoded, str | bytes) else tuple(encoded)
