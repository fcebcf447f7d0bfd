"""What the screens look at: the live state, or a moment of the past."""

from __future__ import annotations

import time

from console.state.state import State


class Session:
    """The live state and the one that is shown; they differ while the console is back in time."""

    def __init__(self, live: State) -> None:
        #: Always folded on, whatever is shown.
        self.live = live
        #: What the views show.
        self.state = live

    @property
    def past(self) -> bool:
        """Whether a moment of the past is shown."""
        return self.state is not self.live

    def now(self) -> int:
        """Wall time in nanoseconds, or the time of the moment that is shown."""
        return self.state.time if self.past else time.time_ns()
