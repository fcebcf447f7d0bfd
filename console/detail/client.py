"""All about a client: an Engine.IO connection."""

from __future__ import annotations

from console.detail import pairs
from console.detail.blocks import Block, Fact, Facts
from console.detail.page import Page, blank, heading
from console.detail.plot import sparkline
from console.lines import Reader, clock
from console.state.clients import client_of
from console.state.concerns import ConcernsClient
from console.state.session import Session
from console.text import count, seconds, size


class ClientPage(Page):
    """One connection with the sockets of its namespaces."""

    tabs = ("Overview", "Headers", "Events")
    following = ("Events",)

    def __init__(self, session: Session, reader: Reader, id: str) -> None:
        super().__init__(session, reader)
        self.id = id
        self._concerns = ConcernsClient(session, id)

    def title(self) -> str:
        client = client_of(self.session, self.id)
        who = self.state.label(client.sockets[0].id) if client and client.sockets else ""
        return f"{who} · {self.id}" if who else self.id

    def note(self) -> str:
        return "" if self.state.engine(self.id) else "gone"

    def blocks(self, tab: str) -> list[Block]:
        if tab == "Events":
            return [self.events(filter=self._concerns)]
        client = client_of(self.session, self.id)
        if client is None:
            return [Facts([Fact("", "this connection is closed: the tab Events has what happened on it")])]
        if tab == "Headers":
            if not client.sockets:
                return [Facts([Fact("", "no namespace was joined yet: headers come with the first")])]
            return [Facts([Fact(*pair) for pair in pairs.of_handshake(client.sockets[0].handshake, self.reader)])]
        engine = client.engine
        age = seconds(max(0.0, (self.session.now() - engine.opened) / 1e9))
        upgraded = "no"
        if engine.upgraded:
            after = seconds(max(0.0, (engine.upgraded - engine.opened) / 1e9))
            upgraded = f"{clock(engine.upgraded)}, after {after}"
        facts = [
            Fact("opened", f"{clock(engine.opened)} · {age}" if engine.opened else ""),
            Fact("id", engine.id),
            Fact("transport", engine.transport),
            Fact("upgraded", upgraded),
            Fact("address", engine.address),
            Fact("bytes", f"{size(client.bytes_in)} in · {size(client.bytes_out)} out"),
            Fact("user agent", client.agent),
        ]
        rtts = engine.rtts
        if rtts:
            facts.append(Fact("rtt", f"{seconds(rtts[-1])}  {sparkline(rtts)}"))
            facts.append(Fact("", f"of the last {len(rtts)}: {seconds(min(rtts))} to {seconds(max(rtts))}"))
        blocks: list[Block] = [Facts([fact if fact.name else Fact(" ", fact.text) for fact in facts if fact.text])]
        blocks += [blank(), heading(count(len(client.sockets), "socket"))]
        return [*blocks, self.sockets([socket.id for socket in client.sockets])]
