"""What all details have in common: pages about one thing, in tabs of blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.cells import cell_len

from console.detail.blocks import Block, Piece, Rows, link
from console.detail.tree import Tree
from console.lines import Reader, clock
from console.state.filter import Filter
from console.state.refs import RecordRef, Ref, SocketRef
from console.state.session import Session
from console.state.state import State
from console.state.timeline import Timeline
from console.text import cut, fit, safe


class Page:
    """All about one thing. What it shows is asked for anew at most twice a second; what is open stays open."""

    #: Names of its tabs, none where it is a single one.
    tabs: ClassVar[tuple[str, ...]] = ("",)
    #: The tabs on which the newest is followed.
    following: ClassVar[tuple[str, ...]] = ()

    def __init__(self, session: Session, reader: Reader) -> None:
        self.session = session
        self._masking = reader
        self._plain = Reader(session, show_secrets=True)
        #: Whether secrets are shown as they are.
        self.revealed = reader.show_secrets
        self.timeline = Timeline(session)
        self._trees: dict[str, Tree] = {}

    # what subclasses say

    def title(self) -> str:
        """What the page is about; not yet safe for the screen."""
        raise NotImplementedError

    def note(self) -> str:
        """A word about its state: `gone`."""
        return ""

    def blocks(self, tab: str) -> list[Block]:
        """What stands on a tab."""
        raise NotImplementedError

    # what they share

    @property
    def state(self) -> State:
        return self.session.state

    @property
    def reader(self) -> Reader:
        return self._plain if self.revealed else self._masking

    def reveal(self) -> bool:
        """Show secrets as they are, or mask them again; whether they are shown now."""
        self.revealed = not self.revealed
        for tree in self._trees.values():
            tree.reveal(self.revealed)
        return self.revealed

    def tree(self, key: str, name: str, text: str, **options: Any) -> Tree:
        """A tree that keeps what is open in it while its text changes."""
        before = self._trees.get(key)
        if before is not None and before.text is text:
            return before
        tree = Tree(name, text, **options)
        if before is not None:
            tree.keep(before)
        tree.reveal(self.revealed)
        self._trees[key] = tree
        return tree

    def events(self, *, filter: Filter | None = None, socket: str | None = None) -> Rows:
        """The timeline's records that concern this page, as rows."""
        timeline = self.timeline
        timeline.set(filter=filter, socket=socket)
        timeline.extend()
        return Rows(lambda: len(timeline), self._event, lambda row: RecordRef(timeline[row]))

    def _event(self, row: int, width: int) -> list[Piece]:
        record = self.timeline[row]
        line = self.reader.line(record)
        head = f"{clock(record.time)} "
        what = fit(safe(line.what), 16) + " "
        rest = width - len(head) - 2 - cell_len(what)
        return [
            (head, "quiet"),
            (f"{line.glyph} ", line.tone),
            (what, line.tone),
            (cut(safe(line.rest), rest), "plain"),
        ]

    def sockets(self, ids: Sequence[str]) -> Rows:
        """Sockets as rows: what they are called, their id, their namespace."""

        def draw(row: int, width: int) -> list[Piece]:
            id = ids[row]
            known = self.state.known(id)
            gone = "" if self.state.socket(id) else "  gone"
            label = min(20, max(8, width // 3))
            rest = f"{id}  {known.nsp if known else ''}{gone}"
            return [*link(safe(self.state.label(id)), label), (cut(safe(rest), width - label - 1), "quiet")]

        def ref(row: int) -> Ref:
            return SocketRef(ids[row])

        return Rows(lambda: len(ids), draw, ref)


def heading(text: str) -> Rows:
    """A line that says what follows."""
    return Rows(lambda: 1, lambda _, width: [(cut(safe(text), width), "header")])


def blank() -> Rows:
    return Rows(lambda: 1, lambda _, __: [])
