"""Records in a row, in columns: what a filter looks at first, and often all that it has to look at."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any, get_args

from console.state.filter import MAYBE, NO, YES
from server_core.records import (
    AckReceived,
    AckSent,
    AnyRecord,
    AttributeDeleted,
    AttributeSet,
    Connected,
    Connecting,
    Disconnected,
    Disconnecting,
    EngineClosed,
    EngineOpened,
    EngineUpgraded,
    EventBlocked,
    EventReceived,
    EventRecord,
    EventSent,
    PayloadRecord,
    RoomJoined,
    RoomLeft,
)

TYPES: tuple[type[AnyRecord], ...] = get_args(AnyRecord)
#: The number of each kind, and what the numbers stand for.
KINDS = {kind: number for number, kind in enumerate(TYPES)}
KIND_NAMES = tuple(str(kind.__struct_config__.tag) for kind in TYPES)

#: What a text that was found says.
_FOUND = bytes([NO, YES]).ljust(256, bytes([NO]))
#: Stands between the parts of a line, and for the line breaks in it.
BETWEEN = "\x1f"
#: Texts of which one in so many has what is looked for: from there on it is asked of each by itself.
_DENSE = 16


class Numbers:
    """Texts by number from 1, each text once; 0 stands for none."""

    def __init__(self) -> None:
        self.texts = [""]
        self._numbers: dict[str, int] = {}

    def __getitem__(self, text: str) -> int:
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return number

    def numbers(self, texts: Iterable[str]) -> array[int]:
        """The number of each text, 0 for those that are empty."""
        number_of = self.__getitem__
        return array("I", [number_of(text) if text else 0 for text in texts])

    def find(self, text: str) -> int:
        """The number of a text, -1 when it has none."""
        return self._numbers.get(text, -1)


class Texts:
    """Texts in a row, joined: one look goes through all of them, at the speed of C.

    It holds them once more, as UTF-8 and without the difference of upper and lower case.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        joined = "\n".join(texts)
        if joined.count("\n") >= len(texts) > 0:  # a peer's JSON may have several lines
            texts = [text.replace("\n", BETWEEN) for text in texts]
            joined = "\n".join(texts)
        # what is not ASCII takes its time, and is seldom in all of them
        folded = joined.casefold() if joined.isascii() else "\n".join([text.casefold() for text in texts])
        self._text = folded.encode("utf-8", "surrogatepass")
        self._count = len(texts)

    def __len__(self) -> int:
        return self._count

    def having(self, text: str) -> bytes:
        """1 for each text in which this one stands, in any case; it has neither a line break nor `BETWEEN`."""
        needle, joined = text.casefold().encode("utf-8", "surrogatepass"), self._text
        mask = bytearray(self._count)
        row, end = self._count - 1, len(joined)
        most = self._count // _DENSE
        at = joined.rfind(needle)  # four times as fast as looking from the start
        while at >= 0:
            most -= 1
            if most < 0:
                return bytes([needle in line for line in joined.split(b"\n")])
            row -= joined.count(b"\n", at, end)
            mask[row] = 1
            end = joined.rfind(b"\n", 0, at)
            if end < 0:
                break
            row -= 1
            at = joined.rfind(needle, 0, end)
        return bytes(mask)


def kind_text(kind: str) -> str:
    """A kind's name, and what people call it too."""
    return f"{kind} refused" if kind == "event_blocked" else kind


def own_text(record: AnyRecord) -> str | None:
    """What stands in a record alone, not in others of its kind or its socket: a payload, mostly, and nothing else.

    None where the words are made of what else is known.
    """
    made = _OWN.get(type(record))
    return made(record) if made else None


def _payload(record: PayloadRecord, *more: str) -> str:
    if more or record.nsp != "/":
        return BETWEEN.join((record.data, record.nsp, *more))
    return record.data


def _received(record: EventReceived) -> str:
    return _payload(record, "simulated") if record.simulated else _payload(record)


def _sent(record: EventSent) -> str:
    if record.rooms == (record.socket,):
        return _payload(record)
    return _payload(record, *record.rooms)


#: By kind, for all that is kept goes through here.
_OWN: dict[type, Callable[[Any], str]] = {
    EventReceived: _received,
    EventSent: _sent,
    AckReceived: _payload,
    AckSent: _payload,
    EventBlocked: lambda record: _payload(record, "blocked", record.message),
    Connecting: lambda record: BETWEEN.join(
        ("recovering" if record.recovered else "connecting", record.nsp, record.handshake.address)
    ),
    Connected: lambda record: f"connected{BETWEEN}{record.nsp}",
    Disconnecting: lambda record: f"disconnecting{BETWEEN}{record.nsp}{BETWEEN}{record.reason}",
    Disconnected: lambda record: f"disconnected{BETWEEN}{record.nsp}{BETWEEN}{record.reason}",
    RoomJoined: lambda record: f"joined{BETWEEN}{record.nsp}{BETWEEN}{record.room}",
    RoomLeft: lambda record: f"left{BETWEEN}{record.nsp}{BETWEEN}{record.room}",
    AttributeSet: lambda record: f"set {record.name}{BETWEEN}{record.nsp}{BETWEEN}{record.value}",
    AttributeDeleted: lambda record: f"deleted {record.name}{BETWEEN}{record.nsp}",
    EngineOpened: lambda record: BETWEEN.join(("connection", record.address, record.transport, record.engine)),
    EngineUpgraded: lambda record: BETWEEN.join(("upgraded", record.transport, record.engine)),
    EngineClosed: lambda record: BETWEEN.join(("connection closed", record.reason, record.engine)),
}


#: Which kinds have a payload; what is said of the kinds whose texts are not here; what is said where nothing is known.
_PAYLOADS = bytes(YES if issubclass(kind, PayloadRecord) else NO for kind in TYPES).ljust(256, bytes([NO]))
_OTHERS = bytes(NO if kind in _OWN else MAYBE for kind in TYPES).ljust(256, bytes([MAYBE]))
_UNKNOWN = bytes([MAYBE]) * 256


class Names:
    """What the numbers in the columns of a live session stand for."""

    def __init__(self) -> None:
        self.socket_ids = Numbers()
        self.event_names = Numbers()

    def kinds(self) -> Sequence[str]:
        return KIND_NAMES

    def sockets(self) -> Sequence[str]:
        return self.socket_ids.texts

    def events(self) -> Sequence[str]:
        return self.event_names.texts

    def __len__(self) -> int:
        return len(self.socket_ids.texts) + len(self.event_names.texts)


class Chunk:
    """Some records in a row, in columns."""

    def __init__(self, start: int, records: Sequence[AnyRecord], names: Names) -> None:
        """`start` is the number of the first one."""
        self.start = start
        self._records = records
        self.kinds = bytes([KINDS[type(record)] for record in records])
        self._texts = Texts([own_text(record) or "" for record in records])
        self.number(names)

    def __len__(self) -> int:
        return len(self._records)

    def number(self, names: Names) -> None:
        """Number its sockets and events by these names."""
        self._names = names
        ids = [getattr(record, "socket", "") for record in self._records]
        self.sockets = names.socket_ids.numbers(ids)
        self._events: array[int] | None = None

    @property
    def events(self) -> array[int]:
        if self._events is None:  # seldom asked for, and the event has to be found in the payload
            self._events = self._names.event_names.numbers(
                [record.event if isinstance(record, EventRecord) else "" for record in self._records]
            )
        return self._events

    def having(self, text: str, *, perhaps: bool = False) -> bytes:
        """Whether a text stands in what is each record's own; of the kinds that have none that is not known."""
        if BETWEEN in text or "\n" in text:
            return self.kinds.translate(_UNKNOWN)
        found = either(self._texts.having(text).translate(_FOUND), self.kinds.translate(_OTHERS))
        return either(found, self.kinds.translate(_PAYLOADS)) if text == "/" else found  # each is in some namespace


def both(one: bytes, other: bytes) -> bytes:
    """What two masks say together, of each record."""
    return (int.from_bytes(one, "little") & int.from_bytes(other, "little")).to_bytes(len(one), "little")


def either(one: bytes, other: bytes) -> bytes:
    """What one of two masks says, of each record."""
    return (int.from_bytes(one, "little") | int.from_bytes(other, "little")).to_bytes(len(one), "little")
