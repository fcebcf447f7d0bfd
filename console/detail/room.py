"""All about a room."""

from __future__ import annotations

from console.detail.blocks import Block, Fact, Facts
from console.detail.page import Page, blank
from console.lines import Reader, clock
from console.state.concerns import ConcernsRoom
from console.state.refs import SocketRef
from console.state.session import Session
from console.text import count


class RoomPage(Page):
    """One room of a namespace: who is in it, and what happened there."""

    tabs = ("Members", "Events")
    following = ("Events",)

    def __init__(self, session: Session, reader: Reader, nsp: str, room: str) -> None:
        super().__init__(session, reader)
        self.nsp = nsp
        self.room = room
        self._concerns = ConcernsRoom(nsp, room)

    def title(self) -> str:
        return f"{self.room} · {self.nsp}"

    def note(self) -> str:
        return "" if self.members() else "empty"

    def members(self) -> list[str]:
        """Ids of its sockets."""
        return self.state.members(self.nsp, self.room)

    def blocks(self, tab: str) -> list[Block]:
        if tab == "Events":
            return [self.events(filter=self._concerns)]
        members = self.members()
        events, last = self.state.room_events.get((self.nsp, self.room), (0, 0))
        facts = [Fact("members", count(len(members), "socket"))]
        if self.state.socket(self.room):
            facts.append(Fact("private", "its socket's own room", SocketRef(self.room)))
        facts.append(Fact("events to it", f"{events}" + (f", the last at {clock(last)}" if last else "")))
        return [Facts(facts), blank(), self.sockets(members)]
