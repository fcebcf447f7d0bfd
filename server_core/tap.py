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

_MAX_TRACEBACK = 65_536

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
        if dropped and self.on_loss:
            self.on_loss()
        return self._translator.translate(entries, dropped)

    @property
    def roster(self) -> Roster:
        """Who is live, after the records drained until now."""
        return self._translator.roster

    def sync(self) -> Sync:
        """All that is live, after the records drained until now."""
        return self._translator.sync()

    # server

    def server_started(self, info: ServerInfo) -> None:
        self._ring.append((Translator.server_started, _now(), info))

    def server_stopped(self, why: str) -> None:
        self._ring.append((Translator.server_stopped, _now(), why))

    def server_blocked(self, seconds: float, stack: str) -> None:
        self._ring.append((Translator.server_blocked, _now(), seconds, stack), 64 + len(stack))

    def server_stats(self, lag: float, cpu: float, memory: int) -> None:
        self._ring.append((Translator.server_stats, _now(), lag, cpu, memory))

    def census(self, found: Census) -> None:
        """Start again from what is live, after a loss or a late start."""
        self._ring.append((Translator.census, _now(), found))

    def log(self, stream: str, text: str) -> None:
        self._ring.append((Translator.log, _now(), stream, text), 64 + len(text))

    # engine

    def engine_opened(self, eio_sid: str, transport: str, address: str) -> None:
        self._ring.append((Translator.engine_opened, _now(), eio_sid, transport, address))

    def engine_upgraded(self, eio_sid: str, transport: str) -> None:
        self._ring.append((Translator.engine_upgraded, _now(), eio_sid, transport))

    def engine_heartbeat(self, eio_sid: str, rtt: float) -> None:
        self._ring.append((Translator.engine_heartbeat, _now(), eio_sid, rtt))

    def engine_closed(self, eio_sid: str, reason: str) -> None:
        self._ring.append((Translator.engine_closed, _now(), eio_sid, reason))

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
        self._ring.append(
            (
                Translator.engine_refused,
                _now(),
                int(status.split()[0]),
                message.strip('"')[:1000],
                str(client[0]) if client else "",
                url,
                environ.get("HTTP_ORIGIN", ""),
            )
        )

    # packets

    def packet_received(self, eio_sid: str, data: str | bytes) -> None:
        self._ring.append((Translator.packet_received, _now(), eio_sid, data), 64 + len(data))

    def packet_sent(self, eio_sid: str, parts: Sequence[str | bytes]) -> None:
        """Note a packet to one client: its text, then its attachments."""
        self._ring.append((Translator.packet_sent, _now(), eio_sid, tuple(parts)), 64 + sum(map(len, parts)))

    def broadcast(
        self,
        nsp: str,
        rooms: str | Iterable[str] | None,
        skip: Collection[str | None],
        sockets: int,
        parts: Sequence[str | bytes],
    ) -> None:
        """Note one emit to however many sockets."""
        to = None if rooms is None else (rooms,) if isinstance(rooms, str) else tuple(rooms)
        left_out = tuple(sid for sid in skip if sid is not None)
        entry = (Translator.broadcast, _now(), nsp, to, left_out, sockets, tuple(parts))
        self._ring.append(entry, 64 + sum(map(len, parts)))

    # sockets

    def connecting(
        self, sid: str, nsp: str, eio_sid: str, handshake: records.Handshake, recovered: bool = False
    ) -> None:
        self._ring.append((Translator.connecting, _now(), sid, nsp, eio_sid, handshake, recovered), 2048)

    def refusing(self, eio_sid: str, nsp: str, by: str) -> None:
        """Note which middleware refused; the CONNECT_ERROR packet that follows says the rest."""
        self._ring.append((Translator.refusing, _now(), eio_sid, nsp, by))

    def disconnecting(self, sid: str, nsp: str, reason: str) -> None:
        self._ring.append((Translator.disconnecting, _now(), sid, nsp, reason))

    def disconnected(self, sid: str, nsp: str, reason: str, rooms: frozenset[str]) -> None:
        self._ring.append((Translator.disconnected, _now(), sid, nsp, reason, rooms))

    def room_joined(self, sid: str, nsp: str, room: str) -> None:
        self._ring.append((Translator.room_joined, _now(), sid, nsp, str(room)))

    def room_left(self, sid: str, nsp: str, room: str) -> None:
        self._ring.append((Translator.room_left, _now(), sid, nsp, str(room)))

    def attribute_set(self, sid: str, nsp: str, name: str, value: str) -> None:
        """Note an attribute's new value, JSON text."""
        self._ring.append((Translator.attribute_set, _now(), sid, nsp, name, value), 64 + len(value))

    def attribute_deleted(self, sid: str, nsp: str, name: str) -> None:
        self._ring.append((Translator.attribute_deleted, _now(), sid, nsp, name))

    def attributes_are(self, sid: str, nsp: str, attributes: Mapping[str, str]) -> None:
        """Note all that is attached now (name → JSON text); what differs from before becomes records."""
        self._ring.append(
            (Translator.attributes_are, _now(), sid, nsp, attributes), 64 + sum(map(len, attributes.values()))
        )

    def event_blocked(self, sid: str, nsp: str, data: str, message: str) -> None:
        """Note an event (JSON text of `[event, *args]`) that a middleware kept from its handlers."""
        self._ring.append((Translator.event_blocked, _now(), sid, nsp, data, message), 64 + len(data))

    def event_simulated(self, sid: str, nsp: str, data: str, attachments: tuple[bytes, ...]) -> None:
        """Note an event (JSON text of `[event, *args]`) that a console has as if a client had sent it."""
        entry = (Translator.event_simulated, _now(), sid, nsp, data, attachments)
        self._ring.append(entry, 64 + len(data) + sum(map(len, attachments)))

    def exception(self, where: str, error: BaseException, sid: str, nsp: str) -> None:
        """Note what the app raised, with its traceback from the app's first frame on."""
        try:
            text = "".join(traceback.format_exception(type(error), error, app_frames(error)))
            message = str(error)
        except Exception as broken:  # noqa: BLE001  the app's own `__str__`
            text = message = f"<{type(error).__name__}: str failed: {type(broken).__name__}>"
        entry = (Translator.exception, _now(), where, type(error).__name__, message, text[-_MAX_TRACEBACK:], sid, nsp)
        self._ring.append(entry, 64 + len(text))

    def commanded(self, by: str, command: records.Command, result: records.CommandResult) -> None:
        text = (len(getattr(command, name, "")) for name in ("args", "value"))
        binary = sum(map(len, getattr(command, "attachments", ())))
        answers = sum(64 + len(ack.data or "") for ack in result.acks)
        self._ring.append((Translator.commanded, _now(), by, command, result), 64 + sum(text) + binary + answers)
