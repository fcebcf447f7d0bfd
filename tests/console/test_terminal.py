"""What the console sets for itself is nobody else's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.console.link.test_recording import write
from tests.support.make import Maker

#: The command as it is, up to where its console would be shown: that says how it would be drawn.
RUNS = """
import json, os, sys, types
from console.cli import main

class Terminal:
    def isatty(self):
        return True
    def __getattr__(self, name):
        return getattr(sys.__stdout__, name)

def show(link, *_):
    from textual import constants
    link.stop()
    print(json.dumps([constants.MAX_FPS, os.environ.get("TEXTUAL_FPS")]))
    return 0

sys.modules["console.terminal"] = types.SimpleNamespace(show=show)
sys.stdin = sys.stdout = Terminal()
main()
"""
LOADS = """
import json, os, console.terminal
from textual import constants
print(json.dumps([constants.MAX_FPS, os.environ.get("TEXTUAL_FPS")]))
"""


def said(script: str, given: str | None, *arguments: str) -> list[object]:
    environ = {name: value for name, value in os.environ.items() if name != "TEXTUAL_FPS"}
    if given:
        environ["TEXTUAL_FPS"] = given
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE)
    found: list[object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(("given", "frames"), [(None, 240), ("30", 30)])
def test_frames_are_many_unless_somebody_says_otherwise(tmp_path: Path, given: str | None, frames: int) -> None:
    path = write(tmp_path / "some.siorec", Maker().socket("a"))
    assert said(RUNS, given, "run", "--port", "0") == [frames, given]
    assert said(RUNS, given, "open", str(path)) == [frames, given]
    assert said(LOADS, given) == [frames, given]
