"""The JSON Schema takes what the parser takes, and refuses what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from console.replay import nodes, parse
from console.replay.nodes import Node
from console.replay.parse import InvalidScript
from console.replay.schema import schema
from tests.console.replay.test_parse import EXAMPLES, HERE, with_steps

VALIDATOR = jsonschema.Draft202012Validator(schema())


def as_json(node: Node) -> Any:
    """A YAML node as an editor's validator sees it: tags are left aside."""
    if node.kind == "map":
        return {key.value: as_json(item) for key, item in node.value}
    if node.kind == "list":
        return [as_json(item) for item in node.value]
    if node.tag in ("null", "bool", "int", "float"):
        return nodes.value(node)
    return node.value


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("path", [*EXAMPLES, "parts/two-people.sio.yaml"])
def test_it_takes_the_examples(path: str) -> None:
    found = list(VALIDATOR.iter_errors(as_json(nodes.read((HERE / path).read_text(), path))))
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "sio: 2\ncases: []",
        "sio: 1",
        "sio: 1\ncases: []\nsteps: []",
        "sio: 1\ncase: []",
        "sio: 1\ncases: [{name: x}]",
        "sio: 1\ncases: []\ndefaults: {timeout: soon}",
        with_steps("a: {emti: [x]}"),
        with_steps("{a: {emit: [x]}, withn: 1s}"),
        with_steps("a: {connect: {auht: {}}}"),
        with_steps("a: {connect: {transports: [pigeon]}}"),
        with_steps("a: {emit: []}"),
        with_steps("a: {never: {event: x}}"),
        with_steps("a: {emit: [x], expect: [y]}"),
        with_steps("a: hello"),
        with_steps("5"),
        with_steps("http: {gte: /x}"),
        with_steps("http: {json: 1}"),
        with_steps("console: {jion: x}"),
        with_steps("{each: [a, b], emit: [x]}"),
        with_steps("{repeat: 2}"),
        with_steps("{repeat: -1, steps: []}"),
        with_steps("any: {emit: [x]}"),
        with_steps("a b: {emit: [x]}"),
    ],
)
def test_it_refuses_what_the_parser_refuses(text: str) -> None:
    with pytest.raises(InvalidScript):
        parse.parse(text, "s.yaml", Path())
    assert not VALIDATOR.is_valid(as_json(nodes.read(text, "s.yaml"))), text
