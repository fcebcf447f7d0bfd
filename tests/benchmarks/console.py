"""The console on a pty, fed by the real link: its share of a core, and how long a key takes to show."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import load
from tests.benchmarks.load import cpu_seconds, memory
from tests.benchmarks.process import free_port
from tests.benchmarks.rows import Row
from tests.benchmarks.screen import PATIENCE, Pty, p95
from tests.benchmarks.systems import OWN, STOCK, running
from tests.benchmarks.watched import COUNTS

FIRST = "`socketscope run` to first paint ÷ `import textual.app`"
#: Letters that no record holds: what is typed is found in what is painted.
_LETTERS = "".join(chr(code) for code in range(0x430, 0x450))
#: Seconds between two keys of a person in a hurry.
_PAUSE = 0.12
#: What the table is sorted by with each `s`, from its first order on.
_ORDERS = ("id", "nsp", "transport", "address", "attributes", "rooms", "names", "in", "out", "last", "rtt")


@dataclass
class Keys:
    """How long keys took until what they do was painted: seconds, 95 of 100 took no longer."""

    #: Down in the list: the details of the next socket.
    moved: float
    #: A letter of a filter, whose every letter has all that is kept filtered again.
    typed: float
    #: To the list's other end, and another order.
    scrolled: float = 0.0
    sorted: float = 0.0


@dataclass
class Load:
    """What a console under a load used, and how it answered."""

    #: Share of one core.
    share: float
    keys: Keys
    #: Bytes of memory, at the end.
    memory: int
    #: Events and acks that came in a second.
    rate: float
    #: Records that are counted as lost, and those that were neither seen nor counted.
    lost: int
    uncounted: int


class Attached:
    """A console on a generator of its own."""

    def __init__(self, screen: Pty, generator: subprocess.Popen[bytes], counts: Path) -> None:
        self.screen = screen
        self._generator = generator
        self._counts = counts

    def alive(self) -> None:
        if self._generator.poll() is not None or not self.screen.alive():
            raise RuntimeError("it has ended")

    def end(self) -> tuple[int, int, int]:
        """Have no more events come: how many were made, and how many the console saw and knows to be lost."""
        self._generator.send_signal(signal.SIGUSR1)
        assert self._generator.stdout
        made = int(self._generator.stdout.readline())
        deadline = time.monotonic() + PATIENCE
        while True:
            folded, lost = self._count()
            if folded + lost >= made or time.monotonic() > deadline:
                return made, folded, lost
            time.sleep(0.2)

    def _count(self) -> tuple[int, int]:
        self._counts.unlink(missing_ok=True)
        self.screen.send(signal.SIGUSR1)
        deadline = time.monotonic() + PATIENCE
        while not self._counts.exists():
            if time.monotonic() > deadline:
                raise RuntimeError("the console does not answer")
            time.sleep(0.02)
        counts = json.loads(self._counts.read_text())
        return counts["folded"], counts["lost"]


@contextlib.contextmanager
def _attached(sockets: int, rate: int) -> Iterator[Attached]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="socketscope-bench-") as home:
        counts = Path(home) / "counts.json"
        command = [sys.executable, "-m", "tests.benchmarks.generator", str(port), str(sockets), str(rate)]
        generator = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            _wait_for(port)
            watched = [sys.executable, "-m", "tests.benchmarks.watched", "attach", f"http://127.0.0.1:{port}"]
            screen = Pty([*watched, "--token", "x"], home, {COUNTS: str(counts)})
            try:
                screen.wait("socket-0")
                yield Attached(screen, generator, counts)
            finally:
                screen.close()
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


def _row(number: int) -> str:
    """What the details of a socket have painted."""
    return f"socket-{number:014d}"


def _move(screen: Pty, times: int) -> float:
    took: list[float] = []
    for number in range(1, times + 1):
        took.append(screen.press("\x1b[B", _row(number)))
        time.sleep(_PAUSE)
    return p95(took)


def _scroll(screen: Pty, times: int, sockets: int) -> float:
    took: list[float] = []
    for _ in range(times // 2):
        for key, row in (("\x1b[F", sockets - 1), ("\x1b[H", 0)):
            took.append(screen.press(key, _row(row)))
            time.sleep(_PAUSE)
    return p95(took)


def _sort(screen: Pty) -> float:
    took: list[float] = []
    for order in _ORDERS:
        took.append(screen.press("s", f"ed by {order}"))  # "sorted", of which what is beneath cuts off a part
        time.sleep(1)  # it is ordered then, and what it says is gone
    return p95(took)


def _type(screen: Pty, times: int) -> float:
    """Type a filter that takes everything: each letter is a key, and the whole list filtered again."""
    took: list[float] = []
    while len(took) < times:
        screen.press("/", "filter…")
        time.sleep(_PAUSE)
        screen.press("!", "!")
        for letter in _LETTERS[: times - len(took)]:
            time.sleep(_PAUSE)
            took.append(screen.press(letter, letter))
        time.sleep(_PAUSE)
        screen.press("\x1b", "http://127")
    return p95(took)


def measure(sockets: int, rate: int, *, seconds: float, keys: int = 40, whole: bool = False) -> Load:
    """A console with so many sockets and events a second: its share of a core unwatched, then how it answers keys, with
    `whole` also those that scroll and sort; nothing may be lost uncounted."""
    with _attached(sockets, rate) as attached:
        screen, began = attached.screen, time.monotonic()
        time.sleep(3)
        before, start = cpu_seconds(screen.pid), time.monotonic()
        time.sleep(seconds)
        share = (cpu_seconds(screen.pid) - before) / (time.monotonic() - start)
        found = Keys(_move(screen, keys), _type(screen, keys))
        if whole:
            found.scrolled, found.sorted = _scroll(screen, keys, sockets), _sort(screen)
        attached.alive()
        took = time.monotonic() - began
        made, folded, lost = attached.end()
        return Load(share, found, memory(screen.pid), made / took, lost, max(0, made - folded - lost))


async def _sustained(events: int) -> dict[str, float]:
    """Events and acks a second that a real server sustains: stock, and ours with a console."""
    found: dict[str, float] = {}
    for system in (STOCK, OWN):
        async with running(system) as process:
            clients = await load.connect(process.port, 50)
            await load.echo(clients, events // 4)
            start = time.monotonic()
            await load.echo(clients, events)
            found[system.name] = 2 * events / (time.monotonic() - start)
            for client in clients:
                client.close()
    return found


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


def measure_all(*, quick: bool, say: Callable[[str], None]) -> list[Row]:
    """The rows about the console. Those of time are noise on a busy machine."""
    keys = 60 if quick else 120
    loads: list[Load] = []
    for sockets, rate, seconds, whole in (
        (10_000, 0, 4, True),
        (10_000, 5_000, 8 if quick else 30, False),
        (10_000, 20_000, 8 if quick else 60, False),
        (100_000, 0, 4, True),
    ):
        say(f"the console, {sockets:,} sockets, {rate:,} events a second")
        loads.append(measure(sockets, rate, seconds=seconds, keys=keys, whole=whole))
    idle, steady, heavy, many = loads
    say("what a real server sustains")
    sustained = asyncio.run(_sustained(4_000 if quick else 20_000))
    say("the console's first paint")
    first = first_paint(3 if quick else 7)
    return [*_under_load(idle, steady, heavy, sustained), *_large(idle, many), _timed("first-paint", FIRST, first, 2.5)]


def _timed(id: str, workload: str, ours: float, must: float | None = None, unit: str = "") -> Row:
    return Row(id, workload, ours, must, unit, steady=False)


def _beyond(id: str, what: str, loaded: float, idle: float, must: float) -> Row:
    return _timed(id, f"{what} to paint, p95 beyond idle's", (loaded - idle) * 1e3, must, " ms")


def _under_load(idle: Load, steady: Load, heavy: Load, sustained: dict[str, float]) -> list[Row]:
    at, more = "console, 10,000 sockets, 5,000 events/s", "the same at 20,000 events/s"
    real = _timed(
        "sustained", "beside it, what a real server sustains, events and acks", sustained[OWN.name], unit=" /s"
    )
    real.peers["stock"] = sustained[STOCK.name]
    return [
        _timed(
            "console-idle-p95", "console, 10,000 sockets, idle: key to paint, p95", idle.keys.moved * 1e3, unit=" ms"
        ),
        _timed("console-idle-typed", "the same: letter of a filter to paint, p95", idle.keys.typed * 1e3, unit=" ms"),
        _timed("console-share", f"{at}: share of one core", steady.share * 100, 30, " %"),
        _beyond("console-p95", f"{at}: key", steady.keys.moved, idle.keys.moved, 30),
        _beyond("console-typed-p95", f"{at}: letter of a filter", steady.keys.typed, idle.keys.typed, 30),
        _timed("console-uncounted", f"{at}: lost uncounted", steady.uncounted, 0),
        _timed("console-heavy-rate", f"{more}: events and acks that came", heavy.rate, unit=" /s"),
        real,
        _timed("console-heavy-share", f"{more}: share of one core", heavy.share * 100, unit=" %"),
        _beyond("console-heavy-p95", f"{more}: key", heavy.keys.moved, idle.keys.moved, 60),
        _beyond("console-heavy-typed-p95", f"{more}: letter of a filter", heavy.keys.typed, idle.keys.typed, 60),
        _timed("console-heavy-lost", f"{more}: lost, and counted", heavy.lost),
        _timed("console-heavy-uncounted", f"{more}: lost uncounted", heavy.uncounted, 0),
        _timed("console-memory", f"{more}: memory of the console then", heavy.memory / 2**20, unit=" MiB"),
    ]


def _large(idle: Load, many: Load) -> list[Row]:
    what = "console, 100,000 sockets"
    return [
        _beyond("console-many-p95", f"{what}: key", many.keys.moved, idle.keys.moved, 100),
        _beyond("console-many-scrolled", f"{what}: to the other end", many.keys.scrolled, idle.keys.scrolled, 100),
        _beyond("console-many-sorted", f"{what}: another order", many.keys.sorted, idle.keys.sorted, 100),
        _beyond("console-many-typed", f"{what}: letter of a filter", many.keys.typed, idle.keys.typed, 100),
    ]
