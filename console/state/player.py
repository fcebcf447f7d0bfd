"""Playing the past: the session goes on by itself, at any speed, until it is the present."""

from __future__ import annotations

from console.state.session import Session

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 1_000.0)


class Player:
    """Moves a session on by the time that passes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.playing = False
        self.speed = 1.0
        #: Where it started: seconds of the caller's clock, and wall time in nanoseconds of the session.
        self._from = 0.0, 0

    def play(self, now: float) -> None:
        """Go on from the moment that is shown; `now` is in seconds of any clock that does not jump."""
        self.playing = self._session.past
        self._from = now, self._session.now()

    def pause(self) -> None:
        self.playing = False

    def faster(self, by: int, now: float) -> None:
        """Take the next speed up or down."""
        self.speed = SPEEDS[max(0, min(SPEEDS.index(self.speed) + by, len(SPEEDS) - 1))]
        if self.playing:
            self.play(now)

    def tick(self, now: float) -> None:
        """Show the moment that it is by now."""
        if not self.playing:
            return
        if not self._session.past:
            self.playing = False
            return
        started, at = self._from
        self._session.travel(max(self._session.now(), at + int((now - started) * self.speed * 1e9)))
        self.playing = self._session.past
