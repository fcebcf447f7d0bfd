"""Filling in `$missing`: what an expectation got takes its place in the script, for review."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from console.replay import lines, model, nodes, values
from console.replay.model import Place
from console.replay.nodes import Node
from console.replay.outcome import NOTHING, Report, Status, StepResult
from console.replay.values import ANY, MISSING, Value

_WORD = "$missing"


def open_ended(pattern: Value, got: Value) -> tuple[Value, Value]:
    """The pattern with anything where something is missing, and what it is compared with: a list that ends with
    `$missing` takes whatever follows."""
    if isinstance(pattern, list) and pattern and pattern[-1] is MISSING and isinstance(got, list):
        return _anything(pattern[:-1]), got[: len(pattern) - 1]
    return _anything(pattern), got


def _anything(pattern: Value) -> Value:
    match pattern:
        case list():
            return [_anything(item) for item in pattern]
        case dict():
            return {key: _anything(item) for key, item in pattern.items()}
        case values.Subset(inner):
            return values.Subset(_anything(inner))
    return ANY if pattern is MISSING else pattern


class Filled(NamedTuple):
    """What `fill` did."""

    #: How many values took their places, by file.
    files: dict[Path, int]
    #: Where a `$missing` was left, for nothing is recorded for such a step.
    left: list[Place]


def fill(report: Report) -> Filled:
    """Write what came in place of each `$missing`."""
    left: list[Place] = []
    edits: dict[str, dict[tuple[int, int], str]] = {}
    trees: dict[str, list[Node]] = {}
    for case in report.cases:
        for result in case.steps:
            if not _has_missing(result):
                continue
            if result.recorded is NOTHING:
                left += [result.step.at] if result.step.at not in left and result.status is Status.PASSED else []
                continue
            file = result.step.at.file
            if file not in trees:
                trees[file] = list(_maps(nodes.read(Path(file).read_text(encoding="utf-8"), file)))
            for place, text in _edits(trees[file], result):
                edits.setdefault(file, {})[place.line, place.column] = text
    return Filled({Path(file): _apply(Path(file), found) for file, found in edits.items()}, left)


def _has_missing(result: StepResult) -> bool:
    return any(_holds(pattern) for pattern in result.step.patterns)


def _holds(pattern: Value) -> bool:
    match pattern:
        case list():
            return any(map(_holds, pattern))
        case dict():
            return any(map(_holds, pattern.values()))
        case values.Subset(inner):
            return _holds(inner)
    return pattern is MISSING


def _maps(node: Node) -> Iterator[Node]:
    """All maps, outermost first."""
    if node.kind == "map":
        yield node
        for _, item in node.value:
            yield from _maps(item)
    elif node.kind == "list":
        for item in node.value:
            yield from _maps(item)


def _edits(maps: list[Node], result: StepResult) -> Iterator[tuple[Place, str]]:
    step = result.step
    if isinstance(step, model.Http | model.Console | model.ExpectSocket | model.ExpectRecord):
        asked = next((node for node in maps if node.place == step.at), None)
        if expected := _key(asked, "expect") if asked and isinstance(step, model.Http) else asked:
            yield from _compare(expected, result.recorded)
        return
    for node in maps:
        found = {key.value: item for key, item in node.value}
        holder = next((item for item in found.values() if item.place == step.at), None)
        inner = next((each for each in found.values() if each.kind == "map" and _holds_place(each, step.at)), None)
        if holder is None and inner is None:
            continue
        if beside := {model.Emit: "ack", model.Connect: "expect-refused"}.get(type(step)):
            if pattern := found.get(beside) or (inner and _key(inner, beside)):
                yield from _compare(pattern, result.recorded)
        elif holder is not None:
            yield from _compare(_pattern_node(step, holder), result.recorded)


def _pattern_node(step: model.Step, node: Node) -> Node:
    if isinstance(step, model.ExpectAck):
        return _key(node, "values") or node
    if isinstance(step, model.ExpectDisconnect):
        return _key(node, "reason") or node
    return node


def _holds_place(node: Node, place: Place) -> bool:
    return any(item.place == place for _, item in node.value)


def _key(node: Node, name: str) -> Node | None:
    return next((item for key, item in node.value if key.value == name), None) if node.kind == "map" else None


def _compare(node: Node, got: Value) -> Iterator[tuple[Place, str]]:
    """The `$missing` beneath a node, each with the text that takes its place."""
    if node.kind == "scalar":
        if node.value == _WORD and node.plain:
            yield node.place, lines.written_as_value(got)
    elif node.kind == "list" and isinstance(got, list):
        for index, item in enumerate(node.value):
            last = index == len(node.value) - 1
            if item.kind == "scalar" and item.value == _WORD and item.plain and last and len(got) > index:
                yield item.place, ", ".join(lines.written_as_value(each) for each in got[index:])
            elif index < len(got):
                yield from _compare(item, got[index])
    elif node.kind == "map" and isinstance(got, dict):
        for key, item in node.value:
            if key.value in got:
                yield from _compare(item, got[key.value])


def _apply(path: Path, edits: dict[tuple[int, int], str]) -> int:
    """Put each text in its place, from the end of the file on."""
    found = path.read_text(encoding="utf-8").split("\n")
    done = 0
    for (line, column), text in sorted(edits.items(), reverse=True):
        row = found[line - 1]
        if row[column - 1 :].startswith(_WORD):
            found[line - 1] = row[: column - 1] + text + row[column - 1 + len(_WORD) :]
            done += 1
    path.write_text("\n".join(found), encoding="utf-8")
    return done
