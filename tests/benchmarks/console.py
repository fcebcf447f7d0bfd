"""The console on a pty, fed by the real link: its share of a core, and how long a key takes to show."""

from __future__ import annotations

import contextlib
import os
import pty
import socket
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
from pathlib import Path

from server_core.recording import Recorder
from tests.benchmarks.load import cpu_seconds, memory
from tests.benchmarks.process import free_port
from tests.benchmarks.rows import Row
from tests.support.make import Maker

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


def p95(took: list[float]) -> float:
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
        return Load(share, statistics.median(moved), p95(moved), p95(typed), memory(console.pid))


def first_paint(rounds: int) -> float:
    """Time from `socketscope run` to the first paint, as a ratio to that of importing Textual's app alone."""
    ratios = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import textual.app"], check=True)
        imported = time.perf_counter() - start
        with tempfile.TemporaryDirectory(prefix="socketscope-bench-") as home:
            command = [sys.executable, "-m", "console", "run", "tests.apps.bench_own:io", "--port", "0"]
            console = Pty(command, home)
            try:
                ratios.append(console.wait("Sockets") / imported)
            finally:
                console.close()
    return statistics.median(ratios)


def recording_share(rate: int) -> float:
    """The share of one core that it takes to write so many events a second to a recording."""
    make = Maker()
    batch = [make.received("alice", "message", "lobby", {"text": f"hello {number}"}) for number in range(rate // 40)]
    with tempfile.TemporaryDirectory(prefix="socketscope-bench-") as folder:
        recorder = Recorder(Path(folder) / "bench.siorec", target="bench", url="")
        before = time.process_time()
        for _ in range(40 * 5):
            recorder.write(batch)
        recorder.close()
        return (time.process_time() - before) / 5


def measure_all(*, quick: bool, say: Callable[[str], None]) -> list[Row]:
    """The rows about the console. Those of time are noise on a busy machine."""
    seconds, keys = (6.0, 40) if quick else (60.0, 100)
    loads: dict[tuple[int, int], Load] = {}
    for sockets, rate in ((10_000, 0), (10_000, 5_000), (10_000, 20_000), (100_000, 0)):
        say(f"the console, {sockets:,} sockets, {rate:,} events a second")
        loads[sockets, rate] = measure(sockets, rate, seconds=seconds if rate else 5.0, keys=keys)
    idle, steady, heavy, many = loads.values()
    say("the console's first paint")
    first = first_paint(3 if quick else 7)
    what = "10,000 sockets, 5,000 events/s"

    def row(id: str, workload: str, ours: float, must: float | None = None, unit: str = "") -> Row:
        return Row(id, workload, ours, must, unit, steady=False)

    return [
        row("console-share", f"console, {what}: share of one core", steady.share * 100, 30, " %"),
        row("console-idle-p95", "console, 10,000 sockets, idle: key to paint, p95", idle.p95 * 1e3, unit=" ms"),
        row("console-p95", f"console, {what}: p95 beyond idle's", (steady.p95 - idle.p95) * 1e3, 30, " ms"),
        row("console-heavy-share", "the same at 20,000 events/s: share of one core", heavy.share * 100, unit=" %"),
        row("console-heavy-p95", "at 20,000 events/s: p95 beyond idle's", (heavy.p95 - idle.p95) * 1e3, 60, " ms"),
        row("console-many-p95", "100,000 sockets: p95 beyond idle's", (many.p95 - idle.p95) * 1e3, 100, " ms"),
        row("console-typed-p95", f"{what}: a letter in the filter to paint, p95", steady.typed_p95 * 1e3, unit=" ms"),
        row("console-memory", "console after the run at 20,000 events/s", heavy.memory / 2**20, unit=" MiB"),
        row("first-paint", "`socketscope run` to first paint ÷ `import textual.app`", first, 2.5),
        row(
            "record-share", "record to disk at 5,000 events/s: share of one core", recording_share(5_000) * 100, 3, " %"
        ),
    ]
