"""All about a socket."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice

from console.detail import pairs
from console.detail.blocks import Block, Fact, Facts, Rows, link
from console.detail.page import Page, blank, heading
from console.lines import Reader, clock
from console.state.names import where
from console.state.refs import ClientRef, Ref, RoomRef, ServerRef, SocketRef
from console.state.session import Session
from console.text import count, fit, safe, seconds, size
from server_core.records import AnyRecord, AttributeDeleted, AttributeSet, SocketInfo
from server_core.redact import PRIVATE_ID, is_secret

#: Former values of an attribute that are shown, and records that are looked at for them.
_FORMER, _FAR = 20, 50_000


class SocketPage(Page):
    """One socket, live or gone. Its timeline holds also the broadcasts that reached it."""

    tabs = ("Overview", "Handshake", "Rooms", "Attributes", "Timeline")
    following = ("Timeline",)

    def __init__(self, session: Session, reader: Reader, id: str) -> None:
        super().__init__(session, reader)
        self.id = id
        self._former: dict[str, deque[tuple[int, str | None]]] = {}
        self._seen = 0
        self._looked_at: object = None

    def title(self) -> str:
        return f"{self.state.label(self.id)} · {self.id}" if self.state.known(self.id) else self.id

    def note(self) -> str:
        return "" if self.state.socket(self.id) or not self.state.known(self.id) else "gone"

    def blocks(self, tab: str) -> list[Block]:
        socket = self.state.known(self.id)
        if tab == "Timeline":
            return [self.events(socket=self.id)]
        if socket is None:
            return [Facts([Fact("", "nothing is known of this socket any more")])]
        match tab:
            case "Overview":
                return [Facts(self._overview(socket))]
            case "Handshake":
                return self._handshake(socket)
            case "Rooms":
                return [self._rooms(socket)]
        return self._attributes(socket)

    def _overview(self, socket: SocketInfo) -> list[Fact]:
        state = self.state
        roster = state.roster_of(socket.id)
        engine = roster.engines.get(socket.engine) if roster else None
        since = socket.connected or socket.connecting
        age = seconds(max(0.0, (self.session.now() - since) / 1e9))
        facts = [
            Fact("connected" if socket.connected else "connecting", f"{clock(since)} · {age}" if roster else "gone"),
            Fact("id", socket.id),
            Fact("namespace", socket.nsp),
            Fact("transport", engine.transport if engine else ""),
            Fact("engine", socket.engine, ClientRef(socket.engine) if engine else None),
            Fact("address", socket.handshake.address),
        ]
        if engine and engine.rtt is not None:
            facts.append(Fact("rtt", seconds(engine.rtt)))
        if roster:
            counters = roster.counters_of(socket.id)
            others = [each for each in roster.sockets.values() if each.engine == socket.engine and each is not socket]
            facts += [Fact("also in", each.nsp, SocketRef(each.id)) for each in others]
            facts.append(Fact("events", f"{counters.received} in · {counters.sent} out"))
            facts.append(Fact("bytes", f"{size(counters.bytes_received)} in · {size(counters.bytes_sent)} out"))
        rooms = sorted(socket.rooms - {socket.id})
        for number, room in enumerate(rooms[:10]):
            facts.append(Fact("" if number else "rooms", room, RoomRef(socket.nsp, room)))
        facts = [fact if fact.name else Fact(" ", *fact[1:]) for fact in facts]
        if not rooms:
            facts.append(Fact("rooms", "none but its own"))
        elif len(rooms) > 10:
            facts.append(Fact(" ", f"and {len(rooms) - 10} more: the tab Rooms has all"))
        attributes = socket.attributes.items()
        facts += [Fact(name, self.reader.attribute(name, value), attribute=name) for name, value in attributes]
        headers = socket.handshake.headers
        facts += [Fact("origin", headers.get("origin", "")), Fact("client", headers.get("user-agent", ""))]
        for id, each in state.rosters.items():
            if each is roster and (len(state.rosters) > 1 or each.info.nodes):
                facts.append(Fact("server", where(id, each.info), ServerRef(id)))
        return [fact for fact in facts if fact.text]

    def _handshake(self, socket: SocketInfo) -> list[Block]:
        handshake = socket.handshake
        shown = [Fact(*pair) for pair in pairs.of_handshake(handshake, self.reader) if pair[0] != "auth"]
        auth = self.tree("auth", "auth", handshake.auth, also=PRIVATE_ID)
        return [Facts(shown[:5]), auth, Facts(shown[5:])]

    def _rooms(self, socket: SocketInfo) -> Rows:
        state = self.state
        rooms = sorted(socket.rooms, key=lambda room: (room != socket.id, room))

        def draw(row: int, width: int) -> list[tuple[str, str]]:
            room = rooms[row]
            if room == socket.id:
                return [(fit("(own)", 13) + " ", "quiet"), ("its own room, for private messages", "plain")]
            members = len(state.members(socket.nsp, room))
            return [*link(safe(room), max(13, min(30, width - 14))), (count(members, "member"), "plain")]

        def ref(row: int) -> Ref:
            return RoomRef(socket.nsp, rooms[row])

        return Rows(lambda: len(rooms), draw, ref)

    def _attributes(self, socket: SocketInfo) -> list[Block]:
        self._look_back()
        blocks: list[Block] = []
        for name in sorted({*socket.attributes, *self._former}):
            if blocks:
                blocks.append(blank())
            value = socket.attributes.get(name)
            if value is None:
                blocks.append(Facts([Fact(name, "deleted", attribute=name)]))
            else:
                options = {"secret": is_secret(name), "level": 0, "attribute": name}
                blocks.append(self.tree(f"attribute {name}", name, value, **options))
            former = [*self._former.get(name, ())]
            if former and value is not None and former[-1][1] == value:
                former.pop()
            if former:
                blocks.append(heading(f"  before: {count(len(former), 'value')}"))
                blocks.append(
                    Facts(
                        [
                            Fact(
                                f"  {clock(at)}",
                                "deleted" if text is None else self.reader.attribute(name, text)[:500],
                                attribute=name,
                            )
                            for at, text in reversed(former)
                        ]
                    )
                )
        return blocks

    def _look_back(self) -> None:
        """Take in the values that came since the last look, from the history."""
        state, history = self.state, self.state.history
        records: Iterable[AnyRecord]
        if self._looked_at is not state:
            self._looked_at, self._former = state, {}
            kept = (each for piece in history.backward(self.id, history.end) for _, each in piece.records)
            records = reversed(list(islice(kept, _FAR)))
        else:
            records = history.since(max(self._seen, history.first))
        for record in records:
            if isinstance(record, AttributeSet | AttributeDeleted) and record.socket == self.id:
                value = record.value if isinstance(record, AttributeSet) else None
                self._former.setdefault(record.name, deque(maxlen=_FORMER)).append((record.time, value))
        self._seen = history.end
