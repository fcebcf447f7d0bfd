"""Connection state recovery: a client that was cut off comes back as the socket that it was.

Follows Socket.IO's `connectionStateRecovery`: each event carries an offset as its last argument, the client names its
private id (`pid`) and the last offset that it saw when it connects again, and gets what it missed.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Collection
from typing import Any

import msgspec

from server_core.reasons import (
    FORCED_CLOSE,
    FORCED_SERVER_CLOSE,
    PING_TIMEOUT,
    SERVER_SHUTTING_DOWN,
    TRANSPORT_CLOSE,
    TRANSPORT_ERROR,
)

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
    #: Whether a recovered socket passes without its middlewares.
    skip_middlewares: bool = True


class Session(msgspec.Struct, frozen=True):
    """What is kept of a socket that was cut off."""

    sid: str
    pid: str
    nsp: str
    rooms: frozenset[str]
    data: dict[Any, Any]
    attached: dict[str, Any]
    ended: float


class Missed(msgspec.Struct, frozen=True):
    """One event that may have to be sent again."""

    offset: str
    nsp: str
    #: None: the whole namespace.
    rooms: frozenset[str] | None
    #: Rooms whose members do not get it.
    except_: frozenset[str]
    #: None: it is not sent again.
    packet: list[Any] | None
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
        self._sessions: dict[str, Session] = {}
        self._events: deque[Missed] = deque(maxlen=MAX_EVENTS)

    def new_pid(self) -> str:
        """A client's secret with which it can come back."""
        return secrets.token_urlsafe(15)

    def sent(
        self,
        nsp: str,
        rooms: Collection[str] | str | None,
        except_: Collection[str],
        packet: list[Any],
        *,
        volatile: bool = False,
    ) -> list[Any]:
        """Keep an event that goes out; the packet to send instead, with its offset at the end.

        A volatile one has an offset too, as the client takes the last text for one, but is not sent again.
        """
        self._forget_old()
        offset = secrets.token_urlsafe(9)
        packet = [*packet, offset]
        kept = None if rooms is None else frozenset((rooms,)) if isinstance(rooms, str) else frozenset(rooms)
        self._events.append(
            Missed(offset, nsp, kept, frozenset(except_), None if volatile else packet, time.monotonic())
        )
        return packet

    def keep(
        self, sid: str, pid: str, nsp: str, rooms: Collection[str], data: dict[Any, Any], attached: dict[str, Any]
    ) -> None:
        """Keep a socket that was cut off."""
        self._forget_old()
        self._sessions[pid] = Session(sid, pid, nsp, frozenset(rooms), data, attached, time.monotonic())

    def restore(self, nsp: str, auth: dict[str, Any]) -> tuple[Session | None, list[list[Any]]]:
        """The socket that this client was, None when it has to start anew, and the packets that it missed."""
        self._forget_old()
        pid, offset = auth.get("pid"), auth.get("offset")
        if not isinstance(pid, str) or not isinstance(offset, str):
            return None, []
        session = self._sessions.get(pid)
        if session is None or session.nsp != nsp:
            return None, []
        events = iter(self._events)
        if not any(event.offset == offset for event in events):
            return None, []
        del self._sessions[pid]
        return session, [event.packet for event in events if event.packet and event.concerns(session)]

    def _forget_old(self) -> None:
        oldest = time.monotonic() - self.options.max_disconnection_duration
        while self._events and self._events[0].sent < oldest:
            self._events.popleft()
        for pid, session in list(self._sessions.items()):  # in the order in which they ended
            if session.ended >= oldest:
                return
            del self._sessions[pid]
