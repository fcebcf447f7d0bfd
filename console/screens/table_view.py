"""What the views of what is live have in common: a table, and all about the selected thing beside it."""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import Any, ClassVar

from textual import on

from console.link.base import LinkState
from console.screens.view import View
from console.state.refs import Ref
from console.state.timeline import FIRST, SLICE
from console.widgets.line_list import NOTICED, LineList
from console.widgets.table import Table


class TableView(View):
    """A view whose list is a table; its rows are opened by their ids."""

    #: What the table's things are called, one and several.
    noun: ClassVar[str]

    rows: Table[Any, Any]
    #: Since when the list has not been that of the filter (monotonic), None where it is.
    _stale_since: float | None = None

    @abstractmethod
    def ref_of(self, id: Any) -> Ref:
        """What a row names."""

    @abstractmethod
    def id_of(self, ref: Ref) -> Any | None:
        """The id of the row that something has, None where it is no row of this table."""

    def hint(self) -> str:
        """What stands where the table is empty, and no filter is the reason."""
        return f"no {self.noun} yet"

    def awaited(self, sentence: str) -> str:
        """A sentence that ends with where clients connect, as long as they can."""
        if self.link.status.state in (LinkState.LOST, LinkState.STOPPED):
            return f"no {self.noun}s: the server is not there"
        return f"{sentence} {self.link.url}"

    def ref(self) -> Ref | None:
        if self.in_detail:
            return self.detail.ref()
        return None if (id := self.rows.selected) is None else self.ref_of(id)

    def show(self, ref: Ref) -> None:
        if (id := self.id_of(ref)) is not None:
            self.rows.select(id)
            self.detail.show(ref)

    def hides(self, ref: Ref) -> bool:
        listing = self.rows.listing
        id = self.id_of(ref)
        return id is not None and listing.get(id) is not None and listing.hides(id)

    def refilter(self) -> None:
        self.rows.listing.filter = self.filter

    def resort(self) -> None:
        self.rows.listing.begin()
        self._order(FIRST)

    def _order(self, seconds: float) -> None:
        """Look at the order for so long, and draw it once it is known."""
        listing, rows = self.rows.listing, self.rows
        filtered = listing.stale
        if not listing.go_on(seconds):
            self._say_progress()
            return
        self._stale_since = None
        shown, total = len(listing.ids), listing.total
        rows.write_title(f"{self.title} {shown} of {total}" if self.filter else f"{self.title} {total}")
        rows.hint = f"no {self.noun} matches the filter: escape clears it" if self.filter else self.hint()
        rows.sync()
        if filtered:
            self.filtered()
        if self.detail.display:
            self.detail.sync()

    def filtered(self) -> None:
        """The list is that of another filter."""

    def _say_progress(self) -> None:
        """Say how far a filter has looked, where that takes longer than one waits without noticing."""
        listing = self.rows.listing
        if not listing.stale:
            self._stale_since = None
        elif self._stale_since is None:
            self._stale_since = time.monotonic()
        elif time.monotonic() - self._stale_since >= NOTICED:
            self.rows.say(f"filtering {listing.progress:.0%}")

    def sync(self, seconds: float = SLICE) -> None:
        self._order(seconds)
        self.rows.redraw()
        if self.detail.display:
            self.detail.sync_events()

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        # whoever is reading about something goes on reading when it leaves
        if event.list is self.rows and not self.in_detail:
            self.detail.show(None if (id := self.rows.selected) is None else self.ref_of(id))
            self.selected()

    def selected(self) -> None:
        """The cursor is on something else."""
