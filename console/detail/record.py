"""All about one record: an event with its ack, its exception and its recipients, an exception's traceback, anything."""

from __future__ import annotations

from console.detail import pairs
from console.detail.blocks import Block, Fact, Facts, Hex
from console.detail.json_text import Node
from console.detail.page import Page, blank, heading
from console.lines import Reader, clock
from console.state.refs import ClientRef, RecordRef, Ref, RoomRef, SocketRef
from console.state.related import Related, recipients
from console.state.session import Session
from console.text import count, seconds, size
from server_core.records import (
    AckReceived,
    AckSent,
    AnyRecord,
    AttributeSet,
    Connecting,
    EventBlocked,
    EventReceived,
    EventRecord,
    EventSent,
    HandlerException,
    Log,
    PayloadRecord,
    Refused,
)
from server_core.redact import PRIVATE_ID, is_secret

#: Attachments that are shown.
_MAX_BINARY = 100


class RecordPage(Page):
    """One record, whole."""

    def __init__(self, session: Session, reader: Reader, record: AnyRecord) -> None:
        super().__init__(session, reader)
        self.record = record
        self._related = Related(session.state, record)
        self._of = session.state
        self._hex: list[Hex] = []
        self._recipients = (
            recipients(session.state, record, self._related.number) if isinstance(record, EventSent) else []
        )
        if isinstance(record, PayloadRecord):
            attachments = record.attachments[:_MAX_BINARY]
            for number, data in enumerate(attachments):
                small = len(data) <= 256 or len(attachments) == 1
                self._hex.append(Hex(f"binary {number} · {size(len(data))} · {len(data)} bytes", data, open=small))

    def title(self) -> str:
        line = self.reader.line(self.record)
        return f"{line.glyph} {line.who} {line.what}"

    def blocks(self, tab: str) -> list[Block]:
        record = self.record
        if self._of is not self.state:  # another moment: what belongs to the record may not have happened yet
            self._of, self._related = self.state, Related(self.state, record)
        self._related.extend()
        blocks: list[Block] = [Facts([fact for fact in self._facts() if fact.text])]
        if isinstance(record, PayloadRecord):
            blocks += [blank(), self._payload(record), *self._hex]
        if isinstance(record, Connecting):
            blocks += [blank(), self.tree("auth", "auth", record.handshake.auth, also=PRIVATE_ID)]
            blocks.append(
                Facts([Fact(*pair) for pair in pairs.of_handshake(record.handshake, self.reader) if pair[0] != "auth"])
            )
        if isinstance(record, Refused) and record.data:
            blocks += [blank(), self.tree("data", "data", record.data)]
        if isinstance(record, AttributeSet):
            blocks += [blank(), self.tree("value", record.name, record.value, secret=is_secret(record.name))]
        if isinstance(record, Log) and record.text.lstrip()[:1] in ("{", "["):
            blocks += [blank(), self.tree("log", "as JSON", self.reader.mask_line(record.text).strip())]
        exception = self._related.exception
        if exception:
            blocks += [blank(), Facts(self._exception(exception))]
        if isinstance(record, EventSent) and not record.socket:
            blocks += [blank(), *self._reached(record)]
        return blocks

    def _payload(self, record: PayloadRecord) -> Block:
        binary = [len(data) for data in record.attachments]
        label = _argument if isinstance(record, EventRecord) else None
        return self.tree("payload", "payload", record.data, binary=binary, label=label, cut=bool(record.length))

    def _facts(self) -> list[Fact]:
        record = self.record
        facts = [Fact("time", clock(record.time, full=True)), Fact("record", f"{record.kind} #{record.seq}")]
        nsp = getattr(record, "nsp", "/")
        if socket := getattr(record, "socket", ""):
            role = "to" if isinstance(record, EventSent) else "from" if isinstance(record, EventReceived) else "socket"
            facts.append(Fact(role, f"{self.state.label(socket)} · {socket} in {nsp}", SocketRef(socket)))
        if engine := getattr(record, "engine", ""):
            facts.append(Fact("engine", engine, ClientRef(engine)))
        if isinstance(record, EventSent):
            facts += self._rooms(record)
        elif room := getattr(record, "room", ""):
            facts.append(Fact("room", room, RoomRef(nsp, room)))
        if isinstance(record, PayloadRecord):
            facts += self._about_payload(record)
        elif isinstance(record, HandlerException):
            facts += self._exception(record)
        elif isinstance(record, Log):
            facts.append(Fact("", self.reader.mask_line(record.text)))
        else:
            skip = {"", "time", "record", "socket", "auth", "data", "value"}
            if isinstance(record, Connecting):
                return facts
            facts += [Fact(*pair) for pair in pairs.of_record(record, self.reader) if pair[0] not in skip]
            rest = self.reader.line(record).rest
            facts += [Fact("what", rest)] if all(fact.text != rest for fact in facts) else []
        if event := self._related.event:
            what = self.reader.line(event)
            facts.append(Fact("event", f"{what.glyph} {what.what} at {clock(event.time)}", RecordRef(event)))
        return facts

    def _about_payload(self, record: PayloadRecord) -> list[Fact]:
        facts: list[Fact] = []
        if isinstance(record, EventBlocked):
            facts.append(Fact("blocked", self.reader.mask_line(record.message) or "its middleware never called next"))
        if isinstance(record, AckSent | AckReceived):
            facts.append(Fact("after", "" if record.elapsed is None else seconds(record.elapsed)))
        number = getattr(record, "id", None)
        if number is not None:
            facts.append(Fact("ack id", f"#{number}"))
            if ack := self._related.ack:
                took = "" if ack.elapsed is None else f" after {seconds(ack.elapsed)}"
                facts.append(
                    Fact("ack", f"✓ at {clock(ack.time)}{took}  {self.reader.data(ack)}"[:300], RecordRef(ack))
                )
            elif isinstance(record, EventReceived | EventSent):
                facts.append(Fact("ack", "none yet"))
        cut = f", cut from {size(record.length)}: its digest is {record.digest}" if record.length else ""
        facts.append(Fact("size", f"{size(record.size)}{cut}"))
        if binary := len(record.attachments):
            facts.append(Fact("binary", count(binary, "attachment")))
        return facts

    def _rooms(self, record: EventSent) -> list[Fact]:
        def named(room: str) -> tuple[str, Ref]:
            if self.state.known(room):
                return f"{self.state.label(room)} · {room}", SocketRef(room)
            return room, RoomRef(record.nsp, room)

        facts = [Fact("room", *named(room)) for room in record.rooms if room != record.socket]
        if not record.rooms and not record.socket:
            facts.append(Fact("to", f"all of {record.nsp}"))
        return facts + [Fact("except", *named(room)) for room in record.except_]

    def _exception(self, exception: HandlerException) -> list[Fact]:
        reader = self.reader
        ref = RecordRef(exception) if exception is not self.record else None
        return [
            Fact("raised", f"! {exception.type}: {reader.mask_line(exception.message)}", ref),
            Fact("where", exception.where),
            Fact("traceback", reader.mask_line(exception.traceback.rstrip())),
        ]

    def _reached(self, record: EventSent) -> list[Block]:
        known = len(self._recipients)
        what = f"recipients: {record.sockets}"
        if known != record.sockets:
            what += f", of which {known} can be named" if known else ", too long ago to name them"
        return [heading(what), self.sockets(self._recipients)]


def _argument(_node: Node, index: int) -> str:
    """What an item of an event's payload is called, as the filter calls it."""
    return "event" if index == 0 else f"arg[{index - 1}]"
