"""A server process to measure: its instructions where valgrind is there, else its CPU seconds."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks import load

#: How much slower everything is under valgrind.
SLOWDOWN = 50.0
STARTUP = 120.0


def have_valgrind() -> bool:
    return bool(shutil.which("valgrind") and shutil.which("callgrind_control"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A server that runs, and is ended at the end of the `with` block."""

    def __init__(self, command: Sequence[str], port: int, *, valgrind: bool = False) -> None:
        self.port = port
        self.valgrind = valgrind
        self._scratch = tempfile.TemporaryDirectory(prefix="socketscope-bench-")
        self._dumps = 0
        if valgrind:
            command = [
                *("valgrind", "--tool=callgrind", "--instr-atstart=no", "-q"),
                f"--callgrind-out-file={self._scratch.name}/out",
                f"--vgdb-prefix={self._scratch.name}/vgdb",
                *command,
            ]
        # a fixed hash seed: the order of sets, and with it the work, is the same in each run
        environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environ["PYTHONHASHSEED"] = "0"
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environ)
        self.pid = self._process.pid

    def __enter__(self) -> Process:
        deadline = time.monotonic() + STARTUP
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the server on port {self.port} does not answer") from None
                time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._scratch.cleanup()

    # instructions

    async def begin(self) -> None:
        """Count from now on."""
        await self._control("instrumentation on")
        await self._control("zero")

    async def end(self) -> int:
        """Instructions since `begin`."""
        await self._control("dump")
        await self._control("instrumentation off")
        self._dumps += 1
        return _total(Path(f"{self._scratch.name}/out.{self._dumps}"))

    async def _control(self, what: str) -> None:
        done = await asyncio.create_subprocess_exec(
            *("vgdb", f"--pid={self.pid}", f"--vgdb-prefix={self._scratch.name}/vgdb", *what.split()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(done.communicate(), 60)
        if done.returncode:
            raise RuntimeError(f"vgdb {what}: {output.decode()}")

    # what the system says

    def cpu(self) -> float:
        return load.cpu_seconds(self.pid)

    def memory(self) -> int:
        return load.memory(self.pid)


def _total(dump: Path) -> int:
    found = re.search(r"^(?:totals|summary): (\d+)", dump.read_text(), re.MULTILINE)
    assert found
    return int(found[1])
