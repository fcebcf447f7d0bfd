"""The hosted child process: started with the sockets it serves, read line by line, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable

import msgspec

from server_core.host_config import HostConfig
from server_core.output import LineSplitter

#: Seconds that the child has to end by itself.
PATIENCE = 5.0

#: Called with the stream's name and a line.
OnLine = Callable[[str, str], None]


class Child:
    """One process that hosts the target."""

    def __init__(self, config: HostConfig, on_line: OnLine) -> None:
        self._config = config
        self._on_line = on_line
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start it: a session of its own, so that all it starts can be ended with it."""
        config = self._config
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-u", "-m", "server_core.host"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=(config.fd, config.admin_fd),
            start_new_session=True,
        )
        assert process.stdin is not None  # noqa: S101  they are pipes
        assert process.stdout is not None  # noqa: S101
        assert process.stderr is not None  # noqa: S101
        for name, stream in (("stdout", process.stdout), ("stderr", process.stderr)):
            self._readers.append(asyncio.ensure_future(self._read(name, stream)))
        # it stays open: its end tells the child that the console is gone
        process.stdin.write(msgspec.json.encode(config) + b"\n")
        with contextlib.suppress(ConnectionError):
            await process.stdin.drain()

    async def wait(self) -> int:
        """Its exit code, negative for a signal's number, once it has ended and its output has been read."""
        assert self._process  # noqa: S101  started before
        code = await self._process.wait()
        self._kill_group()  # what it started, and what would keep its output open
        await asyncio.wait(self._readers, timeout=1)
        return code

    async def stop(self) -> None:
        """End it, gently first."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            pass
        finally:
            self._kill_group()
            await process.wait()

    def kill(self) -> None:
        """End it and all that it started, at once."""
        self._kill_group()

    def _kill_group(self) -> None:
        if self._process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def _read(self, name: str, stream: asyncio.StreamReader) -> None:
        splitter = LineSplitter(lambda line: self._on_line(name, line))
        while data := await stream.read(65_536):
            splitter.feed(data)
        splitter.end()
