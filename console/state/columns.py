"""Records in a row, in columns: what a filter looks at first, and often all that it has to look at."""

from __future__ import annotations

import math
import operator
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any, get_args

from console.state.filter import MAYBE, NO, YES
from console.state.texts import BETWEEN, OWN, Texts, own_lines
from server_core.records import AckReceived, AckSent, AnyRecord, EventRecord, EventSent, PayloadRecord

TYPES: tuple[type[AnyRecord], ...] = get_args(AnyRecord)
#: The number of each kind, and what the numbers stand for.
KINDS = {kind: number for number, kind in enumerate(TYPES)}
KIND_NAMES = tuple(str(kind.__struct_config__.tag) for kind in TYPES)

#: What a look at a record's own text says: what was found, what of the kinds that have none, what where nobody looked.
_FOUND = bytes([NO, YES]).ljust(256, bytes([NO]))
_OTHERS = bytes(NO if kind in OWN else MAYBE for kind in TYPES).ljust(256, bytes([MAYBE]))
UNKNOWN = bytes([MAYBE]) * 256
_PAYLOADS = bytes(YES if issubclass(kind, PayloadRecord) else NO for kind in TYPES).ljust(256, bytes([NO]))

_WITH_PAYLOAD = frozenset(kind for kind in TYPES if issubclass(kind, PayloadRecord))
_MEASURES: dict[type, Callable[[Any], float | None]] = {
    EventSent: operator.attrgetter("sockets"),
    AckSent: operator.attrgetter("elapsed"),
    AckReceived: operator.attrgetter("elapsed"),
}
#: A number of a file may be any.
_MOST = 2**63 - 1


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


class Names:
    """What the numbers in columns stand for."""

    def __init__(self) -> None:
        self.socket_ids = Numbers()
        self.event_names = Numbers()
        self.place_names = Numbers()

    def kinds(self) -> Sequence[str]:
        return KIND_NAMES

    def sockets(self) -> Sequence[str]:
        return self.socket_ids.texts

    def events(self) -> Sequence[str]:
        return self.event_names.texts

    def places(self) -> Sequence[str]:
        return self.place_names.texts

    def __len__(self) -> int:
        return len(self.socket_ids.texts) + len(self.event_names.texts)


class Chunk:
    """Some records in a row, in columns; those that are seldom asked for are made when they are."""

    def __init__(self, start: int, records: Sequence[AnyRecord], names: Names) -> None:
        """`start` is the number of the first one."""
        self.start = start
        self._records = records
        self.kinds = bytes([KINDS[type(record)] for record in records])
        self._texts = Texts(own_lines(records))
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
        if self._events is None:  # the event has to be found in the payload
            self._events = self._names.event_names.numbers(map(event_name, self._records))
        return self._events

    @property
    def places(self) -> array[int]:
        return self._names.place_names.numbers(map(place, self._records))

    @property
    def sizes(self) -> Sequence[int]:
        return sizes(self._records)

    @property
    def measures(self) -> Sequence[float]:
        return measures(self._records)

    @property
    def times(self) -> Sequence[int]:
        return [record.time for record in self._records]

    @property
    def lines(self) -> Sequence[str]:
        return own_lines(self._records)

    def having(self, text: str) -> bytes:
        if BETWEEN in text or "\n" in text:
            return self.kinds.translate(UNKNOWN)
        return told(self._texts.having(text), self.kinds, slash=text == "/")


def event_name(record: AnyRecord) -> str:
    """The event of a record's payload, "" where it has none."""
    return record.event if isinstance(record, EventRecord) else ""


def place(record: AnyRecord) -> str:
    """The server and the namespace of a record, with `BETWEEN` between them."""
    return f"{record.server}{BETWEEN}{getattr(record, 'nsp', '')}"


def sizes(records: Sequence[AnyRecord]) -> array[int]:
    """Bytes of each record's payload, 0 where it has none."""
    payloads = _WITH_PAYLOAD
    found = [record.size if type(record) in payloads else 0 for record in records]  # type: ignore[union-attr]
    try:
        return array("Q", found)
    except OverflowError:
        return array("Q", [max(0, min(each, _MOST)) for each in found])


def measures(records: Sequence[AnyRecord]) -> array[float]:
    """The seconds that each ack took, the sockets that each emit reached; not a number where a record has neither."""
    of_kind, nan = _MEASURES.get, math.nan
    found = [nan if (of := of_kind(type(record))) is None else of(record) for record in records]
    try:
        return array("d", found)  # type: ignore[arg-type]  # one that is None is seen below
    except (TypeError, OverflowError):
        return array("d", [nan if each is None else min(each, _MOST) for each in found])


def told(found: bytes, kinds: bytes, *, slash: bool) -> bytes:
    """What records' own lines say of them: 1 where one was found; of those that have none nothing is known.

    `slash`: whether `/` would be found, for whatever has a payload is in some namespace.
    """
    answers = either(found.translate(_FOUND), kinds.translate(_OTHERS))
    return either(answers, kinds.translate(_PAYLOADS)) if slash else answers


def both(one: bytes, other: bytes) -> bytes:
    """What two masks say together, of each record."""
    return (int.from_bytes(one, "little") & int.from_bytes(other, "little")).to_bytes(len(one), "little")


def either(one: bytes, other: bytes) -> bytes:
    """What one of two masks says, of each record."""
    return (int.from_bytes(one, "little") | int.from_bytes(other, "little")).to_bytes(len(one), "little")
