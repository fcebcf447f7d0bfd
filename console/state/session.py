"""What the screens look at: the live state, or a moment of the past."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from console.state.history import UNSEEN
from console.state.journal import Journal, LiveJournal
from console.state.state import State
from server_core.records import AnyRecord

#: Records between two snapshots, sockets that count as much as one of them, and bytes.
EVERY = 5_000
PER_SOCKET = 4
EVERY_BYTES = 16 * 1024 * 1024
#: Snapshots past which every other one goes, and those to come are twice as far apart.
MAX_SNAPSHOTS = 100


class Snapshot(NamedTuple):
    """A state as it was once."""

    #: How many records it has folded.
    moment: int
    state: State


class Session:
    """The live state and the one that is shown; they differ while the console is back in time.

    A moment is a number of records: the state at a moment has folded so many of them.
    """

    def __init__(self, live: State, journal: Journal | None = None) -> None:
        """`live` has folded nothing yet; a `journal` is that of a file."""
        #: Always folded on, whatever is shown.
        self.live = live
        #: What the views show.
        self.state = live
        #: The moment of the live state.
        self.end = 0
        self._journal: Journal = LiveJournal() if journal is None else journal  # an empty one is false
        #: Whether it is over: it has a last moment, in place of a present.
        self._over = journal is not None
        self._moment = 0
        self._snapshots = [Snapshot(0, live.copy())]
        self._bytes = 0
        #: Twice as many each time that there are too many snapshots.
        self._apart = 1

    @property
    def past(self) -> bool:
        """Whether a moment of the past is shown."""
        return self.state is not self.live

    def now(self) -> int:
        """Wall time in nanoseconds, or the time of the moment that is shown; of a file, always that."""
        return self.state.time if self.past or self._over else time.time_ns()

    def apply(self, records: Sequence[AnyRecord]) -> None:
        """Fold what came into the live state."""
        for start in range(0, len(records), EVERY):
            piece = records[start : start + EVERY]
            self._bytes += self._journal.append(piece)
            self.live.apply(piece)
            self.end += len(piece)
            since = self.end - self._snapshots[-1].moment
            enough = self._apart * (EVERY + PER_SOCKET * self.live.socket_count())
            if since >= enough or self._bytes >= EVERY_BYTES * self._apart:
                self._keep()

    # travelling

    @property
    def first(self) -> int:
        """The oldest moment that can be shown."""
        return self._snapshots[0].moment

    @property
    def moment(self) -> int:
        """The moment that is shown."""
        return self._moment if self.past else self.end

    def present(self) -> None:
        """Show the live state."""
        self.state = self.live

    def go(self, moment: int) -> None:
        """Show a moment; the latest one is the live state. Costs a fold from the nearest snapshot at most."""
        moment = max(moment, self.first)
        if moment >= self.end:
            self.present()
            return
        start, snapshot = self._before(moment)
        if self.past and start <= self._moment <= moment:
            self._fold(self.state, self._moment, moment)
        else:
            self.state = self._fold(snapshot.copy(), start, moment)
        self._moment = moment

    def at(self, moment: int) -> State:
        """The state at a moment, to look at beside the one that is shown."""
        moment = min(max(moment, self.first), self.end)
        start, snapshot = self._before(moment)
        return self._fold(snapshot.copy(), start, moment)

    def moment_of(self, time: int) -> int:
        """The moment that it was at a wall time in nanoseconds."""
        return self._journal.at(time, self.end)

    def _before(self, moment: int) -> Snapshot:
        """The latest snapshot that is not after a moment."""
        return next(each for each in reversed(self._snapshots) if each.moment <= moment)

    def _fold(self, state: State, start: int, end: int) -> State:
        state.apply(self._journal.records(start, end))
        return state

    def travel(self, time: int) -> None:
        """Show how things were at a wall time in nanoseconds."""
        self.go(self.moment_of(time))

    def step(self, by: int) -> None:
        """Go so many records of the timeline forward, or back."""
        moment = self.moment
        for _ in range(-by):
            moment = self._shown_before(moment)
        for _ in range(by):
            moment = self._shown_from(moment) + 1
        self.go(moment)

    def _shown_before(self, moment: int) -> int:
        """The number of the last record before a moment that the timeline shows; the oldest moment when none is."""
        while moment > self.first:
            moment -= 1
            if self._is_shown(moment):
                break
        return moment

    def _shown_from(self, moment: int) -> int:
        """The number of the first record from a moment on that the timeline shows."""
        while moment < self.end and not self._is_shown(moment):
            moment += 1
        return moment

    def _is_shown(self, number: int) -> bool:
        return any(not isinstance(record, UNSEEN) for record in self._journal.records(number, number + 1))

    def _keep(self) -> None:
        """Keep how things are now, and nothing that is older than the history."""
        snapshots = self._snapshots
        snapshots.append(Snapshot(self.end, self.live.copy()))
        self._bytes = 0
        oldest = self.live.history.first
        old = sum(each.state.history.end <= oldest for each in snapshots[1:])
        del snapshots[:old]
        if len(snapshots) > MAX_SNAPSHOTS:
            del snapshots[1:-1:2]
            self._apart *= 2
        self._journal.drop(self.first)
