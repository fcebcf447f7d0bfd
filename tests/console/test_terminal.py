"""What the console sets for itself is nobody else's."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

SAYS = """
import json, os
import console.terminal
from textual import constants
print(json.dumps([constants.MAX_FPS, os.environ.get("TEXTUAL_FPS")]))
"""


@pytest.mark.parametrize(("given", "frames"), [(None, 240), ("30", 30)])
def test_frames_are_many_unless_somebody_says_otherwise(given: str | None, frames: int) -> None:
    environ = {name: value for name, value in os.environ.items() if name != "TEXTUAL_FPS"}
    if given:
        environ["TEXTUAL_FPS"] = given
    said = subprocess.run([sys.executable, "-c", SAYS], env=environ, check=True, capture_output=True)
    assert json.loads(said.stdout) == [frames, given]
