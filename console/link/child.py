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

    def __init__(
        self, config: HostConfig, on_line: OnLine | None = None, *, forward: int | None = None, reloads: bool = False
    ) -> None:
        """`on_line` gets what it writes; without it, that goes to our stderr, and the child shares our terminal.

        `forward`: what it writes goes to this descriptor, too, and the child reads from our terminal.

        `reloads`: it is started anew when its files change, so it must keep no bytecode: what is saved twice within a
        second, at the same length, would not be compiled again.
        """
        self._config = config
        self._on_line = on_line
        self._forward = forward
        self._options = ["-u", *(["-B"] if reloads else [])]
        #: Whether it shares our terminal, where a process of another session could not read.
        self._shares = on_line is None or forward is not None
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._writes_config = -1

    async def start(self) -> None:
        """Start it: in a session of its own where it can be, so that all it starts can be ended with it."""
        config = self._config
        reads_config, self._writes_config = os.pipe()
        output = asyncio.subprocess.PIPE if self._on_line else 2
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *(sys.executable, *self._options, "-m", "server_core.host", str(reads_config)),
                stdin=None if self._shares else asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[fd for fd in (config.fd, config.admin_fd, config.says_fd, reads_config) if fd >= 0],
                start_new_session=not self._shares,
            )
        finally:
            os.close(reads_config)
        for name, stream in (("stdout", process.stdout), ("stderr", process.stderr)):
            if stream:
                self._readers.append(asyncio.ensure_future(self._read(name, stream)))
        # it stays open: its end tells the child that the console is gone
        with contextlib.suppress(BrokenPipeError):
            os.write(self._writes_config, msgspec.json.encode(config) + b"\n")

    async def wait(self) -> int:
        """Its exit code, negative for a signal's number, once it has ended and its output has been read."""
        assert self._process  # noqa: S101  started before
        code = await self._process.wait()
        self.kill()  # what it started, and what would keep its output open
        if self._readers:
            await asyncio.wait(self._readers, timeout=1)
        if self._writes_config >= 0:
            os.close(self._writes_config)
            self._writes_config = -1
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
            self.kill()
            await process.wait()

    def kill(self) -> None:
        """End it at once, and all that it started where that is a session of its own."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if not self._shares:
                os.killpg(self._process.pid, signal.SIGKILL)
            elif self._process.returncode is None:
                self._process.kill()

    async def _read(self, name: str, stream: asyncio.StreamReader) -> None:
        splitter = LineSplitter(lambda line: self._on_line(name, line) if self._on_line else None)
        while data := await stream.read(65_536):
            if self._forward is not None:
                with contextlib.suppress(OSError):
                    os.write(self._forward, data)
            splitter.feed(data)
        splitter.end()
