"""What belongs to a record: an event's ack, exception and recipients; an ack's or an exception's event."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from console.state.state import State
from server_core.records import (
    AckReceived,
    AckSent,
    AnyRecord,
    Connected,
    Disconnected,
    EventBlocked,
    EventReceived,
    EventSent,
    HandlerException,
    RoomJoined,
    RoomLeft,
    ServerStarted,
)

#: Records that are looked at for what belongs to one: back, or forward at a time.
_FAR = 20_000
#: Records by which the order of time may be wrong.
_NEAR = 2_000
#: Records that are looked at, back and forward, around the time at which an ack says that its event was.
_AROUND = 100


class Related:
    """What belongs to one record of the history; `extend` looks at what came since."""

    def __init__(self, state: State, record: AnyRecord) -> None:
        self._state = state
        self._record = record
        #: Number of the record, None when the history has dropped it.
        self.number = number_of(state, record)
        self._seen = state.history.end if self.number is None else self.number + 1
        self.ack: AckSent | AckReceived | None = None
        self.exception: HandlerException | None = None
        self.event: EventReceived | EventSent | None = None if self.number is None else self._find_event()
        self._over = not isinstance(record, EventReceived | EventSent)
        self.extend()

    def extend(self) -> None:
        """Look for the ack and the exception in what came after the event."""
        record = self._record
        if self._over or not isinstance(record, EventReceived | EventSent):
            return
        history = self._state.history
        start = max(self._seen, history.first)
        for each in islice(history.since(start), _FAR):
            self._seen = start = start + 1
            if getattr(each, "socket", None) != record.socket or not record.socket:
                continue
            match each:
                case AckSent() if isinstance(record, EventReceived) and each.id == record.id and each.nsp == record.nsp:
                    self.ack = self.ack or each
                case AckReceived() if isinstance(record, EventSent) and each.id == record.id and each.nsp == record.nsp:
                    self.ack = self.ack or each
                case HandlerException() if isinstance(record, EventReceived) and _names(each, record):
                    self.exception = self.exception or each
                case EventReceived() if isinstance(record, EventReceived) and each.event == record.event:
                    self._over = record.id is None or self.ack is not None  # a later exception is that one's
                    if self._over:
                        return
                case Disconnected():
                    self._over = True
                    return

    def _find_event(self) -> EventReceived | EventSent | None:
        record, history = self._record, self._state.history
        if not isinstance(record, AckSent | AckReceived | HandlerException) or self.number is None:
            return None
        if isinstance(record, AckSent | AckReceived) and (event := event_of(self._state, record)):
            return event
        # an exception does not tell when its event was, nor does each ack: those of a HAR file, or where clocks jump
        first = max(history.first, self.number - _FAR)
        before = list(islice(history.since(first), self.number - first))
        return next((event for each in reversed(before) if (event := _caused(record, each))), None)


def event_of(state: State, ack: AckSent | AckReceived) -> EventReceived | EventSent | None:
    """The event that an ack answers: it was `elapsed` before. Cheap enough for each line of a list."""
    if ack.elapsed is None:
        return None
    history = state.history
    at = _at(state, ack.time - round(ack.elapsed * 1e9))
    near = range(max(history.first, at - _AROUND), min(history.end, at + _AROUND))
    for number in sorted(near, key=lambda each: abs(each - at)):
        if (event := _caused(ack, history[number])) and event.server == ack.server:
            return event
    return None


def _caused(record: AckSent | AckReceived | HandlerException, event: AnyRecord) -> EventReceived | EventSent | None:
    """The event, where an ack answers it, or its handler raised."""
    if isinstance(record, HandlerException):
        if isinstance(event, EventReceived) and event.socket == record.socket and _names(record, event):
            return event
        return None
    kind: type[EventReceived | EventSent] = EventReceived if isinstance(record, AckSent) else EventSent
    about = record.socket, record.nsp, record.id
    return event if isinstance(event, kind) and (event.socket, event.nsp, event.id) == about else None


def last_received(state: State, socket: str) -> EventReceived | None:
    """The last event that a client itself sent, whole; None where there is none among the latest records."""
    history = state.history
    kept = (record for piece in history.backward(socket, history.end) for _, record in piece.records)
    for record in islice(kept, _FAR):
        if isinstance(record, EventReceived) and record.socket == socket and not record.simulated and not record.length:
            return record
    return None


def recipients(state: State, record: EventSent, number: int | None) -> Sequence[str]:
    """Ids of the sockets that an emit reached, as far as can be told: the members of its rooms, then."""
    if record.socket:
        return [record.socket]
    if number is None or state.history.end - number > _FAR:
        return []
    roster = state.rosters.get(record.server)
    if roster is None:
        return []
    nsp, interest = record.nsp, {*record.rooms, *record.except_}
    members = {room: set(roster.rooms.get((nsp, room), ())) for room in interest}
    everybody = set(roster.namespaces.get(nsp, ()))
    for each in reversed(list(state.history.since(number + 1))):
        if each.server != record.server:
            continue
        match each:
            case ServerStarted():
                members = {room: set() for room in interest}
                everybody = set()
            case Connected() if each.nsp == nsp:
                everybody.discard(each.socket)
                for room in members.values():
                    room.discard(each.socket)
            case RoomJoined() if each.nsp == nsp and each.room in members:
                members[each.room].discard(each.socket)
            case RoomLeft() if each.nsp == nsp and each.room in members:
                members[each.room].add(each.socket)
            case Disconnected() if each.nsp == nsp:
                everybody.add(each.socket)
                for name in interest & each.rooms:
                    members[name].add(each.socket)
    found = set().union(*(members[room] for room in record.rooms)) if record.rooms else everybody
    left_out = set().union(*(members[room] for room in record.except_)) if record.except_ else set()
    return sorted(found - left_out, key=lambda socket: (state.label(socket).casefold(), socket))


def _names(exception: HandlerException, event: EventReceived | EventBlocked) -> bool:
    """Whether an exception's place names this event."""
    return repr(event.event) in exception.where or event.event in exception.where


def number_of(state: State, record: AnyRecord) -> int | None:
    """The record's number: where its time stands, for records come in the order of time but for their servers'."""
    history = state.history
    low = _at(state, record.time)
    for number in sorted(
        range(max(history.first, low - _NEAR), min(history.end, low + _NEAR)), key=lambda n: abs(n - low)
    ):
        each = history[number]
        if each is record or (each.seq, each.server, each.epoch) == (record.seq, record.server, record.epoch):
            return number
    return None


def _at(state: State, time: int) -> int:
    """The number of the first record that is not before a wall time in nanoseconds."""
    history = state.history
    low, high = history.first, history.end
    while low < high:
        middle = (low + high) // 2
        if history[middle].time < time:
            low = middle + 1
        else:
            high = middle
    return low
