"""Running `socketscope` once, beside servers on this loop."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.run import SOCKETSCOPE


class Done(NamedTuple):
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


async def socketscope(*arguments: str, stdin: bytes | None = None, env: dict[str, str] | None = None) -> Done:
    """Run a command to its end, without a terminal."""
    process = await asyncio.create_subprocess_exec(
        *SOCKETSCOPE,
        *arguments,
        stdin=asyncio.subprocess.PIPE if stdin is not None else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "SOCKETSCOPE_PASSWORD": "changeit", **(env or {})},
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(stdin), 40)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Done(process.returncode or 0, out.decode(), err.decode())
