"""Starting `socketscope` and servers as a person would, and reading what they say."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Self

from tests.support import processes

APPS = Path(__file__).parent.parent / "apps"

#: `socketscope`, as installed beside the running Python.
SOCKETSCOPE = [sys.executable, "-m", "console"]

#: Seconds in which a process says where it listens.
TIMEOUT = 30.0


class RunError(Exception):
    """A process did not say, or do, what was waited for."""


class Running:
    """A process whose lines are read as they come; it and all that it started are gone afterwards."""

    def __init__(self, command: Sequence[str], *, cwd: Path = APPS, env: dict[str, str] | None = None) -> None:
        self._command = command
        self._cwd = cwd
        self.mark = processes.new_mark()
        self._env = {**os.environ, processes.MARK: self.mark, **(env or {})}
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._open_streams = 0
        self._changed = asyncio.Condition()
        #: Lines so far.
        self.stdout: list[str] = []
        self.stderr: list[str] = []

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self._cwd,
            env=self._env,
            limit=64 * 1024 * 1024,
        )
        for stream, lines in ((self._process.stdout, self.stdout), (self._process.stderr, self.stderr)):
            if stream:
                self._open_streams += 1
                self._readers.append(asyncio.create_task(self._read(stream, lines)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        left = await processes.gone(self.mark)
        processes.kill_all(self.mark)
        await asyncio.gather(*self._readers)
        if left and kind is None:
            raise RunError(f"left behind: {left}")

    @property
    def process(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RunError("nothing runs: use `async with`")
        return self._process

    def signal(self, number: Signals) -> None:
        self.process.send_signal(number)

    async def wait_line(self, pattern: str, stream: str = "stdout", timeout: float = TIMEOUT) -> re.Match[str]:
        """The match of the first line that has this pattern; RunError when the process ends, or time does."""
        lines = self.stdout if stream == "stdout" else self.stderr
        compiled = re.compile(pattern)

        def find() -> re.Match[str] | None:
            return next((match for line in lines if (match := compiled.search(line))), None)

        try:
            async with asyncio.timeout(timeout), self._changed:
                while (found := find()) is None:
                    if not self._open_streams:
                        raise RunError(f"ended without {pattern!r}:\n{self.said()}")
                    await self._changed.wait()
                return found
        except TimeoutError:
            raise RunError(f"no {pattern!r} in {timeout} s:\n{self.said()}") from None

    async def wait_exit(self, timeout: float = TIMEOUT) -> int:
        """The exit code, when all output has been read."""
        try:
            async with asyncio.timeout(timeout):
                code = await self.process.wait()
                await asyncio.gather(*self._readers)
                return code
        except TimeoutError:
            raise RunError(f"still runs after {timeout} s:\n{self.said()}") from None

    async def end(self, number: Signals = Signals.SIGTERM, timeout: float = TIMEOUT) -> int:
        """Send a signal; the exit code."""
        self.signal(number)
        return await self.wait_exit(timeout)

    def said(self) -> str:
        return "\n".join(["stdout:", *self.stdout, "stderr:", *self.stderr])

    async def _read(self, stream: asyncio.StreamReader, lines: list[str]) -> None:
        while line := await stream.readline():
            async with self._changed:
                lines.append(line.decode(errors="replace").rstrip("\n"))
                self._changed.notify_all()
        async with self._changed:
            self._open_streams -= 1
            self._changed.notify_all()


class Server(Running):
    """A process that says where it listens; `url` is where."""

    def __init__(
        self, command: Sequence[str], pattern: str, stream: str, *, cwd: Path = APPS, env: dict[str, str] | None = None
    ) -> None:
        super().__init__(command, cwd=cwd, env=env)
        self._pattern = pattern
        self._stream = stream
        self.url = ""

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        try:
            self.url = (await self.wait_line(self._pattern, self._stream)).group(1)
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return self


def headless(*arguments: str, cwd: Path = APPS) -> Server:
    """`socketscope run … --headless` on a free port."""
    command = [*SOCKETSCOPE, "run", *arguments, "--headless", "--port", "0"]
    return Server(command, r"^listening on (\S+)$", "stdout", cwd=cwd)


def plain_uvicorn(target: str, cwd: Path = APPS) -> Server:
    """The same app without us."""
    command = [sys.executable, "-m", "uvicorn", target, "--port", "0"]
    return Server(command, r"running on (http://\S+)", "stderr", cwd=cwd)
