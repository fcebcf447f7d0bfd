"""The timeline: the records of the history that match, extended as records come."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence

from console.state.filter import Filter
from console.state.history import Matches, Piece
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

#: Seconds that searching may take at once, first and then: the screen looks again before it goes on.
FIRST, SLICE = 0.005, 0.008


class Timeline:
    """Numbers of the records that match a filter, and concern a socket where one is named.

    A long history is searched slice by slice, from the newest back: `extend` goes on, `progress` says how far it is.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._state = session.state
        self.filter: Filter | None = None
        self.socket: str | None = None
        #: A range where everything matches.
        self.numbers: Sequence[int] = []
        #: How many matching records have been dropped from the front, less those that were found there: row + dropped
        #: never changes for a record.
        self.dropped = 0
        #: Numbers between which all was looked at.
        self._from = self._seen = 0
        self._track: SocketTrack | None = None
        #: Looking back, and at what came since.
        self._back: Iterator[Matches] = iter(())
        self._search: Iterator[Matches] = iter(())
        self._begun = False

    def set(self, *, filter: Filter | None = None, socket: str | None = None) -> None:
        """Show what this filter takes, and this socket's own timeline where one is named."""
        same = self._begun and self._state is self._session.state
        if same and filter is self.filter and socket == self.socket:
            return
        self.filter, self.socket = filter, socket
        self._begin()

    @property
    def state(self) -> State:
        """The state whose records it has."""
        return self._state

    @property
    def progress(self) -> float:
        """How much was searched, from 0 to 1."""
        history = self._state.history
        first = history.first
        left = max(0, self._from - first) + (history.end - self._seen if self._late else 0)
        return 1 - left / max(1, history.end - first)

    def extend(self, seconds: float = SLICE) -> int:
        """Take in what came since the last call, and look on for about so long; how many records were added. Begins
        anew when the session shows another state."""
        if self._state is not self._session.state:
            self._begin()
            return len(self.numbers)
        before = len(self.numbers)
        self._go_on(seconds)
        added = len(self.numbers) - before
        self._forget()
        return added

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, row: int) -> AnyRecord:
        return self._state.history[self.numbers[row]]

    def kept(self) -> tuple[int, Callable[[int, int], list[AnyRecord]]]:
        """How many match now, and a way to read some of them later."""
        numbers = self.numbers if isinstance(self.numbers, range) else list(self.numbers)
        return len(numbers), self.reader(numbers)

    def reader(self, numbers: Sequence[int]) -> Callable[[int, int], list[AnyRecord]]:
        """A way to read some records later, by their numbers: what the history has dropped then is left out."""
        history = self._state.history
        return lambda start, stop: [history[number] for number in numbers[start:stop] if number >= history.first]

    def _begin(self) -> None:
        """Look at the whole history of the state that is shown."""
        self._state, self._begun = self._session.state, True
        history = self._state.history
        self.numbers, self.dropped = [], 0
        self._back = self._search = iter(())
        self._from, self._seen, self._late = history.first, history.end, False
        self._track = SocketTrack(self._state, self.socket) if self.socket else None
        if self._track and self.socket:
            self._from = history.end
            self._back = self._track.backward(history.backward(self.socket, history.end), self._matches)
        elif self.filter:
            self._from = history.end
            self._back = history.search(self.filter, history.first, history.end, newest_first=True)
        self._go_on(FIRST)

    def _go_on(self, seconds: float) -> None:
        history, numbers = self._state.history, self.numbers
        if self._track and isinstance(numbers, list):
            start = max(self._seen, history.first)
            for number, record in enumerate(history.since(start), start):
                if self._track.forward(record) and self._matches(record):
                    numbers.append(number)
            self._seen = history.end
            self._look_back(numbers, time.perf_counter() + seconds)
        elif self.filter and isinstance(numbers, list):
            until = time.perf_counter() + seconds
            self._look_on(self.filter, numbers, until)
            if not self._late:
                self._look_back(numbers, until)
        else:
            self.numbers = range(numbers[0] if numbers else history.first, history.end)
            self._seen = history.end

    def _look_on(self, filter: Filter, numbers: list[int], until: float) -> None:
        """Look at what came since."""
        history = self._state.history
        while self._seen < history.end:
            found = next(self._search, None)
            if found is None:
                self._search = history.search(filter, self._seen, history.end)
                continue
            numbers += found.numbers
            self._seen = found.end
            if time.perf_counter() >= until:
                break
        self._late = self._seen < history.end

    def _look_back(self, numbers: list[int], until: float) -> None:
        """Look at what was there before: what is found stands before the rest."""
        parts: list[list[int]] = []
        while found := next(self._back, None):
            parts.append(found.numbers)
            self._from = found.start
            if time.perf_counter() >= until:
                break
        else:
            self._from = self._state.history.first
        before = [number for part in reversed(parts) for number in part]
        numbers[:0] = before
        self.dropped -= len(before)

    def _forget(self) -> None:
        """Leave out what the history has dropped."""
        first, numbers = self._state.history.first, self.numbers
        if not numbers or numbers[0] >= first:
            return
        gone = bisect_left(numbers, first)
        self.numbers = numbers[gone:]
        self.dropped += gone

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

    def backward(self, pieces: Iterable[Piece], takes: Callable[[AnyRecord], bool]) -> Iterator[Matches]:
        """Those that concern it and that a filter takes, from the newest pieces to the oldest: its rooms of each moment
        are found by going back."""
        then = SocketTrack.__new__(SocketTrack)
        then._id, then._nsp, then._connected, then._rooms = self._id, self._nsp, self._connected, set(self._rooms)
        for piece in pieces:
            found = [number for number, record in piece.records if then._before(record) and takes(record)]
            yield Matches(piece.start, piece.end, found[::-1])

    def _before(self, record: AnyRecord) -> bool:
        """Whether the record before concerns it; what it was then is known from there on."""
        if getattr(record, "socket", None) != self._id:
            return self._reached_by(record)
        match record:
            case Connected():
                self._connected = False
            case RoomJoined():
                self._rooms.discard(record.room)
            case RoomLeft():
                self._rooms.add(record.room)
            case Disconnected():
                self._connected, self._rooms = True, set(record.rooms)
        return True

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
