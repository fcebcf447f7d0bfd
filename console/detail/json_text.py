"""JSON text as a tree that is read only as far as it is looked at.

Nothing is decoded: nodes are places in the text. So whatever a peer sent can be shown: nested ten thousand deep, cut in
the middle, with keys twice, with numbers and surrogates that no decoder takes. Nothing here recurses.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Literal

from server_core.redact import is_secret

Kind = Literal["object", "array", "string", "other", "cut", "text"]

#: Children that are read at a time, and characters that may be passed over to find where one ends.
CHUNK = 200
MAX_SKIP = 1_000_000
#: Characters of a string that a line shows, and that are read at a time where it is opened.
SHORT, LONG = 200, 20_000
#: Columns at which an opened string is wrapped.
WRAP = 100

_SPACE = re.compile(r"[ \t\r\n]*+")
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)', re.DOTALL)
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
        #: Whether it stands under a secret-looking name.
        self.secret = secret
        self.children: list[Node] = []
        #: Whether all children were read.
        self.complete = kind not in ("object", "array", "string")
        self.open = False
        #: Where the next child is read, and how far its end was looked for: place and depth.
        self.at = start + 1
        self._skip = (start, 0)
        #: A line of an opened string.
        self.text = ""


class JsonText:
    """A tree over one JSON text."""

    def __init__(self, text: str, *, secret: bool = False, key: str = "") -> None:
        self.text = text
        self.root = self._value(None, key, _SPACE.match(text, 0).end(), secret=secret)  # type: ignore[union-attr]

    # reading

    def _value(self, parent: Node | None, key: str, start: int, *, secret: bool) -> Node:
        text = self.text
        first = text[start : start + 1]
        if first in ("{", "["):
            return Node(parent, key, "object" if first == "{" else "array", start, secret=secret)
        if first == '"':
            node = Node(parent, key, "string", start, secret=secret)
            node.end = self._string_end(start)
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
            if node.children and (last := node.children[-1]).end is None:
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
            begin, key = at, f"[{len(node.children)}]"
            if node.kind == "object":
                if text[at] != '"':
                    self._cut(node, at)
                    break
                end = self._string_end(at)
                key = unescape(text[at + 1 : min(end - 1, at + 1 + SHORT)])
                at = self._skip_space(end)
                if text[at : at + 1] != ":":
                    self._cut(node, at)
                    break
                at = self._skip_space(at + 1)
            secret = node.secret or (node.kind == "object" and is_secret(key))
            child = self._value(node, key, at, secret=secret)
            child.begin = begin
            node.children.append(child)
            if child.kind == "cut":
                node.complete, node.end = True, len(text)
                break
            if child.end is not None:
                node.at = child.end
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

    def _string_end(self, start: int) -> int:
        """Where a string ends that begins here."""
        text = self.text
        end = text.find('"', start + 1)
        if end < 0:
            return len(text)
        if text[end - 1] != "\\":
            return end + 1
        match = _STRING.match(text, start)
        return match.end() if match else len(text)

    def _find_end(self, node: Node, budget: int) -> int:
        """Look for where a container ends, for so many characters; what is left of them."""
        if node.complete:
            return budget
        text = self.text
        start, depth = at, _ = node._skip
        limit = min(len(text), at + budget)
        search = _MARK.search
        while at < limit and (match := search(text, at, limit)):
            at = match.end()
            mark = text[at - 1]
            if mark == '"':
                at = self._string_end(at - 1)
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

    def at(self, place: int) -> Node:
        """The innermost value at a place in the text, read as far as that takes."""
        node = self.root
        while node.kind in ("object", "array"):
            self._read_to(node, place)
            index = bisect_right(node.children, place, key=lambda child: child.begin) - 1
            if index < 0:
                break
            node = node.children[index]
        return node

    def _read_to(self, node: Node, place: int) -> None:
        everything = len(self.text) + 1
        while not node.complete:
            if node.children:
                last = node.children[-1]
                if last.end is None:
                    self._find_end(last, max(0, place + 1 - last._skip[0]))
                if last.begin > place or last.end is None or last.end > place:
                    break
            self.read(node, CHUNK * 10, budget=everything)
