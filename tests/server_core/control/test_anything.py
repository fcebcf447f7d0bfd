"""Whatever a console sends, the command is answered, and the app's server goes on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import msgspec

from server_core.records import Command, CommandResult, SetAttribute
from server_core.records import Emit as EmitCommand
from tests.server_core.control.conftest import Acted
from tests.support.serving import client

KINDS: tuple[type[Any], ...] = Command.__args__

TEXTS = (
    "",
    "/",
    "/chat",
    "/none",
    "echo",
    "boom",
    "connect",
    "disconnect",
    "x" * 5000,
    "\x1b]52;c;x\x07",
    "\ud800",
    "__class__",
)
JSONS = (
    *("", "[]", "{}", "[1]", "null", "[" * 5000, "[" * 400 + "]" * 400, '["\\ud83d\\ude00"]', "[1e400]", "nope"),
    *('[{"_placeholder":true,"num":0}]', '[{"_placeholder":true,"num":-1}]', '[{"_placeholder":true,"num":true}]'),
)
BINARY = ((), (b"",), (b"\x00\xff", b"x"), (b"x",) * 20)
TIMES = (None, 0.0, -1.0, 1e-9, 0.05, 1e308, float("nan"), float("inf"))


def anything(kind: type[Any], pick: random.Random, ids: Sequence[str]) -> Any:
    """A command of this kind, of whatever its fields may hold."""
    texts = (*TEXTS, *ids)
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        match field.name:
            case "args" | "value":
                fields[field.name] = pick.choice(JSONS)
            case "attachments":
                fields[field.name] = pick.choice(BINARY)
            case "ack":
                fields[field.name] = pick.choice(TIMES)
            case "close":
                fields[field.name] = pick.random() < 0.2
            case "nsp":
                fields[field.name] = pick.choice(("/", "/", *TEXTS))
            case "sockets" | "rooms" | "except_":
                fields[field.name] = tuple(pick.choice(texts) for _ in range(pick.randrange(4)))
            case _:
                fields[field.name] = pick.choice(texts)
    return kind(**fields)


async def test_any_command_is_answered_and_the_server_goes_on(acted: Acted) -> None:
    pick = random.Random(4)
    async with client(acted.url) as survivor:
        for round_ in range(4):
            async with client(acted.url) as a, client(acted.url) as b:
                for _ in range(60):
                    command = anything(pick.choice(KINDS), pick, (a.id, b.id))
                    result = await acted.do(command)
                    assert isinstance(result, CommandResult), command
                    assert result.ok != bool(result.error), (command, result)
            acted.tap.drain()
            again = await survivor.emit_with_ack("echo", round_, timeout=20)
            assert again == [round_]
        assert (await acted.do(SetAttribute(socket=survivor.id, name="still", value='"here"'))).ok
        assert (await acted.do(EmitCommand(event="fine"))).ok
    assert set(getattr(acted.io, "namespaces_in_use", {"/", "/chat"})) <= {"/", "/chat"}
