"""What can be said of many records at once: each mask answers `NO`, `MAYBE` or `YES` for every record of some columns.

Where a mask says no or yes, asking the record would say the same; what it does not know has to be asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import compress

import msgspec

from console.query.context import Context
from console.query.fields import steps, value_at
from console.query.values import Test
from console.state.columns import both, either, told
from console.state.filter import MAYBE, NO, YES, Columns, Mask, Names
from console.state.texts import BETWEEN, parts

#: Stands in a payload for bytes.
BINARY = "_placeholder"
#: Letters of it as no JSON writer writes them.
_SPELLED = re.compile(r"\\u00[5-7]")
#: A name that was not asked yet, and how many of them are asked at once.
_UNASKED, _AT_ONCE = 2, 512

_NOT = bytes([YES, MAYBE, NO, NO]).ljust(256, b"\0")
_PERHAPS = bytes([NO, MAYBE, NO, MAYBE]).ljust(256, b"\0")

_decode = msgspec.json.Decoder().decode


class Kinds:
    """Records of some kinds."""

    def __init__(self, names: Names, kinds: Iterable[str]) -> None:
        wanted = frozenset(kinds)
        self._table = bytes(YES if name in wanted else NO for name in names.kinds()).ljust(256, b"\0")

    def __call__(self, columns: Columns) -> bytes:
        return columns.kinds.translate(self._table)


class Numbered:
    """Records whose socket, event or place passes a test: each of these is asked once, some of them at a time."""

    def __init__(self, texts: Sequence[str], passes: Callable[[str], bool], column: str) -> None:
        self._texts = texts
        self._passes = passes
        self._column = column
        self._answers = bytearray([NO])
        #: Up to which number all were asked, and whether one of them passed.
        self._asked, self._any = 1, False

    def __call__(self, columns: Columns) -> bytes:
        numbers = self._numbers(columns)
        answers, count = self._answers, len(self._texts)
        answers += bytes([_UNASKED]) * (count - len(answers))
        if self._asked < count:
            until = min(self._asked + _AT_ONCE, count)
            self._ask(range(self._asked, until))
            self._asked = until
            if until < count:
                self._ask(set(numbers))
        return bytes(map(answers.__getitem__, numbers)) if self._any else bytes(len(numbers))

    def _numbers(self, columns: Columns) -> Sequence[int]:
        match self._column:
            case "sockets":
                return columns.sockets
            case "events":
                return columns.events
        return columns.places

    def _ask(self, numbers: Iterable[int]) -> None:
        answers, texts = self._answers, self._texts
        for number in numbers:
            if answers[number] == _UNASKED:
                passes = self._passes(texts[number])
                answers[number] = YES if passes else NO
                self._any |= passes


class Having:
    """Records in whose own line a text stands."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __call__(self, columns: Columns) -> bytes:
        return columns.having(self._text)


class Matching:
    """Records in whose own line a regular expression is found; `least` says where it may be."""

    def __init__(self, pattern: re.Pattern[str], least: Mask | None) -> None:
        self._pattern = pattern
        self._least = least
        self._slash = pattern.search("/") is not None

    def __call__(self, columns: Columns) -> bytes:
        found = map(bool, map(self._pattern.search, columns.lines)) if self._least is None else self._some(columns)
        return told(bytes(found), columns.kinds, slash=self._slash)

    def _some(self, columns: Columns) -> bytearray:
        found = bytearray(len(columns))
        asked = self._least(columns) if self._least else b""
        if any(asked):
            search = self._pattern.search
            for at, line in compress(enumerate(columns.lines), asked):
                if search(line):
                    found[at] = 1
        return found


class Measured:
    """Records of some kinds of which a number passes a test."""

    def __init__(self, kinds: Kinds, test: Test, column: str) -> None:
        self._kinds = kinds
        self._test = test
        self._column = column

    def __call__(self, columns: Columns) -> bytes:
        answers = bytearray(self._kinds(columns))
        if not any(answers):
            return bytes(answers)
        passes = self._test
        numbers: Sequence[float] = columns.sizes if self._column == "sizes" else columns.measures
        for at in compress(range(len(answers)), answers):
            number = numbers[at]
            if number != number or not passes(number):
                answers[at] = NO
        return bytes(answers)


class Aged:
    """Records since which a time has passed, in seconds, that passes a test."""

    def __init__(self, test: Test, context: Context) -> None:
        self._test = test
        self._context = context

    def __call__(self, columns: Columns) -> bytes:
        now, passes = self._context.now(), self._test
        return bytes(YES if passes((now - time) / 1e9) else NO for time in columns.times)


class Args:
    """Records in whose payload a value passes a test: payloads are decoded, records are not."""

    def __init__(self, mask: Mask, path: str, test: Test, events: Kinds) -> None:
        """`events`: the kinds of which an event's name stands before the first argument."""
        self._mask = mask
        inside = steps(path)
        self._first, self._rest = inside[0] if inside else None, inside[1:]
        self._test = test
        self._events = events

    def __call__(self, columns: Columns) -> bytes:
        answers = bytearray(self._mask(columns).translate(_PERHAPS))
        if any(answers):
            named = self._events(columns)
            for at, line in compress(enumerate(columns.lines), answers):
                if _is_plain(line):
                    answers[at] = YES if self._passes(line.partition(BETWEEN)[0], 1 if named[at] else 0) else NO
        return bytes(answers)

    def _passes(self, payload: str, before: int) -> bool:
        try:
            value = _decode(payload)
        except (msgspec.DecodeError, RecursionError):
            return False
        if type(value) is not list:
            return False
        if self._first is None:
            return self._test(value[before:])
        index = self._first[1]
        if index is None or not before - len(value) <= index < len(value) - before:
            return False
        there, value = value_at(value[index + before if index >= 0 else index], self._rest)
        return there and self._test(value)


class Rooms:
    """Records whose line names a room that passes a test."""

    def __init__(self, mask: Mask, test: Test, unnamed: Kinds) -> None:
        """`unnamed`: the kinds that may name a room whose name is empty."""
        self._mask = mask
        self._test = test
        self._unnamed = unnamed

    def __call__(self, columns: Columns) -> bytes:
        answers = bytearray(self._mask(columns).translate(_PERHAPS))
        if any(answers):
            test, unnamed = self._test, self._unnamed(columns)
            for at, line in compress(enumerate(columns.lines), answers):
                if (found := parts(line)) is not None:
                    answers[at] = YES if any(test(room) for room in found[2:] if room or unnamed[at]) else NO
        return bytes(answers)


class Perhaps:
    """The records that a mask names, each of which has to be asked."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask

    def __call__(self, columns: Columns) -> bytes:
        return self._mask(columns).translate(_PERHAPS)


class Both:
    """What all of several masks say; those that cost the least come first."""

    def __init__(self, parts: Sequence[Mask]) -> None:
        self._parts = sorted(parts, key=_cost)

    def __call__(self, columns: Columns) -> bytes:
        found = self._parts[0](columns)
        for part in self._parts[1:]:
            if found.count(NO) == len(found):
                return found
            found = both(found, part(columns))
        return found


class Either:
    """What one of several masks says."""

    def __init__(self, parts: Sequence[Mask]) -> None:
        self._parts = parts

    def __call__(self, columns: Columns) -> bytes:
        found = self._parts[0](columns)
        for part in self._parts[1:]:
            found = either(found, part(columns))
        return found


class Not:
    """What a mask does not say."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask

    def __call__(self, columns: Columns) -> bytes:
        return self._mask(columns).translate(_NOT)


def _is_plain(line: str) -> bool:
    """Whether a line's first part is the JSON of a payload's values: bytes are elsewhere."""
    return not line.startswith(BETWEEN) and BINARY not in line and not ("\\u00" in line and _SPELLED.search(line))


def _cost(mask: Mask) -> int:
    """Numbers cost the least, then a look through many texts, then each text by itself."""
    if isinstance(mask, Kinds | Numbered | Measured | Aged):
        return 0
    return 1 if isinstance(mask, Having) else 2
