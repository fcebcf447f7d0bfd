"""Every example, in the help of a command or in the README, is a command line that there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from console.cli import cli
from console.query.parse import parse

README = Path(__file__).parents[3] / "README.md"
#: What follows an example: another command, or what it does.
_AFTER = re.compile(r"\s{3,}|\s[|>]\s|\)\"")


def examples() -> list[str]:
    context = click.Context(cli)
    helps = [
        cli.help,
        *(command.help for name in cli.list_commands(context) if (command := cli.get_command(context, name))),
    ]
    lines = [line.strip() for text in helps for line in (text or "").splitlines()]
    shown = [line.strip() for line in README.read_text().splitlines() if line.startswith("    ")]
    found = [_AFTER.split(line.removeprefix('eval "$('))[0] for line in (*lines, *shown)]
    return list(dict.fromkeys(line for line in found if line == "socketscope" or line.startswith("socketscope ")))


def test_there_are_examples_of_every_command() -> None:
    named = {example.split()[1] for example in examples() if " " in example}
    assert set(cli.list_commands(click.Context(cli))) <= named


@pytest.mark.parametrize("example", examples())
def test_an_example_is_understood(example: str) -> None:
    _, *words = shlex.split(example.replace("…", "x"))
    command = cli.get_command(click.Context(cli), words[0]) if words else None
    with (command or cli).make_context("socketscope", words[1:] if command else words) as context:
        for option in ("where", "query"):
            if query := context.params.get(option):
                assert parse(query)
