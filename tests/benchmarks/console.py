"""The console on a pty, fed by the real link: its share of a core, and how long a key takes to show."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fcntl import ioctl

from tests.benchmarks.load import cpu_seconds, memory
from tests.benchmarks.process import free_port

LINES, COLUMNS = 40, 140
#: Seconds until the first paint, and until a key shows.
PATIENCE = 60.0
_ASKS_FOR_FRAMES, _HAS_FRAMES = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
#: Letters that no record holds: what is typed is found in what is painted.
_LETTERS = "".join(chr(code) for code in range(0x430, 0x450))


class Pty:
    """A command on a pty; what it paints is looked at, not drawn."""

    def __init__(self, command: list[str], home: str) -> None:
        self._master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        keep = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV") if name in os.environ}
        environ = keep | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "HOME": home, "LANG": "C.UTF-8"}
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True
        )
        os.close(slave)
        self.pid = self._process.pid
        self._tail = b""
        self._wanted: bytes | None = None
        self._found = threading.Event()
        self.painted = 0.0
        self.bytes = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self._master, 65_536):
                now = time.perf_counter()
                self.bytes += len(data)
                text = self._tail + data
                if _ASKS_FOR_FRAMES in text and _ASKS_FOR_FRAMES not in self._tail:
                    os.write(self._master, _HAS_FRAMES)
                if self._wanted and self._wanted in text:
                    self._wanted, self.painted = None, now
                    self._found.set()
                self._tail = text[-256:]

    def press(self, keys: str, shows: str = "") -> float:
        """Write keys; the seconds until the text that they make was painted."""
        if shows:
            self._found.clear()
            self._wanted = shows.encode()
        start = time.perf_counter()
        os.write(self._master, keys.encode())
        if not shows:
            return 0.0
        if not self._found.wait(PATIENCE):
            raise RuntimeError(f"{shows!r} was never painted")
        return self.painted - start

    def wait(self, shows: str) -> float:
        """Seconds from the start until a text was painted."""
        self._found.clear()
        self._wanted = shows.encode()
        if shows.encode() not in self._tail and not self._found.wait(PATIENCE):
            raise RuntimeError(f"{shows!r} was never painted")
        return self.painted - self.started

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)


@dataclass
class Load:
    """What a console under a load used, and how it answered."""

    #: Share of one core.
    share: float
    #: Seconds from a key that moves the cursor to the details of what it is on then.
    p50: float
    p95: float
    #: The same for a letter typed into the filter, each of which filters everything again.
    typed_p95: float
    #: Bytes of memory, at the end.
    memory: int


@contextlib.contextmanager
def _attached(sockets: int, rate: int) -> Iterator[tuple[Pty, Callable[[], bool]]]:
    """A console on a generator of its own; and whether that still runs."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="socketscope-bench-") as home:
        command = [sys.executable, "-m", "tests.benchmarks.generator", str(port), str(sockets), str(rate)]
        generator = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            _wait_for(port)
            console = Pty([sys.executable, "-m", "console", "attach", f"http://127.0.0.1:{port}", "--token", "x"], home)
            try:
                console.wait("socket-0")
                yield console, lambda: generator.poll() is None
            finally:
                console.close()
        finally:
            generator.kill()
            generator.wait()


def _wait_for(port: int) -> None:
    import socket

    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    raise RuntimeError("the generator does not answer")


def _move(console: Pty, times: int) -> list[float]:
    """Move down the list of sockets."""
    took: list[float] = []
    for number in range(1, times + 1):
        took.append(console.press("\x1b[B", f"socket-{number:014d}"))
        time.sleep(0.12)
    return took


def _p95(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.95)]


def _type(console: Pty, times: int) -> list[float]:
    """Type a filter that takes everything, letter after letter: each is a key, and the whole list filtered again."""
    took: list[float] = []
    while len(took) < times:
        console.press("/")
        time.sleep(0.3)
        console.press("!")
        for letter in _LETTERS[: times - len(took)]:
            took.append(console.press(letter, letter))
            time.sleep(0.12)
        console.press("\x1b")
        time.sleep(0.3)
    return took


def measure(sockets: int, rate: int, *, seconds: float, keys: int = 40) -> Load:
    """A console with so many sockets and events a second: its share of a core unwatched, then how it answers keys."""
    with _attached(sockets, rate) as (console, alive):
        time.sleep(3)
        before, start = cpu_seconds(console.pid), time.monotonic()
        time.sleep(seconds)
        share = (cpu_seconds(console.pid) - before) / (time.monotonic() - start)
        moved, typed = _move(console, keys), _type(console, keys)
        if not alive():
            raise RuntimeError("the generator ended")
        return Load(share, statistics.median(moved), _p95(moved), _p95(typed), memory(console.pid))


async def run() -> None:
    """Print what there is to say."""
    for sockets, rate in ((10_000, 0), (10_000, 5_000), (10_000, 20_000), (100_000, 0)):
        print(sockets, rate, await asyncio.to_thread(measure, sockets, rate, seconds=8))


if __name__ == "__main__":
    asyncio.run(run())
