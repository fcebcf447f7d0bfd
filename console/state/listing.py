"""A list of what is live: filtered and sorted; nothing moves under the cursor, for all is known by its id."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, ClassVar, Generic, TypeVar

from console.state.filter import Filter
from console.state.session import Session
from console.state.state import State

Thing = TypeVar("Thing")
Id = TypeVar("Id", bound=Hashable)


#: Things that are looked at before it is asked whether there is time for more.
STEP = 100


class Listing(Generic[Thing, Id]):
    """Ids of the things that match a filter, in order. To look again costs O(things): it is done seldom, and a long
    list is done in slices."""

    #: Column → what it sorts by, the first one at the start. The last resort is the order in which things came.
    KEYS: ClassVar[dict[str, Callable[[Any, Any], Any]]] = {}

    def __init__(self, session: Session) -> None:
        self.session = session
        self.filter: Filter | None = None
        self.sort = next(iter(self.KEYS))
        self.reverse = False
        self.ids: list[Id] = []
        #: How many there are, those that don't match included.
        self.total = 0
        #: Seconds that it took to look at all of them, the last time.
        self.took = 0.0
        self._work: Iterator[float] | None = None
        self._looks_for: tuple[object, ...] = ()
        self._spent = 0.0
        #: How much was looked at, from 0 to 1.
        self._done = 1.0
        #: The state and the filter that `ids` are of, no state before the first look.
        self._found_in: tuple[State | None, Filter | None] = None, None

    # what subclasses say

    def things(self) -> Iterable[Thing]:
        """All there are now."""
        raise NotImplementedError

    def id_of(self, thing: Thing) -> Id:
        raise NotImplementedError

    def get(self, id: Id) -> Thing | None:
        """What has this id, None when it is gone."""
        raise NotImplementedError

    def takes(self, thing: Thing, filter: Filter) -> bool:
        """Whether the filter takes it."""
        raise NotImplementedError

    # what the screens ask

    def refresh(self) -> None:
        """Look at the state again, all at once."""
        self.begin()
        self.go_on(math.inf)

    def begin(self) -> None:
        """Have the state looked at again by `go_on`; goes on where that is done already."""
        looks_for = self.session.state, self.filter, self.sort, self.reverse
        if self._work is None or looks_for != self._looks_for:
            self._looks_for, self._work, self._spent, self._done = looks_for, self._look(), 0.0, 0.0

    @property
    def busy(self) -> bool:
        """Whether `go_on` has something to do."""
        return self._work is not None

    @property
    def stale(self) -> bool:
        """Whether `ids` are still those of another filter, or of another state."""
        state, filter = self._found_in
        return filter is not self.filter or state is not self.session.state

    @property
    def progress(self) -> float:
        """How much was looked at for what `ids` are to be, from 0 to 1."""
        return self._done if self.stale else 1.0

    def hides(self, id: Id) -> bool:
        """Whether the filter takes what has this id no more, or it is gone."""
        thing = self.get(id)
        return thing is None or (self.filter is not None and not self.takes(thing, self.filter))

    def go_on(self, seconds: float) -> bool:
        """Look on for about so long; whether all was looked at now, and the list is another one."""
        if self._work is None:
            return False
        start = time.perf_counter()
        while (done := next(self._work, None)) is not None:
            self._done = done
            if time.perf_counter() - start >= seconds:
                break
        self._spent += time.perf_counter() - start
        if done is None:
            self._work, self.took = None, self._spent
        return done is None

    def _look(self) -> Iterator[float]:
        """Look at all things, and say before each step how much is done."""
        state, things = self.session.state, list(self.things())
        filter, key, reverse = self.filter, self.KEYS[self.sort], self.reverse
        found: list[Thing] = []
        keys: list[Any] = []
        for start in range(0, len(things), STEP):
            part = things[start : start + STEP]
            if filter is not None:
                part = [thing for thing in part if self.takes(thing, filter)]
            found += part
            keys += [key(self, thing) for thing in part]
            yield start / len(things)
        order = sorted(range(len(found)), key=keys.__getitem__, reverse=reverse)
        self.total = len(things)
        self._found_in = state, filter
        self.ids = [self.id_of(found[number]) for number in order]
