"""How many events each socket sent and got: folded on the hot path, so counts are summed up where they can be.

A broadcast is not counted for each of its recipients when it is folded, but when somebody asks, or when who is in its
rooms is about to change: a thousand broadcasts to one room then cost one pass over its members.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from weakref import WeakMethod

from server_core.records import SocketCounters

#: Rooms that a broadcast went to: (namespace, rooms, except).
Target = tuple[str, tuple[str, ...], tuple[str, ...]]
#: Ids of those whom it reached.
Recipients = Callable[[str, tuple[str, ...], tuple[str, ...]], Iterable[str]]

_NONE = SocketCounters()
#: Different targets whose broadcasts wait to be counted.
_MAX_PENDING = 1_000


class Counters:
    """Counters by socket."""

    def __init__(self, recipients: Recipients) -> None:
        """`recipients` is a roster's method."""
        # whose roster has these counters: a cycle would leave each copy to a long garbage collection
        self._recipients = WeakMethod(recipients)
        #: Socket → the fields of its `SocketCounters`.
        self._rows: dict[str, list[int]] = {}
        #: Broadcasts not counted yet: how many, the time of the last one, their bytes.
        self._broadcasts: dict[Target, list[int]] = {}
        #: What those broadcasts address: (namespace, room), None for the whole namespace.
        self._addressed: set[tuple[str, str | None]] = set()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counters) and self.all() == other.all()

    __hash__ = None  # type: ignore[assignment]  # mutable

    def row(self, socket: str) -> list[int]:
        """A socket's own list of the fields of `SocketCounters`, to be counted up in place."""
        row = self._rows.get(socket)
        if row is None:
            row = self._rows[socket] = [0, 0, 0, 0, 0]
        return row

    def broadcast(self, target: Target, time: int, size: int) -> None:
        """Count an emit for all that it reached."""
        pending = self._broadcasts.get(target)
        if pending is None:
            if len(self._broadcasts) >= _MAX_PENDING:
                self._settle()
            self._broadcasts[target] = [1, time, size]
            nsp, rooms, except_ = target
            self._addressed.update((nsp, room) for room in rooms or (None,))
            self._addressed.update((nsp, room) for room in except_)
            return
        pending[0] += 1
        pending[1] = time
        pending[2] += size

    def changing(self, nsp: str, rooms: Iterable[str | None]) -> None:
        """Who is in these rooms (None: in the namespace) is about to change: count what was sent to them before."""
        if self._broadcasts and not self._addressed.isdisjoint([(nsp, room) for room in rooms]):
            self._settle()

    def of(self, socket: str) -> SocketCounters:
        """One socket's counters."""
        if self._broadcasts:
            self._settle()
        row = self._rows.get(socket)
        return _NONE if row is None else SocketCounters(*row)

    def all(self) -> dict[str, SocketCounters]:
        """The counters of all sockets that have any."""
        self._settle()
        return {socket: SocketCounters(*row) for socket, row in self._rows.items() if any(row)}

    def put(self, socket: str, counters: SocketCounters) -> None:
        """Start a socket with these."""
        self._rows[socket] = [
            counters.received,
            counters.sent,
            counters.last,
            counters.bytes_received,
            counters.bytes_sent,
        ]

    def forget(self, socket: str) -> None:
        """Let go of a socket that is gone."""
        self._rows.pop(socket, None)

    def copy(self, recipients: Recipients) -> Counters:
        """The same counters, for a roster with these recipients."""
        self._settle()
        copy = Counters(recipients)
        copy._rows = {socket: row.copy() for socket, row in self._rows.items()}
        return copy

    def _settle(self) -> None:
        """Count the broadcasts for each of those whom they reached."""
        if not self._broadcasts:
            return
        broadcasts, self._broadcasts, self._addressed = self._broadcasts, {}, set()
        rows, recipients = self._rows, self._recipients()
        if recipients is None:
            return
        for target, (sent, last, size) in broadcasts.items():
            for socket in recipients(*target):
                row = rows.get(socket)
                if row is None:
                    rows[socket] = [0, sent, last, 0, size]
                    continue
                row[1] += sent
                row[4] += size
                if last > row[2]:
                    row[2] = last
