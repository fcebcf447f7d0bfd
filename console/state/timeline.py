"""The timeline: the records of the history that match, extended as records come."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from console.state.filter import Filter
from console.state.session import Session
from console.state.state import State
from server_core.records import (
    AnyRecord,
    Commanded,
    Connected,
    Connecting,
    DeleteAttribute,
    Disconnect,
    Disconnected,
    Drop,
    Emit,
    EventSent,
    Join,
    Leave,
    RoomJoined,
    RoomLeft,
    SetAttribute,
    Simulate,
)


class Timeline:
    """Numbers of the records that match a filter, and concern a socket where one is named."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._state = session.state
        self.filter: Filter | None = None
        self.socket: str | None = None
        self.numbers: list[int] = []
        #: How many matching records have been dropped from the front: row + dropped never changes for a record.
        self.dropped = 0
        self._seen = 0
        self._track: SocketTrack | None = None

    def set(self, *, filter: Filter | None = None, socket: str | None = None) -> None:
        """Show what this filter takes, and this socket's own timeline where one is named."""
        same = self._state is self._session.state and self._seen
        if same and filter is self.filter and socket == self.socket:
            return
        self._state = self._session.state
        self.filter, self.socket = filter, socket
        history = self._state.history
        records = history.since(history.first)
        self.dropped, self._seen = 0, history.end
        self._track = SocketTrack(self._state, socket) if socket else None
        if self._track:
            found: Iterable[int] = self._track.backward(records)
        else:
            found = range(len(records))
        first = history.first
        self.numbers = [first + index for index in found if self._matches(records[index])]

    def extend(self) -> int:
        """Take in what came since the last call; how many records were added. Begins anew when the session shows
        another state."""
        if self._state is not self._session.state:
            self.set(filter=self.filter, socket=self.socket)
            return len(self.numbers)
        history = self._state.history
        start = max(self._seen, history.first)
        before = len(self.numbers)
        track = self._track
        for number, record in enumerate(history.since(start), start):
            if (track is None or track.forward(record)) and self._matches(record):
                self.numbers.append(number)
        added = len(self.numbers) - before
        self._seen = history.end
        if self.numbers and self.numbers[0] < history.first:
            gone = bisect_left(self.numbers, history.first)
            del self.numbers[:gone]
            self.dropped += gone
        return added

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, row: int) -> AnyRecord:
        return self._state.history[self.numbers[row]]

    def _matches(self, record: AnyRecord) -> bool:
        return self.filter is None or self.filter.takes_record(record)


class SocketTrack:
    """Which records concern one socket: its own, and the emits that reached it, by the rooms that it was in then."""

    def __init__(self, state: State, id: str) -> None:
        known = state.known(id)
        self._id = id
        self._nsp = known.nsp if known else "/"
        live = state.socket(id)
        self._connected = bool(live and live.connected)
        self._rooms: set[str] = set(known.rooms) if known else set()

    def forward(self, record: AnyRecord) -> bool:
        """Whether the next record concerns it."""
        if getattr(record, "socket", None) == self._id:
            match record:
                case Connecting():
                    self._nsp = record.nsp
                    self._rooms = set()
                case Connected():
                    self._connected = True
                    self._rooms.add(self._id)
                case RoomJoined():
                    self._rooms.add(record.room)
                case RoomLeft():
                    self._rooms.discard(record.room)
                case Disconnected():
                    self._connected, self._rooms = False, set()
            return True
        return self._reached_by(record)

    def backward(self, records: list[AnyRecord]) -> list[int]:
        """Indices of the records that concern it, oldest first: its rooms of each moment are found by going back."""
        now = (self._connected, set(self._rooms))
        found: list[int] = []
        for index in range(len(records) - 1, -1, -1):
            record = records[index]
            if getattr(record, "socket", None) != self._id:
                if self._reached_by(record):
                    found.append(index)
                continue
            found.append(index)
            match record:
                case Connected():
                    self._connected = False
                case RoomJoined():
                    self._rooms.discard(record.room)
                case RoomLeft():
                    self._rooms.add(record.room)
                case Disconnected():
                    self._connected, self._rooms = True, set(record.rooms)
        self._connected, self._rooms = now
        found.reverse()
        return found

    def _reached_by(self, record: AnyRecord) -> bool:
        if isinstance(record, Commanded):
            command = record.command
            match command:
                case Emit():
                    return self._id in command.rooms or self._id == command.sender
                case Disconnect() | Join() | Leave() | Drop():
                    return self._id in command.sockets
                case Simulate() | SetAttribute() | DeleteAttribute():
                    return self._id == command.socket
        if not isinstance(record, EventSent) or record.socket or not self._connected or record.nsp != self._nsp:
            return False
        if self._id in record.except_ or not self._rooms.isdisjoint(record.except_):
            return False
        return not record.rooms or not self._rooms.isdisjoint(record.rooms)
