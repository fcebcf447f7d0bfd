"""What stands in a record alone, as one line of text, and many of these lines at once."""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

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
    EventSent,
    PayloadRecord,
    RoomJoined,
    RoomLeft,
)

#: Stands between the parts of a line, and for the line breaks in it.
BETWEEN = "\x1f"
_ESCAPE = re.compile(
    r"""\\(?:u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})
         | u(?P<code>[0-9a-fA-F]{4})
         | .)""",
    re.VERBOSE | re.DOTALL,
)
#: Texts of which one in so many has what is looked for: from there on it is asked of each by itself.
_DENSE = 16


class Texts:
    """Lines, joined: one look goes through all of them, at the speed of C.

    It holds them as UTF-8 and without the difference of upper and lower case.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        """None of the lines has a line break."""
        joined = "\n".join(lines)
        # what is not ASCII takes its time, and is seldom in all of them
        folded = joined.casefold() if joined.isascii() else "\n".join([line.casefold() for line in lines])
        self._text = folded.encode("utf-8", "surrogatepass")
        self._count = len(lines)
        self._split: list[bytes] | None = None

    @classmethod
    def written(cls, joined: bytes, count: int) -> Texts:
        """So many lines as `join` writes them."""
        if not joined.isascii():
            return cls(split(joined))
        texts = cls(())
        texts._text, texts._count = joined.lower(), count
        return texts

    def __len__(self) -> int:
        return self._count

    def having(self, text: str) -> bytes:
        """1 for each line in which a text stands, in any case; it has neither a line break nor `BETWEEN`."""
        needle, joined = text.casefold().encode("utf-8", "surrogatepass"), self._text
        mask = bytearray(self._count)
        row, end = self._count - 1, len(joined)
        most = self._count // _DENSE
        at = joined.rfind(needle)  # four times as fast as looking from the start
        while at >= 0 and mask:
            most -= 1
            if most < 0:
                return bytes(map(operator.contains, self._lines(), itertools.repeat(needle)))
            row -= joined.count(b"\n", at, end)
            mask[row] = 1
            end = joined.rfind(b"\n", 0, at)
            if end < 0:
                break
            row -= 1
            at = joined.rfind(needle, 0, end)
        return bytes(mask)

    def _lines(self) -> list[bytes]:
        if self._split is None:
            self._split = self._text.split(b"\n")
        return self._split


def join(lines: Sequence[str]) -> bytes:
    """Lines as UTF-8, for `split` and `Texts.written`."""
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def split(joined: bytes) -> list[str]:
    """The lines, one or more, that `join` made this of."""
    return joined.decode("utf-8", "surrogatepass").split("\n")


def kind_text(kind: str) -> str:
    """A kind's name, and what people call it too."""
    return f"{kind} refused" if kind == "event_blocked" else kind


def readable(json_text: str) -> str:
    """JSON text with the letters that it spells as `\\uXXXX`, as Python writes all that is not ASCII, in their place.

    It means the same. What can't be seen stays as it is.
    """
    return _ESCAPE.sub(_letter, json_text) if "\\u" in json_text else json_text


def _letter(escape: re.Match[str]) -> str:
    if escape["low"]:
        code = 0x10000 + ((int(escape["high"], 16) & 0x3FF) << 10) + (int(escape["low"], 16) & 0x3FF)
    elif escape["code"]:
        code = int(escape["code"], 16)
    else:
        return escape[0]
    letter = chr(code)
    return letter if code >= 0xA0 and letter.isprintable() else escape[0]


def own_text(record: AnyRecord) -> str | None:
    """What stands in a record alone, not in others of its kind or its socket: a payload, mostly, and nothing else.

    It is one line, in parts with `BETWEEN` between them; `parts` gives them back. None where the words are made of what
    else is known.
    """
    made = _OWN.get(type(record))
    return made(record) if made else None


def own_lines(records: Iterable[AnyRecord]) -> list[str]:
    """The own text of each record, "" where it has none."""
    return [own_text(record) or "" for record in records]


def parts(line: str) -> list[str] | None:
    """What `own_text` made a line of: of records with a payload this, the namespace where it is not `/`, more.

    None where that can't be told, since a part has `BETWEEN` or a line break in it.
    """
    return None if line.startswith(BETWEEN) else line.split(BETWEEN)


def _line(*made: str) -> str:
    line = BETWEEN.join(made)
    if "\n" in line:  # a peer's JSON may have several lines
        line = line.replace("\n", BETWEEN)
    return line if line.count(BETWEEN) == len(made) - 1 else BETWEEN + line


def _payload(record: PayloadRecord, *more: str) -> str:
    data = readable(record.data)
    if more or record.nsp != "/":
        return _line(data, record.nsp, *more)
    return _line(data) if "\n" in data or BETWEEN in data else data


def _received(record: EventReceived) -> str:
    return _payload(record, "simulated") if record.simulated else _payload(record)


def _sent(record: EventSent) -> str:
    if record.socket and record.rooms == (record.socket,):
        return _payload(record)
    return _payload(record, *record.rooms)


#: By kind, for all that is kept goes through here.
_OWN: dict[type, Callable[[Any], str]] = {
    EventReceived: _received,
    EventSent: _sent,
    AckReceived: _payload,
    AckSent: _payload,
    EventBlocked: lambda record: _payload(record, "blocked", record.message),
    Connecting: lambda record: _line(
        "recovering" if record.recovered else "connecting", record.nsp, record.handshake.address
    ),
    Connected: lambda record: _line("connected", record.nsp),
    Disconnecting: lambda record: _line("disconnecting", record.nsp, record.reason),
    Disconnected: lambda record: _line("disconnected", record.nsp, record.reason),
    RoomJoined: lambda record: _line("joined", record.nsp, record.room),
    RoomLeft: lambda record: _line("left", record.nsp, record.room),
    AttributeSet: lambda record: _line(f"set {record.name}", record.nsp, readable(record.value)),
    AttributeDeleted: lambda record: _line(f"deleted {record.name}", record.nsp),
    EngineOpened: lambda record: _line("connection", record.address, record.transport, record.engine),
    EngineUpgraded: lambda record: _line("upgraded", record.transport, record.engine),
    EngineClosed: lambda record: _line("connection closed", record.reason, record.engine),
}

#: The kinds whose records have a line of their own.
OWN = frozenset(_OWN)
