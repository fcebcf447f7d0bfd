"""The detail beside the lists: a page about one thing, in tabs."""

from __future__ import annotations

import asyncio
import re
import time
from bisect import bisect_right
from collections.abc import Generator

from textual import events
from textual.message import Message

from console.detail.blocks import Block, Fold
from console.detail.client import ClientPage
from console.detail.page import Page
from console.detail.record import RecordPage
from console.detail.room import RoomPage
from console.detail.server import ServerPage
from console.detail.socket import SocketPage
from console.lines import Reader
from console.state.refs import ClientRef, RecordRef, Ref, RoomRef, ServerRef, SocketRef
from console.state.session import Session
from console.state.timeline import FIRST, SLICE
from console.text import cut, safe
from console.widgets.line_list import NOTICED, About, LineList, Piece
from server_core.records import AnyRecord

#: A search through the blocks: how far it is in the one that it is at; in the end a block and a row in it.
Seeking = Generator[float, None, tuple[Block, int] | None]
#: Seconds between two slices of a search, in which keys are answered and all else is drawn.
BREATH = 0.005


class Detail(LineList):
    """Draws a page, and moves, folds, searches and reveals in it."""

    class Shown(Message):
        """It is about something else."""

    class Sought(Message):
        """What was looked for was found, or is not there."""

        def __init__(self, *, found: bool) -> None:
            super().__init__()
            self.found = found

    def __init__(self, session: Session, reader: Reader, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._session = session
        self._reader = reader
        self.page_shown: Page | None = None
        #: What it is about.
        self.subject: Ref | None = None
        self.tab = 0
        #: What was searched for last, the search that goes on, which way, how far it is, and since when (monotonic).
        self.pattern: re.Pattern[str] | None = None
        self._seeking: Seeking | None = None
        self._forward = True
        self._sought = self._since = 0.0
        self._blocks: list[Block] = []
        #: The first row of each block, and the number of rows.
        self._starts: list[int] = []
        self._count = 0
        #: The tab that was left for each kind of thing.
        self._tabs: dict[type, int] = {}

    # what it is about

    def show(self, ref: Ref | None) -> None:
        """Be about something else."""
        if ref == self.subject and (ref is None or self.page_shown is not None):
            return
        revealed = bool(self.page_shown and self.page_shown.revealed)
        if self.subject is not None:
            self._tabs[type(self.subject)] = self.tab
        self.subject = ref
        self.page_shown = self._page(ref) if ref is not None else None
        self.has_header = self.has_tabs
        self.tab = self._tabs.get(type(ref), 0)
        if revealed and self.page_shown and not self.page_shown.revealed:
            self.page_shown.reveal()
        self._begin()

    def _page(self, ref: Ref) -> Page:
        session, reader = self._session, self._reader
        match ref:
            case SocketRef():
                return SocketPage(session, reader, ref.id)
            case RoomRef():
                return RoomPage(session, reader, ref.nsp, ref.room)
            case RecordRef():
                return RecordPage(session, reader, ref.record)
            case ClientRef():
                return ClientPage(session, reader, ref.id)
            case ServerRef():
                return ServerPage(session, reader, ref.id)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its tabs."""
        return self.page_shown.tabs if self.page_shown else ("",)

    @property
    def tab_name(self) -> str:
        return self.names[self.tab] if self.tab < len(self.names) else self.names[0]

    @property
    def has_tabs(self) -> bool:
        return len(self.names) > 1

    @property
    def follows_newest(self) -> bool:
        """Whether this tab's newest row is followed."""
        return self.page_shown is not None and self.tab_name in self.page_shown.following

    @property
    def searching(self) -> float:
        """How much of the history this tab's events were looked for in, from 0 to 1; it goes on with `sync_events`."""
        return self.page_shown.timeline.progress if self.page_shown and self.follows_newest else 1.0

    def turn(self, by: int) -> None:
        """Go to another tab."""
        self.tab = (self.tab + by) % len(self.names)
        self._begin()

    def stand(self, tab: int, row: int) -> None:
        """Be on a tab, on a row."""
        self.tab = tab
        self._begin()
        self.following = False
        self.move(row)

    def _begin(self) -> None:
        """Stand at the top, or at the newest."""
        self.end_search()
        self.top = self.cursor = 0
        self.following = self.follows_newest
        if self.is_mounted:
            self.sync()
            self.post_message(self.Shown())

    def ref(self) -> Ref | None:
        """What the row under the cursor names."""
        found = self._at(self.cursor)
        return found[0].ref(found[1]) if found else None

    def attribute(self) -> str:
        """The name of the attribute that the row under the cursor is about, "" where it is about none."""
        found = self._at(self.cursor)
        return found[0].attribute(found[1]) if found else ""

    def record(self) -> AnyRecord | None:
        """The record under the cursor, or the one that it is about."""
        ref = self.ref()
        if isinstance(ref, RecordRef):
            return ref.record
        return self.subject.record if isinstance(self.subject, RecordRef) else None

    def sync(self) -> None:
        """Take in what changed."""
        page = self.page_shown
        self.write_title(safe(page.title()) if page else "Detail")
        self._blocks = page.blocks(self.tab_name) if page else []
        self._say()
        self._lay_out()
        self.update()

    def _say(self) -> None:
        """Name in the border how far it is with what takes its time."""
        page, searched = self.page_shown, self.searching
        if self._seeking and time.monotonic() - self._since >= NOTICED:
            searched = self._sought
        searching = f"searching {searched:.0%}" if searched < 1 else ""
        self.write_note("  ".join(filter(None, [searching, safe(page.note()) if page else ""])))

    def sync_events(self) -> None:
        """Take in what changed where it is a list of what happens."""
        if self.follows_newest:
            self.sync()

    def _lay_out(self) -> None:
        width = max(10, self.size.width - 1)
        self._starts, self._count = [], 0
        for block in self._blocks:
            self._starts.append(self._count)
            self._count += block.lay_out(width)

    def _at(self, row: int) -> tuple[Block, int] | None:
        """The block in which a row stands, and the row in it."""
        if not 0 <= row < self._count:
            return None
        index = bisect_right(self._starts, row) - 1
        return self._blocks[index], row - self._starts[index]

    # folding

    def fold(self, how: Fold) -> bool:
        """Open or close what the cursor is on; whether there was anything."""
        found = self._at(self.cursor)
        if found is None:
            return False
        block, row = found
        to = block.fold(row, how)
        if to is None:
            return False
        self._lay_out()
        self.move(self._starts[self._blocks.index(block)] + to)
        return True

    def reveal(self) -> None:
        """Show secrets as they are, or mask them again."""
        if self.page_shown:
            self.page_shown.reveal()
            self.sync()

    # searching

    def pending(self, what: About) -> bool:
        return bool(what) and self._seeking is not None

    def search(self, text: str) -> None:
        """Go to the first place from the cursor on where a text is found; says `Sought`."""
        pattern = re.compile(re.escape(text), re.IGNORECASE) if text else None
        if pattern != self.pattern or self._seeking is None:
            self.pattern = pattern
            self._look_for(self.cursor - 1, forward=True)

    def search_on(self, *, forward: bool) -> None:
        """Go to the next place, or the one before; says `Sought`."""
        self._look_for(self.cursor, forward=forward)

    def end_search(self) -> None:
        """Look no further."""
        if self._seeking is not None:
            self._seeking = None
            self._say()

    def _look_for(self, row: int, *, forward: bool) -> None:
        """Look at once for what takes no time, and for the rest in slices."""
        self.end_search()
        if self.pattern is None:
            self.post_message(self.Sought(found=True))
            return
        seeking = self._seeking = self._seek(self.pattern, row, forward=forward)
        self._forward, self._sought, self._since = forward, 0.0, time.monotonic()
        if not self._look_on(seeking, FIRST):
            self.run_worker(self._look_further(seeking), group="search", exclusive=True)

    async def _look_further(self, seeking: Seeking) -> None:
        while seeking is self._seeking and not self._look_on(seeking, SLICE):
            self._say()
            await asyncio.sleep(BREATH)

    def _look_on(self, seeking: Seeking, seconds: float) -> bool:
        """Look on for about so long; whether the search is over, and the cursor where it led."""
        until = time.perf_counter() + seconds
        try:
            self._sought = next(seeking)
            while time.perf_counter() < until:
                self._sought = next(seeking)
        except StopIteration as done:
            self.end_search()
            self._go_to(done.value)
            return True
        return False

    def _go_to(self, found: tuple[Block, int] | None) -> None:
        if found is not None:
            block, row = found
            if block not in self._blocks:  # others are shown by now
                self._look_for(self.cursor - self._forward, forward=self._forward)
                return
            self._lay_out()
            self.following = False
            self.move(self._starts[self._blocks.index(block)] + row)
        self.post_message(self.Sought(found=found is not None))

    def _seek(self, pattern: re.Pattern[str], start: int, *, forward: bool) -> Seeking:
        """From a row to the end, then from the other end up to it."""
        blocks, starts = self._blocks, self._starts
        if not blocks:
            return None
        count = len(blocks)
        here = max(0, bisect_right(starts, max(0, start)) - 1)
        order = [(here + step) % count if forward else (here - step) % count for step in range(count + 1)]
        for turn, index in enumerate(order):
            block = blocks[index]
            outside = -1 if forward else block.lay_out(max(10, self.size.width - 1))
            found = yield from block.seek(pattern, start - starts[index] if turn == 0 else outside, forward=forward)
            if found is not None:
                return block, found
        return None

    # drawing

    def row_count(self) -> int:
        return self._count

    def empty(self) -> str:
        return "nothing is selected" if self.subject is None else "nothing here"

    def tabs(self) -> list[tuple[int, int, int]]:
        """(tab, first cell, cells) of the tabs for which there is room, within the border."""
        found, at = [], 0
        for number, name in enumerate(self.names if self.has_tabs else ()):
            if at + len(name) > self.size.width:
                break
            found.append((number, at, len(name)))
            at += len(name) + 1
        return found

    def header(self, width: int) -> list[Piece]:
        pieces: list[Piece] = []
        for number, _, _ in self.tabs():
            name = self.names[number]
            pieces += [(cut(name, width), "chosen" if number == self.tab else "quiet"), (" ", "quiet")]
        return pieces

    def pieces(self, row: int, width: int) -> list[Piece]:
        found = self._at(row)
        return found[0].pieces(found[1], width) if found else []

    async def _on_click(self, event: events.Click) -> None:
        if self.has_tabs and event.y == 1:  # the tabs, below the border
            for number, at, cells in self.tabs():
                if at <= event.x - 1 < at + cells:
                    self.turn(number - self.tab)
            return
        await super()._on_click(event)

    def on_resize(self) -> None:
        self._lay_out()
        super().on_resize()

    # moving

    def move(self, row: int) -> None:
        if self.follows_newest:
            self.following = row >= self.row_count() - 1
        super().move(row)
        found = self._at(self.cursor)
        if found and (to := found[0].reach(found[1])) is not None:
            self._lay_out()
            super().move(self._starts[self._blocks.index(found[0])] + to)
