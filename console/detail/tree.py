"""JSON text as a tree whose parts open and close."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal

from console.detail.blocks import Block, Fold, Piece, Seeking, spans
from console.detail.json_text import CHUNK, MAX_SKIP, SHORT, JsonText, Node, unescape
from console.detail.json_walk import Step
from console.text import cut, safe, size
from server_core.redact import MASK

#: Characters up to which a value is opened from the start, and rows that this may make.
_SMALL, _ROWS = 2_000, 200
#: Levels that are indented; deeper ones say how deep they are.
_INDENTED = 12
_PLACEHOLDER = re.compile(r'\{"_placeholder":\s*true,\s*"num":\s*(\d+)\}')

Label = Callable[[Node, int], str]
#: A row is a node, or stands for those of its children that were not read: before those that were, or after them.
Part = Literal["", "before", "after"]


class Tree(Block):
    """A value with its parts, read and drawn as far as it is looked at. Secrets are masked until they are revealed."""

    def __init__(
        self,
        name: str,
        text: str,
        *,
        secret: bool = False,
        also: str = "",
        binary: Sequence[int] = (),
        label: Label | None = None,
        level: int = 1,
        cut: bool = False,
        attribute: str = "",
    ) -> None:
        """What stands under the name `also` is a secret too; `binary` are the sizes of the attachments that
        placeholders stand for; `label` names the root's children; levels up to `level` are open whatever their size;
        `cut` where the text is known to end too early; `attribute` is the name of the one whose value it is."""
        self.text = text
        self.revealed = False
        self._json = JsonText(text, secret=secret, also=also, key=name)
        self._binary = binary
        self._label = label
        self._cut = cut
        self._attribute = attribute
        self._rows: list[tuple[Node, Part]] = []
        self._open_small(level)
        self._flatten()

    @property
    def hides(self) -> bool:
        """Whether there are secrets that it masks, as far as it was read."""
        return any(node.secret for node, _ in self._rows)

    def reveal(self, revealed: bool) -> None:
        """Show secrets as they are, or mask them."""
        if revealed != self.revealed:
            self.revealed = revealed
            self._flatten()

    def keep(self, other: Tree) -> None:
        """Have open what was open in another one, by the names on the way there."""
        self.revealed = other.revealed
        pairs = [(self._json.root, other._json.root)]
        while pairs:
            mine, theirs = pairs.pop()
            if mine.kind == "string" or theirs.kind == "string":
                continue
            mine.open = theirs.open
            if theirs.open and theirs.children:
                self._json.read(mine, max(CHUNK, len(theirs.children)))
                known = {child.key: child for child in theirs.children}
                pairs += [(child, known[child.key]) for child in mine.children if child.key in known]
        self._flatten()

    # rows

    def lay_out(self, width: int) -> int:
        return len(self._rows)

    def pieces(self, row: int, width: int) -> list[Piece]:
        node, part = self._rows[row]
        depth = node.depth + bool(part)
        indent = "  " * min(depth, _INDENTED) + (f"{depth} " if depth > _INDENTED else "")
        if part == "before":
            return [(f"{indent}  … ", "quiet"), (f"{node.first:,} before".replace(",", " "), "quiet")]
        if part:
            what = "the text" if node.kind == "string" else f"{len(node.children)} of them are shown"
            return [(f"{indent}  … ", "quiet"), (f"more: {what}", "quiet")]
        if node.kind == "text":
            return [(indent + "  ", "quiet"), (cut(safe(node.text), width - len(indent) - 2), "plain")]
        mark = ("▾ " if node.open else "▸ ") if self._can_open(node) else "  "
        key = self._key(node)
        head = f"{key}: " if key else ""
        used = len(indent) + 2
        key_text = cut(safe(head), max(8, width - used - 8))
        value, style = self._value(node)
        return [
            (indent + mark, "quiet"),
            (key_text, "name"),
            (cut(safe(value), max(4, width - used - len(key_text))), style),
        ]

    def attribute(self, row: int) -> str:
        return self._attribute

    def fold(self, row: int, how: Fold) -> int | None:
        node, part = self._rows[row]
        if part:
            if how == "close":
                return self._close(node)
            if part == "before":
                return self.reach(row)
            self._json.read(node, CHUNK * 5, budget=len(self.text))
            self._flatten()
            return row
        if how == "close" and not (node.open and self._can_open(node)):
            return self._row_of(node.parent) if node.parent else None
        if not self._can_open(node) or (how == "open" and node.open):
            return None
        if node.open:
            return self._close(node)
        node.open = True
        if not node.children:
            self._json.read(node)
        self._flatten()
        return row

    def reach(self, row: int) -> int | None:
        node, part = self._rows[row]
        if not part:
            return None
        first = node.children[0] if node.children else node
        if not (self._json.read_before(node) if part == "before" else self._json.read(node)):
            return None
        self._flatten()
        return row if part == "after" else self._row_of(first) - 1

    def seek(self, pattern: re.Pattern[str], row: int, *, forward: bool) -> Seeking:
        text, json, size = self.text, self._json, max(1, len(self.text))
        here, start = self._from(row, forward=forward)
        for low, high in spans(pattern, start if forward else 0, len(text) if forward else start, forward=forward):
            found: tuple[list[Step], int] | None = None
            for match in pattern.finditer(text, low, high):
                place = match.start()
                for at in json.walk.go(place):
                    yield at / size
                path = json.walk.path()
                yield place / size
                if not self.revealed and json.hides(path):
                    continue
                found = path, place
                if forward and (node := (yield from json.down(*found))) is not here:
                    return self._show(node)
            if found and not forward:  # the last one of those in there
                return self._show((yield from json.down(*found)))
            yield low / size
        return None

    def _from(self, row: int, *, forward: bool) -> tuple[Node | None, int]:
        """The node of a row, and the place from which on is looked for something that is after, or before it."""
        if not 0 <= row < len(self._rows):
            return None, 0 if forward else len(self.text)
        node, part = self._rows[row]
        if part == "after":
            return node, node.at
        if not forward:
            return node, node.begin
        return node, node.start + 1 if node.kind in ("object", "array") else node.end or 0

    def _show(self, node: Node) -> int:
        """Open what a node is in; its row."""
        above = node.parent
        while above is not None:
            above.open = True
            above = above.parent
        self._flatten()
        return self._row_of(node)

    # inside

    def _masked(self, node: Node) -> bool:
        return node.secret and not self.revealed

    def _can_open(self, node: Node) -> bool:
        return not self._masked(node) and self._binary_of(node) is None and self._json.can_open(node)

    def _binary_of(self, node: Node) -> int | None:
        """The number of the attachment that a value stands for."""
        if not self._binary or node.kind != "object":
            return None
        match = _PLACEHOLDER.match(self.text, node.start, node.start + 60)
        return int(match[1]) if match and int(match[1]) < len(self._binary) else None

    def _key(self, node: Node) -> str:
        siblings = self._json.root.children
        if self._label and node.parent is self._json.root and len(siblings) <= CHUNK and not node.parent.first:
            return self._label(node, siblings.index(node))
        return node.key or ('""' if node.parent is not None and node.kind not in ("text", "cut") else "")

    def _value(self, node: Node) -> tuple[str, str]:
        """What stands behind the name, and its style."""
        if self._masked(node):
            return MASK, "quiet"
        if (number := self._binary_of(node)) is not None:
            return f"<{size(self._binary[number])} binary, below>", "quiet"
        if node.kind == "cut":
            return "… cut here" if self._cut or node.start >= len(self.text) else "… no JSON from here on", "warn"
        raw = self._json.raw(node)
        length = self._json.length(node)
        if node.kind in ("object", "array"):
            if node.open:
                noun = "key" if node.kind == "object" else "item"
                number = node.first + len(node.children)
                count = f"{number}{'' if node.complete else '+'} {noun}{'' if number == 1 and node.complete else 's'}"
                return count, "quiet"
            if self._json.may_hide(raw) and not self.revealed:
                raw = "{…}" if node.kind == "object" else "[…]"
            return raw + (f"…  {size(length)}" if length and length > SHORT else "" if length else "…"), "quiet"
        if node.kind == "string":
            if length is not None and length > SHORT:
                return unescape(raw) + f"…  {size(length)}", "good"
            return unescape(raw), "good"
        return raw, "in"

    def _close(self, node: Node) -> int:
        node.open = False
        self._json.begin_anew(node)
        self._flatten()
        return self._row_of(node)

    def _row_of(self, node: Node) -> int:
        return next((at for at, (each, part) in enumerate(self._rows) if each is node and not part), 0)

    def _open_small(self, level: int) -> None:
        """Open the root, and what is small enough to be seen at once."""
        json = self._json
        waiting, rows = [json.root], 0
        while waiting and rows < _ROWS:
            node = waiting.pop(0)
            if node.kind not in ("object", "array"):
                continue
            length = json.size_within(node, _SMALL)
            if node.depth > level and (length is None or length > _SMALL):
                continue
            node.open = True
            json.read(node, budget=MAX_SKIP if node.depth else _SMALL * 10)
            rows += len(node.children)
            waiting += node.children

    def _flatten(self) -> None:
        rows: list[tuple[Node, Part]] = []
        stack: list[tuple[Node, Part]] = [(self._json.root, "")]
        while stack:
            node, part = stack.pop()
            rows.append((node, part))
            if not part and node.open and not self._masked(node):
                if not node.complete:
                    stack.append((node, "after"))
                stack += [(child, "") for child in reversed(node.children)]
                if node.first:
                    stack.append((node, "before"))
        self._rows = rows
