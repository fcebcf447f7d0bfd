"""A list of what is live: filtered and sorted; nothing moves under the cursor, for all is known by its id."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, ClassVar, Generic, TypeVar

from console.state.filter import Filter
from console.state.session import Session

Thing = TypeVar("Thing")
Id = TypeVar("Id", bound=Hashable)


class Listing(Generic[Thing, Id]):
    """Ids of the things that match a filter, in order. `refresh` costs O(things), so it is called seldom."""

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
        """Look at the state again."""
        found = list(self.things())
        self.total = len(found)
        if (filter := self.filter) is not None:
            found = [thing for thing in found if self.takes(thing, filter)]
        key = self.KEYS[self.sort]
        found.sort(key=lambda thing: key(self, thing), reverse=self.reverse)
        self.ids = [self.id_of(thing) for thing in found]
