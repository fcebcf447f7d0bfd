"""How records read, one line each; `detail/pairs.py` has the rest of them. No Textual in here."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from datetime import datetime
from typing import Literal, NamedTuple

from console import text
from console.state.related import event_of
from console.state.session import Session
from console.state.state import State
from console.state.texts import kind_text, own_text, readable
from server_core import redact
from server_core.records import (
    CONSOLE,
    AckReceived,
    AckSent,
    AnyRecord,
    AttributeDeleted,
    AttributeSet,
    Commanded,
    Connected,
    Connecting,
    DeleteAttribute,
    Disconnect,
    Disconnected,
    Disconnecting,
    Drop,
    Emit,
    EngineClosed,
    EngineOpened,
    EngineRefused,
    EngineUpgraded,
    EventBlocked,
    EventReceived,
    EventSent,
    Gap,
    HandlerException,
    Join,
    Leave,
    Log,
    PayloadRecord,
    Refused,
    RoomJoined,
    RoomLeft,
    ServerBlocked,
    ServerLost,
    ServerReloaded,
    ServerStarted,
    ServerStats,
    ServerStopped,
    SetAttribute,
    Simulate,
)

#: What a line means; the screen gives each a colour, the glyph and the word say it without.
Tone = Literal["in", "out", "good", "bad", "warn", "quiet", "plain"]

#: Characters of a payload from which its line holds the beginning alone, and how many such lines are remembered.
_LONG, _REMEMBERED = 16_384, 256
#: Acks of which it is remembered what they answer.
_EVENTS = 5_000
#: Rooms of one emit that are named.
_NAMED = 20


class Line(NamedTuple):
    """One record in the timeline; nothing in it is safe for the screen yet."""

    glyph: str
    tone: Tone
    who: str
    what: str
    rest: str


class Reader:
    """Reads records with what the state knows: names for ids, secrets masked."""

    def __init__(self, session: Session, *, show_secrets: bool = False) -> None:
        self._session = session
        self.show_secrets = show_secrets
        self._long: OrderedDict[tuple[str, int, int, bool], str] = OrderedDict()
        #: The events that acks answer, by server, epoch and seq of the ack.
        self._events: OrderedDict[tuple[str, int, int], str] = OrderedDict()

    @property
    def _state(self) -> State:
        return self._session.state

    def label(self, id: str) -> str:
        """The name of a socket, or the start of its id."""
        return self._state.label(id)

    def mask(self, json_text: str) -> str:
        """JSON text as the screen may show it."""
        return readable(json_text if self.show_secrets else redact.mask_text(json_text))

    def mask_line(self, line: str) -> str:
        return line if self.show_secrets else redact.mask_line(line)

    def masked(self, record: AnyRecord) -> AnyRecord:
        """A record as it may leave the console."""
        return record if self.show_secrets else redact.mask_record(record)

    def line(self, record: AnyRecord) -> Line:
        """A record as one line."""
        state = self._state
        who = state.label(socket) if (socket := getattr(record, "socket", "")) else ""
        match record:
            case EventReceived():
                simulated = "simulated  " if record.simulated else ""
                return Line("←", "in", who, record.event, simulated + self._args(record) + _id(record.id))
            case EventSent():
                return Line("→", "out", who or self.target(record), record.event, self._sent(record))
            case AckSent() | AckReceived():
                return self._ack(record, who)
            case EventBlocked():
                why = self.mask_line(record.message) or "dropped: its middleware never called next"
                return Line("⊘", "warn", who, f"blocked {record.event}", f"{why}  {self.mask(record.data)}")
            case Connecting():
                return Line(
                    "…",
                    "quiet",
                    who,
                    "recovering" if record.recovered else "connecting",
                    record.nsp + (f" from {record.handshake.address}" if record.handshake.address else ""),
                )
            case Connected():
                return Line("+", "good", who, "connected", record.nsp)
            case Refused():
                by = f" by {record.by}" if record.by else ""
                data = f"  {self.mask(record.data)}" if record.data else ""
                return Line("⊘", "bad", who, "refused", f"{self.mask_line(record.message)}{data}{by}")
            case Disconnecting():
                return Line("✗", "quiet", who, "disconnecting", record.reason)
            case Disconnected():
                return Line("✗", "bad", who, "disconnected", record.reason)
            case RoomJoined():
                return Line("»", "plain", who, "joined", record.room)
            case RoomLeft():
                return Line("«", "plain", who, "left", record.room)
            case AttributeSet():
                value = self.attribute(record.name, record.value)
                return Line("=", "plain", who, f"set {record.name}", value)
            case AttributeDeleted():
                return Line("=", "plain", who, "deleted", record.name)
            case HandlerException():
                return Line("!", "bad", who, record.type, f"{self.mask_line(record.message)}  ({record.where})")
            case Commanded():
                return self._commanded(record)
            case _:
                return self._server(record)

    def _ack(self, record: AckSent | AckReceived, who: str) -> Line:
        event = self._answered(record)
        what = f"ack of {event}" if event else f"ack #{record.id}"
        way = "sent" if isinstance(record, AckSent) else "got"
        after = "" if record.elapsed is None else f" after {text.seconds(record.elapsed)}"
        return Line("✓", "good", who, what, f"{way}{after}  {self._data(record)}{_id(record.id if event else None)}")

    def _answered(self, record: AckSent | AckReceived) -> str:
        """The name of the event that an ack answers, "" where that is not known any more."""
        key = record.server, record.epoch, record.seq
        name = self._events.get(key)
        if name is None:
            event = event_of(self._state, record)
            name = self._events[key] = event.event if event else ""
            if len(self._events) > _EVENTS:
                self._events.popitem(last=False)
        return name

    def _server(self, record: AnyRecord) -> Line:
        match record:
            case EngineRefused():
                origin = f" origin {record.origin}" if record.origin else ""
                rest = f"{record.status} {record.message}{origin}"
                return Line("⊘", "bad", record.address, "request refused", rest)
            case EngineOpened():
                return Line("⇄", "quiet", record.address, "connection", f"{record.transport} {record.engine}")
            case EngineUpgraded():
                return Line("⇄", "quiet", "", "upgraded", f"to {record.transport} {record.engine}")
            case EngineClosed():
                return Line("⇄", "quiet", "", "connection closed", f"{record.reason} {record.engine}")
            case ServerStarted():
                info = record.info
                return Line("●", "good", "server", "started", f"{info.target} pid {info.pid} at {info.url}")
            case ServerStopped():
                if record.server == CONSOLE:
                    return Line("■", "bad", "server", "not started", f"{record.why}; its log has more")
                return Line("■", "bad", "server", "stopped", record.why)
            case ServerLost():
                return Line("○", "bad", "server", "out of reach", f"{record.why}: what is shown of it is as it was")
            case ServerBlocked():
                rest = f"for {text.seconds(record.seconds)}  {_blocking(record.stack)}"
                return Line("!", "warn", "server", "loop blocked", rest)
            case ServerReloaded():
                return Line("●", "warn", "server", "reloaded", ", ".join(record.files))
            case ServerStats():
                return Line("·", "quiet", "server", "stats", f"loop {text.seconds(record.lag)} late at worst")
            case Gap():
                return Line("~", "warn", "console", "gap", f"{_lost(record)}{record.why}")
        return Line("·", "plain", "", record.kind, "")

    def _commanded(self, record: Commanded) -> Line:
        command, result = record.command, record.result
        tone: Tone = "good" if result.ok else "bad"
        match command:
            case Emit():
                to = ", ".join(map(self.label, command.rooms)) or f"everybody in {command.nsp}"
                what, whom = f"emit {command.event}", f"to {to}"
            case Disconnect():
                what, whom = "disconnect", self._labels(command.sockets) + (" and close" if command.close else "")
            case Join():
                what, whom = f"join {', '.join(command.rooms)}", self._labels(command.sockets)
            case Leave():
                what, whom = f"leave {', '.join(command.rooms)}", self._labels(command.sockets)
            case Drop():
                what, whom = "drop", self._labels(command.sockets)
            case Simulate():
                what, whom = f"simulate {command.event}", f"as from {self.label(command.socket)}"
            case SetAttribute():
                what, whom = f"set {command.name}", f"of {self.label(command.socket)}"
            case DeleteAttribute():
                what, whom = f"delete {command.name}", f"of {self.label(command.socket)}"
        return Line("❯", tone, "console", what, f"{whom}: {self.outcome(record)}")

    def _labels(self, sockets: tuple[str, ...]) -> str:
        """The first few of these sockets, by name, and how many others."""
        named = ", ".join(map(self.label, sockets[:3]))
        return named + (f" and {len(sockets) - 3} others" if len(sockets) > 3 else "")

    def outcome(self, record: Commanded) -> str:
        """What a command did, in words."""
        result = record.result
        if not result.ok:
            return f"failed: {self.mask_line(result.error)}"
        done = f"done, {text.count(result.sockets, 'socket')}"
        for ack in result.acks[:3]:
            answer = "no ack" if ack.data is None else f"ack {self.mask(ack.data)}"
            done += f", {answer} after {text.seconds(ack.elapsed)}"
        return done

    def target(self, record: EventSent) -> str:
        """Whom an emit was for, in words."""
        if not record.rooms:
            return f"all of {record.nsp}"
        more = len(record.rooms) - _NAMED
        return ", ".join(map(self._room, record.rooms[:_NAMED])) + (f", {more} more" if more > 0 else "")

    def _room(self, room: str) -> str:
        return self.label(room) if self._state.known(room) else f"#{room}"

    def _sent(self, record: EventSent) -> str:
        reach = "" if record.socket else f"×{record.sockets} "
        return reach + self._args(record) + _id(record.id)

    def _args(self, record: EventReceived | EventSent) -> str:
        head = f'["{record.event}"'
        data = record.data if len(record.data) > _LONG else readable(record.data)
        if not data.startswith(head):
            return self._data(record)
        return self._payload_line(record, "[" + data[len(head) :].lstrip(", "))

    def _data(self, record: PayloadRecord) -> str:
        return self._payload_line(record, record.data)

    def _payload_line(self, record: PayloadRecord, data: str) -> str:
        """A payload, or the beginning of a long one: masking has to read all of it, so it is done once."""
        if len(data) <= _LONG:
            return _with_attachments(self.mask(data), record)
        key = record.server, record.epoch, record.seq, self.show_secrets
        line = self._long.get(key)
        if line is None:
            line = self._long[key] = _with_attachments(self.mask(data)[:_LONG], record)
            if len(self._long) > _REMEMBERED:
                self._long.popitem(last=False)
        return line

    def data(self, record: PayloadRecord) -> str:
        """A record's payload, on one line."""
        return self._data(record)

    # filter

    def text_of(self, record: AnyRecord) -> str:
        """All of a record's text, a line for each part, in which a filter's free text is looked for."""
        if isinstance(record, Log):
            return record.text
        socket = getattr(record, "socket", "")
        who = self.label(socket) if socket else ""
        if (own := own_text(record)) is not None:
            slash = "/" if isinstance(record, PayloadRecord) else ""  # each is in some namespace
            return f"{kind_text(record.kind)}\n{socket}\n{who}\n{slash}\n{own}"
        line = self.line(record)
        return f"{kind_text(record.kind)}\n{socket}\n{who}\n{line.who} {line.what} {line.rest}"

    # attributes

    def attribute(self, name: str, value: str) -> str:
        """An attribute's value, on one line."""
        return readable(value if self.show_secrets else redact.mask_attribute(name, value))


def _lost(record: Gap) -> str:
    """How much was lost, where that is known."""
    return f"{text.count(record.lost, 'record')} lost: " if record.lost else ""


def clock(nanoseconds: int, *, full: bool = False) -> str:
    """Local wall time of a record: `12:07:41.120`, with its date where asked."""
    if full:
        moment = datetime.fromtimestamp(nanoseconds / 1e9).astimezone()
        return moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    whole, rest = divmod(nanoseconds, 1_000_000_000)
    local = time.localtime(whole)
    return f"{local.tm_hour:02}:{local.tm_min:02}:{local.tm_sec:02}.{rest // 1_000_000:03}"


def _blocking(stack: str) -> str:
    """The innermost call of a stack that is in no library, on one line."""
    calls = [call for call in re.split(r"^(?=  File )", stack, flags=re.MULTILINE) if call]
    own = [
        call
        for call in calls
        if not re.search(r"[/\\](site-packages|lib[/\\]python3[.\d]*)[/\\]", call.partition("\n")[0])
    ]
    return " ".join((own or calls or [""])[-1].split())


def _id(number: int | None) -> str:
    return "" if number is None else f"  #{number}"


_PLACEHOLDER = re.compile(r'\{"_placeholder":\s*true,\s*"num":\s*(\d+)\}')


def _with_attachments(payload: str, record: PayloadRecord) -> str:
    """A payload with the size of each binary part in its place."""
    if not record.attachments:
        return payload
    sizes = [text.size(len(data)) for data in record.attachments]

    def stands_for(match: re.Match[str]) -> str:
        number = int(match[1])
        return f"<{sizes[number]} binary>" if number < len(sizes) else match[0]

    return _PLACEHOLDER.sub(stands_for, payload)
