"""The way to a place in JSON text: walked once, by its brackets and strings, and nothing is made of what is passed.

So a place at the end of many megabytes is found without the millions of values before it; it can be walked on from
there, and from marks that are left on the way. Nothing here recurses.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

#: Characters that are passed at a time, between two marks, and steps between two rests.
STRETCH, MARKS, STEPS = 64_000, 128_000, 100
#: Characters of containers whose end is not kept: it is soon found again.
SHORT = 8_000
#: Levels of containers in containers that are passed in one go.
LEVELS = 5

_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)', re.DOTALL)
_MARK = re.compile(r'[\[\]{}"]')
_WHOLE_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'


def _container(levels: int) -> str:
    """What matches a whole container, with containers in it, so many levels of them."""
    inside = rf'[^\[\]{{}}"]++|{_WHOLE_STRING}'
    if levels:
        inside += f"|{_container(levels - 1)}"
    return rf"[\[{{](?:{inside})*+[\]}}]"


_FLAT = re.compile(_container(LEVELS), re.DOTALL)
#: Values with a comma after each, and what is in them that may hold other commas.
_VALUES = re.compile(rf'(?:(?:[^\[\]{{}}",]++|{_WHOLE_STRING}|{_container(LEVELS)})*+,)++', re.DOTALL)
_INSIDE = re.compile(rf"{_WHOLE_STRING}|{_container(LEVELS)}", re.DOTALL)


class Step(NamedTuple):
    """Where one is in a container: in its child of this number, which begins (with space before it) at `begin`."""

    start: int
    number: int
    begin: int
    above: Step | None


def string_end(text: str, start: int) -> int:
    """Where a string ends that begins here."""
    end = text.find('"', start + 1)
    if end < 0:
        return len(text)
    if text[end - 1] != "\\":
        return end + 1
    match = _STRING.match(text, start)
    return match.end() if match else len(text)


def short_end(text: str, start: int) -> int | None:
    """Where a container ends that is short, and nested a little; None where it may be another."""
    match = _FLAT.match(text, start, start + SHORT)
    return match.end() if match else None


class Walk:
    """Goes to places in a text, each from the nearest one that is known."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        #: Where it stands, and in what; None outside of everything.
        self._at = start
        self._in: Step | None = None
        #: Where it was, not too near to each other, in their order.
        self._marks: list[tuple[int, Step | None]] = [(start, None)]
        #: Where those containers end that are not short, by where they start.
        self._ends: dict[int, int] = {}

    def end(self, start: int) -> int | None:
        """Where a container ends that was passed, None where that is not known."""
        return self._ends.get(start)

    def path(self) -> list[Step]:
        """Where it stands: what it is in, the outermost first."""
        found: list[Step] = []
        step = self._in
        while step is not None:
            found.append(step)
            step = step.above
        return found[::-1]

    def go(self, place: int) -> Iterator[int]:
        """Go to a place, and rest now and then: where it is."""
        text = self._text
        if place < self._at or self._marks[-1][0] > self._at:
            mark, step = self._marks[max(0, bisect_right(self._marks, place, key=lambda each: each[0]) - 1)]
            if place < self._at or mark > self._at:
                self._at, self._in = mark, step
        at, step = self._at, self._in
        steps = 0
        #: Whether values may be passed here: where they could not, one goes on token by token up to the next comma.
        whole = True
        while at < place:
            steps += 1
            if steps % STEPS == 0 or at - self._at >= STRETCH:
                self._stand(at, step)
                yield at
            limit = min(place, at + STRETCH)
            if whole and step is not None:
                if passed := _VALUES.match(text, at, limit):
                    at = passed.end()
                    step = Step(step.start, step.number + _commas(passed[0]), at, step.above)
                    continue
                whole = False
            match = _MARK.search(text, at, limit)
            stop = match.start() if match else limit
            if step is not None and (commas := text.count(",", at, stop)):
                step = Step(step.start, step.number + commas, text.rindex(",", at, stop) + 1, step.above)
                whole = True
            at = stop
            if match is None:
                continue
            character = text[at]
            if character == '"':
                if (end := string_end(text, at)) > place:
                    break
                at = end
            elif character in "[{":
                step, whole = Step(at, 0, at + 1, step), True
                at += 1
            elif step is None:
                break
            else:
                at += 1
                if at - step.start > SHORT:
                    self._ends[step.start] = at
                if (step := step.above) is None:
                    break  # what follows the outermost value is no part of it
        self._stand(at, step)

    def _stand(self, at: int, step: Step | None) -> None:
        self._at, self._in = at, step
        if at - self._marks[-1][0] >= MARKS:
            self._marks.append((at, step))


def _commas(values: str) -> int:
    """How many values these are, with a comma after each."""
    if '"' in values or "[" in values or "{" in values:
        values = _INSIDE.sub("", values)
    return values.count(",")
