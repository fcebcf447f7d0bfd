"""The main screen's pulse: one look at the link 20 times a second, then whatever it changed is drawn."""

from __future__ import annotations

import math
import time
from collections import deque
from typing import TYPE_CHECKING

from console.link.base import LinkState
from console.screens.look import remember
from console.state.state import State
from console.state.timeline import SLICE
from console.typeahead import TypeAhead
from console.widgets.banner import Banner
from console.widgets.scrubber import Scrubber
from console.widgets.top_line import TopLine
from server_core.records import AnyRecord

if TYPE_CHECKING:
    from console.screens.main import MainScreen

#: Seconds between two looks at the link, at the order of the lists, and at what only time changes.
FLUSH, RESORT, TICK = 1 / 20, 0.5, 1.0
#: While there is more to do than one look does: seconds between two, in which keys are answered, and between two that
#: draw, while a file is read or behind a dialog.
BREATH, REDRAW = 0.002, 0.25
#: Seconds for which keys that are answered put off a look at the link.
LATEST = 2 * FLUSH
#: Records that are folded before it is asked whether there is time for more.
PIECE = 200
#: Seconds that folding and searching may take at once while nobody types.
LONG = 0.025
#: Times as long as ordering took that pass before it is done again.
RESORT_SHARE = 10


class Pulse:
    """Takes what came, has it drawn, and goes on with what takes its time; keys come before all of it."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._resort_at = 0.0
        #: Whether something changed since the lists were ordered.
        self._unordered = False
        self._ticked = 0.0
        self._drawn: tuple[State, int] = (screen.session.state, -1)
        self._flushed = self._redraw_at = 0.0
        self._hurries = False
        #: What was taken from the link, and is still to be folded.
        self._unfolded: deque[AnyRecord] = deque()
        #: Whether the row that actions are about is still looked for.
        self._pending = False

    def start(self) -> None:
        self._screen.set_interval(FLUSH, self.flush)

    def drawn(self) -> None:
        """Everything is drawn as it is by now."""
        self._drawn = self._screen.session.state, self._screen.session.state.version

    def flush(self) -> None:
        """Take what came, fold it, and draw what it changed."""
        screen, now = self._screen, time.monotonic()
        keys = self._keys
        if keys and keys.answering and now - self._flushed < LATEST:
            return
        self._flushed = now
        session, view = screen.session, screen.view
        loading = screen.link.status.state is LinkState.LOADING
        self._fold(math.inf if loading else SLICE)
        # behind a dialog each change has Textual draw the whole terminal; a search goes on there all the same
        behind = screen.app.screen is not screen and not view.searching
        waits = (loading or behind) and now < self._redraw_at
        if not waits:
            screen.query_one(Scrubber).tick()
        state = session.state
        changed = not waits and self._drawn != (state, state.version)
        tick = now - self._ticked >= TICK
        other = screen.query_one(Banner).sync(again=tick)
        if changed or tick or other:
            screen.query_one(TopLine).refresh()
        screen.set_class(session.past, "past")
        if changed or (view.searching and not waits):
            self.drawn()
            self._redraw_at = now + REDRAW
            view.sync(0.0 if self._hurries else SLICE)  # what takes its time goes on between two looks
        self._order(now, changed=changed or tick)
        if tick:
            self._ticked = now
            screen.refresh_bindings()
            remember(screen)
        self._searched()

    def _fold(self, seconds: float) -> None:
        """Take what came and fold it, for about so long; what is left is folded before more is taken."""
        screen, until = self._screen, time.perf_counter() + seconds
        waiting = self._unfolded = self._unfolded or deque(screen.link.take())
        while waiting:
            screen.session.apply([waiting.popleft() for _ in range(min(PIECE, len(waiting)))])
            if time.perf_counter() >= until:
                break

    def _order(self, now: float, *, changed: bool) -> None:
        """Look at the order of the lists now and then."""
        view = self._screen.view
        self._unordered |= changed
        listing = view.table.listing if view.table else None
        if self._unordered and now >= self._resort_at and not (listing and listing.busy):
            self._unordered = False
            view.resort()
            took = listing.took if listing else time.monotonic() - now
            self._resort_at = now + max(RESORT, took * RESORT_SHARE)

    def _searched(self) -> None:
        """Go on soon where there is more to do; until then say what can't be done."""
        screen = self._screen
        if (pending := screen.view.pending("row")) != self._pending:
            self._pending = pending
            screen.refresh_bindings()
        loading = screen.link.status.state is LinkState.LOADING
        if (loading or self._unfolded or screen.view.searching) and not self._hurries:
            self._hurries = True
            screen.set_timer(BREATH, self._hurry)

    def _hurry(self) -> None:
        """Go on with what takes its time, between two looks at the link: it is not drawn more often than else."""
        self._hurries = False
        screen, keys = self._screen, self._keys
        if screen.link.status.state is LinkState.LOADING:
            self.flush()
            return
        if not (keys and keys.answering):
            seconds = SLICE if keys and keys.typing else LONG
            if self._unfolded:
                self._fold(seconds)
            elif screen.view.searching:
                screen.view.sync(seconds)
        self._searched()

    @property
    def _keys(self) -> TypeAhead | None:
        """What knows which keys are on their way."""
        return self._screen.app if isinstance(self._screen.app, TypeAhead) else None
