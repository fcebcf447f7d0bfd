"""How much happens on one server, second by second, and how its process is."""

from __future__ import annotations

from collections import deque
from typing import Literal

from server_core.records import (
    AckReceived,
    AckSent,
    AnyRecord,
    Connected,
    Disconnected,
    EventReceived,
    EventSent,
    ServerStats,
)

#: Seconds that are kept.
SPAN = 600

#: Kinds of records that count.
MEASURED = frozenset({AckReceived, AckSent, Connected, Disconnected, EventReceived, EventSent, ServerStats})

Quantity = Literal["received", "sent", "bytes_in", "bytes_out", "connects", "disconnects"]
QUANTITIES: tuple[Quantity, ...] = ("received", "sent", "bytes_in", "bytes_out", "connects", "disconnects")


class Meter:
    """Counts of each of the last seconds, bounded, and the last statistics of the process."""

    def __init__(self) -> None:
        self._seconds: dict[int, list[int]] = {}
        self.stats: deque[ServerStats] = deque(maxlen=SPAN)

    def add(self, record: AnyRecord) -> None:
        """Count one record."""
        match record:
            case EventReceived():
                second = self._second(record.time)
                second[0] += 1
                second[2] += record.size
            case EventSent():
                second = self._second(record.time)
                second[1] += 1
                second[3] += record.size * record.sockets
            case AckReceived():
                self._second(record.time)[2] += record.size
            case AckSent():
                self._second(record.time)[3] += record.size
            case Connected():
                self._second(record.time)[4] += 1
            case Disconnected():
                self._second(record.time)[5] += 1
            case ServerStats():
                self.stats.append(record)

    def copy(self) -> Meter:
        copy = Meter()
        copy._seconds = {second: list(counts) for second, counts in self._seconds.items()}
        copy.stats = self.stats.copy()
        return copy

    def rates(self, quantity: Quantity, now: int, span: int = SPAN) -> list[int]:
        """A quantity of each of the last `span` whole seconds, oldest first; `now` is wall time in nanoseconds."""
        this = now // 1_000_000_000
        at = QUANTITIES.index(quantity)
        seconds = self._seconds
        return [counts[at] if (counts := seconds.get(second)) else 0 for second in range(this - span, this)]

    def lags(self, now: int, span: int = SPAN) -> list[float]:
        """Seconds by which the loop was late at worst, of each of the last `span` whole seconds; 0 where unknown."""
        first = now // 1_000_000_000 - span
        found = [0.0] * span
        for each in self.stats:
            if 0 <= (at := each.time // 1_000_000_000 - first) < span:
                found[at] = max(found[at], each.lag)
        return found

    @property
    def latest(self) -> ServerStats | None:
        return self.stats[-1] if self.stats else None

    @property
    def cpu(self) -> float | None:
        """The share of one core that the process used between its last two statistics; None before there are two."""
        if len(self.stats) < 2:
            return None
        before, after = self.stats[-2], self.stats[-1]
        took = (after.time - before.time) / 1e9
        return (after.cpu - before.cpu) / took if took > 0 and after.cpu >= before.cpu else None

    def _second(self, time: int) -> list[int]:
        second = time // 1_000_000_000
        counts = self._seconds.get(second)
        if counts is None:
            counts = self._seconds[second] = [0] * len(QUANTITIES)
            while len(self._seconds) > SPAN + 60:
                del self._seconds[next(iter(self._seconds))]
        return counts
