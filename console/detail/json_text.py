"""JSON text as a tree that is read only as far as it is looked at.

Nothing is decoded: nodes are places in the text. So whatever a peer sent can be shown: nested ten thousand deep, cut in
the middle, with keys twice, with numbers and surrogates that no decoder takes. Nothing here recurses.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Generator, Sequence
from typing import Literal

from console.detail.json_walk import Step, Walk, short_end, string_end
from server_core.redact import is_secret, mask_text

Kind = Literal["object", "array", "string", "other", "cut", "text"]

#: Children that are read at a time, and characters that may be passed over to find where one ends.
CHUNK = 200
MAX_SKIP = 1_000_000
#: Children that are read on to get to one, and characters before one in which those are that are read with it.
NEAR, BEFORE = 1_000, 8_000
#: Levels above what was gone to whose next children are read, and characters that may be passed over for those of one.
LEVELS, BEHIND = 8, 10_000
#: Characters of a string that a line shows, and that are read at a time where it is opened.
SHORT, LONG = 200, 20_000
#: Columns at which an opened string is wrapped.
WRAP = 100

_SPACE = re.compile(r"[ \t\r\n]*+")
_MARK = re.compile(r'[\[\]{}"]')
_OTHER = re.compile(r'[^,:\[\]{}"\s]+')
#: As much of a string's inside as ends with no half of an escape.
_WHOLE = re.compile(r"(?:[^\\]++|\\u[0-9a-fA-F]{4}|\\[^u])*+", re.DOTALL)
_HIGH_AT_END = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\Z")
_ESCAPE = re.compile(
    r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\(.?)", re.DOTALL
)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def unescape(text: str) -> str:
    """What a JSON string's text says; lone surrogates become U+FFFD."""
    return _ESCAPE.sub(_unescaped, text) if "\\" in text else text


def _unescaped(match: re.Match[str]) -> str:
    high, low, single, simple = match.groups()
    if high:
        return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)
    if single:
        code = int(single, 16)
        return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)
    return _SIMPLE.get(simple, simple)


class Node:
    """One value: where it stands in the text, and those of its children that were read."""

    __slots__ = (
        "_skip",
        "at",
        "begin",
        "children",
        "complete",
        "depth",
        "end",
        "first",
        "key",
        "kind",
        "open",
        "parent",
        "secret",
        "start",
        "text",
    )

    def __init__(self, parent: Node | None, key: str, kind: Kind, start: int, *, secret: bool) -> None:
        self.parent = parent
        #: The name of a member, `[3]` of an item.
        self.key = key
        self.kind = kind
        #: Where its name begins, and where itself does.
        self.begin = self.start = start
        #: Where it ends, None while nobody had to know.
        self.end: int | None = None
        self.depth: int = parent.depth + 1 if parent else 0
        #: Whether it stands under a secret-looking name, or is a string with JSON in which there is one.
        self.secret = secret
        #: Those that stand beside each other, and how many stand before them.
        self.children: list[Node] = []
        self.first = 0
        #: Whether all children were read up to the last.
        self.complete = kind not in ("object", "array", "string")
        self.open = False
        #: Where the next child is read, and how far its end was looked for: place and depth.
        self.at = start + 1
        self._skip = (start, 0)
        #: A line of an opened string.
        self.text = ""


class JsonText:
    """A tree over one JSON text."""

    def __init__(self, text: str, *, secret: bool = False, also: str = "", key: str = "") -> None:
        """What stands under the name `also` is a secret too."""
        self.text = text
        self._also = also
        #: The value of which it was asked last whether there are secrets in it, by where its member begins.
        self._asked = (-1, False)
        start = self._skip_space(0)
        self.walk = Walk(text, start)
        self.root = self._value(None, key, start, secret=secret)

    # reading

    def _value(self, parent: Node | None, key: str, start: int, *, secret: bool) -> Node:
        text = self.text
        first = text[start : start + 1]
        if first in ("{", "["):
            return Node(parent, key, "object" if first == "{" else "array", start, secret=secret)
        if first == '"':
            node = Node(parent, key, "string", start, secret=secret)
            node.end = string_end(text, start)
            node.secret = secret or self._holds_secret(start, node.end)
            return node
        match = _OTHER.match(text, start)
        node = Node(parent, key, "other" if match else "cut", start, secret=secret)
        node.end = match.end() if match else len(text)
        return node

    def read(self, node: Node, count: int = CHUNK, *, budget: int = MAX_SKIP) -> int:
        """Read up to so many more children; how many were read. What takes longer than the budget is left for later."""
        if node.complete:
            return 0
        if node.kind == "string":
            return self._read_lines(node)
        text, before = self.text, len(node.children)
        while len(node.children) - before < count:
            if node.children:
                if (last := node.children[-1]).end is None:
                    budget = self._find_end(last, budget)
                if last.end is None:
                    break
                node.at = last.end
            at = self._skip_space(node.at)
            if text[at : at + 1] == "," and node.children:
                at = self._skip_space(at + 1)
            if at >= len(text) or text[at] in "]}":
                node.complete, node.end = True, min(at + 1, len(text))
                break
            begin, key = at, f"[{node.first + len(node.children)}]"
            if node.kind == "object":
                if text[at] != '"':
                    self._cut(node, at)
                    break
                end = string_end(text, at)
                key = unescape(text[at + 1 : min(end - 1, at + 1 + SHORT)])
                at = self._skip_space(end)
                if text[at : at + 1] != ":":
                    self._cut(node, at)
                    break
                at = self._skip_space(at + 1)
            secret = node.secret or (node.kind == "object" and self._is_secret(key))
            child = self._value(node, key, at, secret=secret)
            child.begin = begin
            node.children.append(child)
            if child.kind == "cut":
                node.complete, node.end = True, len(text)
                break
        return len(node.children) - before

    def _cut(self, node: Node, at: int) -> None:
        """The text is no JSON from here on."""
        child = Node(node, "", "cut", at, secret=node.secret)
        child.end = len(self.text)
        node.children.append(child)
        node.complete, node.end = True, len(self.text)

    def _skip_space(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _find_end(self, node: Node, budget: int) -> int:
        """Look for where a container ends, for so many characters; what is left of them."""
        if node.complete:
            return budget
        text = self.text
        node.end = self.walk.end(node.start) or short_end(text, node.start)
        if node.end is not None:
            return budget
        start, depth = at, _ = node._skip
        limit = min(len(text), at + budget)
        search = _MARK.search
        while at < limit and (match := search(text, at, limit)):
            at = match.end()
            mark = text[at - 1]
            if mark == '"':
                at = string_end(text, at - 1)
            elif mark in "{[":
                depth += 1
            else:
                depth -= 1
                if depth == 0:
                    node.end = at
                    return max(0, budget - (at - start))
        else:
            at = max(at, limit)
        if at >= len(text):
            node.end = len(text)
        node._skip = (at, depth)
        return max(0, budget - (at - start))

    def _read_lines(self, node: Node) -> int:
        """A string's next lines."""
        text, at = self.text, node.at
        whole = len(text) if node.end is None else node.end
        end = whole - (whole > at and text[whole - 1] == '"')
        stop = min(end, at + LONG)
        if stop < end:
            match = _WHOLE.match(text, at, stop)
            if match and match.end() > at:
                stop = match.end() - 6 * bool(_HIGH_AT_END.search(text, max(at, match.end() - 6), match.end()))
        before = len(node.children)
        for line in unescape(text[at:stop]).split("\n"):
            for start in range(0, max(1, len(line)), WRAP):
                child = Node(node, "", "text", at, secret=node.secret)
                child.text, child.end = line[start : start + WRAP], stop
                node.children.append(child)
        node.at = stop
        node.complete = stop >= end
        return len(node.children) - before

    # asking

    def raw(self, node: Node, limit: int = SHORT) -> str:
        """The beginning of a value as it is written."""
        end = node.start + limit if node.end is None else min(node.end, node.start + limit)
        return self.text[node.start : end]

    def length(self, node: Node) -> int | None:
        """Characters of a value, None where its end is not known."""
        return None if node.end is None else node.end - node.start

    def can_open(self, node: Node) -> bool:
        if node.kind in ("object", "array"):
            return not (node.complete and not node.children) and not self._is_empty(node)
        return node.kind == "string" and ((self.length(node) or 0) > WRAP or "\\n" in self.raw(node, WRAP))

    def _is_empty(self, node: Node) -> bool:
        at = self._skip_space(node.start + 1)
        return self.text[at : at + 1] in ("]", "}", "")

    def size_within(self, node: Node, limit: int) -> int | None:
        """Characters of a container where they are no more than a limit, None where they are more."""
        if node.end is None:
            self._find_end(node, limit)
        return self.length(node)

    # going to a place

    def hides(self, path: Sequence[Step]) -> bool:
        """Whether what is on the way to a place, or there, stands under a secret-looking name."""
        if self.root.secret or any(self._is_secret(self._name(step)) for step in path):
            return True
        return bool(path) and self._hides_inside(path[-1])

    def may_hide(self, raw: str) -> bool:
        """Whether a part of the text may have something in it that is secret."""
        return is_secret(raw) or bool(self._also and self._also in raw)

    def _hides_inside(self, step: Step) -> bool:
        """Whether the value that a way ends at is a string with JSON in which there are secrets."""
        text, at = self.text, self._skip_space(step.begin)
        if self._asked[0] != at:
            start = at
            if text[step.start] == "{" and text[start : start + 1] == '"':
                start = self._skip_space(self._skip_space(string_end(text, start)) + 1)
            string = text[start : start + 1] == '"'
            self._asked = at, string and self._holds_secret(start, string_end(text, start))
        return self._asked[1]

    def _holds_secret(self, start: int, end: int) -> bool:
        """Whether a string is JSON in which there are secrets: then it has escaped quotes."""
        if self.text.find("\\", start, end) < 0:
            return False
        raw = self.text[start:end]
        return mask_text(raw) is not raw

    def _is_secret(self, name: str) -> bool:
        return is_secret(name) or (name == self._also != "")

    def _name(self, step: Step) -> str:
        """The name of the member of an object that a way goes through, "" in a list."""
        text, at = self.text, self._skip_space(step.begin)
        if text[step.start] != "{" or text[at : at + 1] != '"':
            return ""
        return unescape(text[at + 1 : min(string_end(text, at) - 1, at + 1 + SHORT)])

    def down(self, path: Sequence[Step], place: int) -> Generator[float, None, Node]:
        """Read what is on the way to a place, down to the innermost value there; rest at each level: how far the place
        is, from 0 to 1."""
        node = self.root
        for step in path:
            begin = self._skip_space(step.begin)
            if begin > place or node.start != step.start or node.kind not in ("object", "array"):
                break
            child = self._child(node, step.number, begin)
            if child is None:
                break
            node = child
            yield place / len(self.text)
        above = node.parent
        for _ in range(LEVELS):
            if above is not None:
                self.read(above, CHUNK // 2, budget=BEHIND)
                above = above.parent
        return node

    def _child(self, node: Node, index: int, begin: int) -> Node | None:
        """The child that begins at a place, read with some before it. Where it is far from those that were read, they
        are let go of."""
        if node.children and (last := node.children[-1]).kind == "cut" and begin >= last.start:
            return last
        behind = index - node.first - len(node.children)
        child = self._known(node, begin)
        if child is None and not node.complete and 0 <= behind < NEAR:
            self.read(node, behind + 1)
            child = self._known(node, begin)
        if child is None:
            before = self._before(node, index, begin)[-CHUNK // 2 :]
            node.first, node.children = index - len(before), before
            node.at, node.complete = begin, False
            self.read(node, 1)
            child = self._known(node, begin)
        return child

    def _known(self, node: Node, begin: int) -> Node | None:
        at = bisect_left(node.children, begin, key=lambda child: child.begin)
        return node.children[at] if at < len(node.children) and node.children[at].begin == begin else None

    def _before(self, node: Node, index: int, begin: int) -> list[Node]:
        """Some of the children that stand directly before the one with this number, which begins here."""
        for _ in self.walk.go(max(node.start + 1, begin - BEFORE)):
            pass  # there is a mark near it, for it was passed
        step = next((step for step in self.walk.path() if step.start == node.start), None)
        if step is None or step.number >= index:
            return []
        part = Node(node.parent, node.key, node.kind, node.start, secret=node.secret)
        part.first, part.at = step.number, self._skip_space(step.begin)
        self.read(part, index - step.number)
        if len(part.children) < index - step.number or part.children[-1].kind == "cut":
            return []
        last = part.children[-1]
        if last.end is None:
            self._find_end(last, MAX_SKIP)
        for child in part.children:
            child.parent, child.depth = node, node.depth + 1
        return part.children if last.end is not None else []

    def read_before(self, node: Node) -> int:
        """Read some of the children before those that were read; how many were read."""
        if not node.first or not node.children:
            return 0
        before = self._before(node, node.first, node.children[0].begin)[-CHUNK:]
        node.children[:0] = before
        node.first -= len(before)
        return len(before)

    def begin_anew(self, node: Node) -> None:
        """Have the children of a container read from the first one again, where others were read."""
        if node.first:
            node.first, node.children = 0, []
            node.at, node.complete = node.start + 1, False
