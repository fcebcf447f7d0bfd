"""What a headless app writes: it goes to stderr, and line by line into the recording."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

from server_core.records import CONSOLE, Record
from server_core.tap import Tap

#: Longest line kept whole; what is longer is told of in pieces.
MAX_LINE = 16_384


def give_stdout_to_stderr() -> int:
    """Let all that is written to stdout go to stderr; returns a descriptor of what stdout was."""
    sys.stdout.flush()
    stdout = os.dup(1)
    os.dup2(2, 1)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)
    return stdout


class OutputTap:
    """Records of the lines that the app writes, from however many threads."""

    def __init__(self) -> None:
        self._tap = Tap(CONSOLE)
        self._lock = threading.Lock()

    def log(self, stream: str, text: str) -> None:
        with self._lock:
            self._tap.log(stream, text)

    def drain(self) -> list[Record]:
        return self._tap.drain()


class LineSplitter:
    """Cuts a stream of bytes into lines of text, whatever the bytes."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._rest = b""

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        while len(self._rest) > MAX_LINE:
            lines.append(self._rest[:MAX_LINE])
            self._rest = self._rest[MAX_LINE:]
        for line in lines:
            self._on_line(line.decode(errors="replace").rstrip("\r"))

    def end(self) -> None:
        """The stream is over: what is left is a line."""
        if self._rest:
            self._on_line(self._rest.decode(errors="replace"))
            self._rest = b""


class Tee:
    """Passes stderr and stdout on to where stderr went, and tells of each line."""

    def __init__(self, on_line: Callable[[str, str], None]) -> None:
        self._on_line = on_line
        self._threads: list[threading.Thread] = []
        self._terminal = -1

    def __enter__(self) -> Tee:
        self._terminal = os.dup(2)
        for name, descriptor in (("stdout", 1), ("stderr", 2)):
            reading, writing = os.pipe()
            os.dup2(writing, descriptor)
            os.close(writing)
            thread = threading.Thread(target=self._pass_on, args=(name, reading), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    def flush(self) -> None:
        """Give the descriptors back, and wait until all that was written has been passed on."""
        if self._terminal < 0:
            return
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor in (1, 2):
            os.dup2(self._terminal, descriptor)
        for thread in self._threads:
            thread.join(2)
        os.close(self._terminal)
        self._terminal = -1

    def _pass_on(self, name: str, reading: int) -> None:
        splitter = LineSplitter(lambda line: self._on_line(name, line))
        while data := os.read(reading, 65_536):
            os.write(self._terminal, data)
            splitter.feed(data)
        splitter.end()
        os.close(reading)
