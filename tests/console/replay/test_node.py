"""The scripts that pass against the demo pass against the reference server too, the console's steps aside."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.replay import lines, parse
from console.replay.outcome import Exit
from console.replay.run import Options, replay
from tests.support import node
from tests.support.run import Server

HERE = Path(__file__).parent


@pytest.mark.usefixtures("js")
@pytest.mark.parametrize("name", ["example.sio.yaml", "tour.sio.yaml"])
async def test_the_examples_pass_against_node(name: str) -> None:
    command = [str(node.install()), "demo.mjs"]
    script = parse.load(HERE / name)
    for case in script.cases:  # each with a fresh server
        if "console" in case.tags:
            continue  # it is about what the operator does
        async with Server(command, r"^listening on (\S+)$", "stdout", cwd=node.JS) as server:
            options = Options(url=server.url, skip_console=True, only=(case.name,), environment={})
            report = await replay(script, options)
        told = [line for result in report.cases for line in lines.failure_lines(result)]
        assert (report.exit, told) == (Exit.PASSED, [])
