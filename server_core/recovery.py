"""Connection state recovery: a client that was cut off comes back as the socket that it was.

Follows Socket.IO's `connectionStateRecovery`: each event carries an offset as its last argument, the client names its
private id (`pid`) and the last offset that it saw when it connects again, and gets what it missed.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Collection
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import msgspec

from server_core.reasons import (
    FORCED_CLOSE,
    FORCED_SERVER_CLOSE,
    PING_TIMEOUT,
    SERVER_SHUTTING_DOWN,
    TRANSPORT_CLOSE,
    TRANSPORT_ERROR,
)

if TYPE_CHECKING:
    from server_core.socket import Socket

#: Reasons after which a client may come back: nobody meant to end it.
RECOVERABLE = frozenset(
    {TRANSPORT_CLOSE, TRANSPORT_ERROR, PING_TIMEOUT, FORCED_CLOSE, FORCED_SERVER_CLOSE, SERVER_SHUTTING_DOWN}
)
#: Events kept for those who may come back; the oldest are dropped, and whoever missed those starts anew.
MAX_EVENTS = 100_000


class RecoveryOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`Server(connection_state_recovery={...})`."""

    #: Seconds within which a client may come back.
    max_disconnection_duration: float = 120.0
    #: Whether a recovered socket passes without its middlewares; python-socketio's `connect` handler runs in any case.
    skip_middlewares: bool = True


class Session(msgspec.Struct, frozen=True):
    """What is kept of a socket that was cut off."""

    sid: str
    #: The client's secret, the same when it comes back: by that the JavaScript client knows that it is recovered.
    pid: str
    nsp: str
    rooms: frozenset[str]
    data: dict[Any, Any]
    attached: dict[str, Any]
    #: What `save_session` saved, if anything.
    saved: Any
    reason: str
    ended: float


class Missed(msgspec.Struct, frozen=True):
    """One event that may have to be sent again."""

    nsp: str
    #: None: the whole namespace.
    rooms: frozenset[str] | None
    #: Rooms whose members do not get it.
    except_: frozenset[str]
    #: Its text and its attachments as they were sent; None: it is not sent again.
    parts: list[str | bytes] | None
    sent: float

    def concerns(self, session: Session) -> bool:
        if self.nsp != session.nsp:
            return False
        return (self.rooms is None or not self.rooms.isdisjoint(session.rooms)) and self.except_.isdisjoint(
            session.rooms
        )


class Recovery:
    """Sockets that may come back, and what was sent meanwhile; all within `max_disconnection_duration`."""

    def __init__(self, options: RecoveryOptions) -> None:
        self.options = options
        #: Namespaces whose sockets do not come back, and whose events have no offsets.
        self.left_out: set[str] = set()
        # ordered dicts, as both are taken from at their front: a dict gets slower there with each that is gone
        #: By private id, in the order in which they ended.
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        #: By offset, in the order in which they were sent.
        self._events: OrderedDict[str, Missed] = OrderedDict()

    def of(self, nsp: str) -> Recovery | None:
        """This, for a namespace whose sockets may come back."""
        return None if nsp in self.left_out else self

    def new_pid(self) -> str:
        """A client's secret with which it can come back."""
        return secrets.token_urlsafe(15)

    def stamped(self, packet: list[Any]) -> list[Any]:
        """The event to send instead, with its offset at the end."""
        return [*packet, secrets.token_urlsafe(9)]

    def sent(
        self,
        nsp: str,
        rooms: Collection[str] | str | None,
        except_: Collection[str],
        packet: list[Any],
        parts: list[str | bytes],
        *,
        volatile: bool = False,
    ) -> None:
        """Keep an event that goes out, stamped and as it was encoded.

        A volatile one has an offset too, as the client takes the last text for one, but is not sent again.
        """
        self._forget_old()
        kept = None if rooms is None else frozenset((rooms,)) if isinstance(rooms, str) else frozenset(rooms)
        self._events[packet[-1]] = Missed(nsp, kept, frozenset(except_), None if volatile else parts, time.monotonic())
        if len(self._events) > MAX_EVENTS:
            self._events.popitem(last=False)

    def keep(self, socket: Socket, pid: str, reason: str) -> None:
        """Keep a socket that was cut off, as it is now."""
        self._forget_old()
        nsp = socket.nsp.name
        saved = socket.conn.session.get(nsp)
        self._sessions[pid] = Session(
            socket.id,
            pid,
            nsp,
            frozenset(socket.rooms),
            socket.data,
            socket.attributes,
            saved,
            reason,
            time.monotonic(),
        )
        self._sessions.move_to_end(pid)

    def restore(self, nsp: str, auth: dict[str, Any]) -> tuple[Session | None, list[list[str | bytes]]]:
        """The socket that this client was, None when it has to start anew, and what it missed until now."""
        self._forget_old()
        pid, offset = auth.get("pid"), auth.get("offset")
        if not isinstance(pid, str) or not isinstance(offset, str):
            return None, []
        session = self._sessions.get(pid)
        if session is None or session.nsp != nsp or offset not in self._events:
            return None, []
        del self._sessions[pid]
        since = list(takewhile(lambda event: event[0] != offset, reversed(self._events.items())))
        return session, [event.parts for _, event in reversed(since) if event.parts and event.concerns(session)]

    def _forget_old(self) -> None:
        oldest = time.monotonic() - self.options.max_disconnection_duration
        while self._events and next(iter(self._events.values())).sent < oldest:
            self._events.popitem(last=False)
        while self._sessions and next(iter(self._sessions.values())).ended < oldest:
            self._sessions.popitem(last=False)
