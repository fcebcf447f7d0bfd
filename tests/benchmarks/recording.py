"""What recordings cost: writing them, opening a million records, asking them, going anywhere in time."""

from __future__ import annotations

import gc
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from console.lines import Reader
from console.link.base import LinkState
from console.link.recording import RecordingLink
from console.query.context import Context
from console.query.parse import parse
from console.state.session import Session
from console.state.sockets import SocketListing
from server_core import records
from server_core.recording import Recorder
from server_core.records import Record
from tests.support.make import Maker
from tests.support.terminal import Terminal

RECORDS = 1_000_000
SOCKETS = 200
BATCH = 125
JUMPS = 25
WORDS = ["the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "in", "the", "lobby"]
QUERIES = (
    "jumps",
    "nothing like this",
    "e",
    "/jum.*dog/",
    r"/\d{6}/",
    "/fox$|^dog/",
    "event:typing",
    "dir:in who:user1*",
    "ack>990ms",
    "arg[0].text:zebra",
    "arg[0].text:jumps",
    "arg[0].n>500000",
    "room:room-1",
    "size>60",
    "age<5m",
    "!jumps dir:out",
)


def _traffic(length: int) -> Iterator[list[Record]]:
    """Batches of a chat: events both ways, acks, joins, attributes, some that come and go."""
    dice, make = random.Random(1), Maker()
    live: list[str] = []

    def come() -> list[Record]:
        live.append(f"{dice.getrandbits(100):025x}"[:20])
        rooms = ("lobby", f"room-{dice.randrange(20)}")
        return make.socket(live[-1], rooms=rooms, user={"name": f"user{dice.randrange(5_000)}"})

    info = records.ServerInfo(target="chat:io", url="http://127.0.0.1:8000")
    batch: list[Record] = [make(records.ServerStarted, info=info)]
    for _ in range(SOCKETS):
        batch += come()
    made = 0
    while made < length:
        while len(batch) < BATCH:
            who, what = dice.choice(live), dice.random()
            said = {"text": " ".join(dice.choices(WORDS, k=6)), "n": made + len(batch)}
            if what < 0.47:
                batch.append(make.received(who, dice.choice(("message", "typing", "private message")), said))
            elif what < 0.82:
                room = f"room-{dice.randrange(20)}"
                batch.append(make.sent(dice.choice(("message", "news")), said, rooms=(room,), sockets=10))
            elif what < 0.92:
                batch.append(make(records.AckSent, socket=who, id=made, data='[{"ok":true}]', elapsed=dice.random()))
            elif what < 0.96:
                batch.append(make(records.EngineHeartbeat, engine=f"engine-{who}", rtt=dice.random()))
            elif what < 0.99:
                batch.append(make(records.AttributeSet, socket=who, name="score", value=str(made)))
            else:
                live.remove(who)
                batch.append(make(records.Disconnected, socket=who, reason="transport close"))
                batch += come()
        yield batch
        made += len(batch)
        batch = []


def _write(path: Path) -> tuple[int, float, int]:
    """How many records were written, in how many seconds of writing, and the bytes of the file."""
    recorder = Recorder(path)
    written, took = 0, 0.0
    for batch in _traffic(RECORDS):
        start = time.perf_counter()
        recorder.write(batch)
        took += time.perf_counter() - start
        written += len(batch)
    recorder.close()
    return written, took, path.stat().st_size


def _memory() -> float:
    """Megabytes that this process holds now; where that can't be told, the most that it ever held."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / 1e6


def _load(path: Path) -> tuple[RecordingLink, Session, float, float]:
    """The file opened, with the seconds until there was something to show, and until all was read."""
    gc.collect()
    start = time.perf_counter()
    link = RecordingLink(path)
    session = link.session(max_log_lines=20_000)
    first = 0.0
    while link.status.state is LinkState.LOADING:
        session.apply(link.take())
        first = first or time.perf_counter() - start
    return link, session, first, time.perf_counter() - start


def _ask(session: Session, text: str) -> tuple[int, float, float]:
    """How many records a query finds, and the seconds until the first ones and until all are found."""
    query = parse(text)
    assert query
    filter = query.bind(Context(session, Reader(session).text_of, SocketListing(session).text_of))
    history = session.live.history
    start = time.perf_counter()
    found, first = 0, 0.0
    for part in history.search(filter, history.first, history.end):
        found += len(part.numbers)
        first = first or (time.perf_counter() - start if part.numbers else 0.0)
    return found, first, time.perf_counter() - start


async def _on_screen(path: Path, found: dict[str, int]) -> tuple[float, float, list[float]]:
    """Seconds from the command to a screen with sockets, and to the end of the progress bar; and from each query's last
    letter, all typed at once, to the screen that shows its last matches and how many there are."""
    start = time.perf_counter()
    async with Terminal(
        [sys.executable, "-m", "console", "open", str(path), "--no-restore"], columns=120, lines=40
    ) as terminal:
        await terminal.wait_for("user", 60)
        first = time.perf_counter() - start
        await terminal.wait_for("▤ recording", 600)
        whole = time.perf_counter() - start
        terminal.send("3")
        await terminal.wait_for("[3 Events]")
        answered = []
        for text, number in found.items():
            terminal.send("/")
            await terminal.wait_for(lambda _: "complete" in terminal.rows()[-1])
            said = f" {number:,} found".replace(",", " ")
            start = time.perf_counter()
            terminal.type(text)
            await terminal.wait_for(lambda shown, said=said: said in shown and "searching" not in shown, 60)  # type: ignore[misc]
            answered.append(time.perf_counter() - start)
            terminal.send("escape")
            await terminal.wait_gone(" found")
        return first, whole, answered


async def run() -> None:
    with tempfile.TemporaryDirectory(prefix="socketscope-") as folder:
        await _run(Path(folder))


async def _run(folder: Path) -> None:
    table = Table(title=f"A recording of {RECORDS:,} records, {SOCKETS} sockets")
    for column in ("", ".siorec", ".siorec.zst"):
        table.add_column(column, justify="left" if not column else "right")
    columns: list[list[str]] = []
    rows: list[str] = []
    for suffix in (".siorec", ".siorec.zst"):
        path = folder / f"big{suffix}"
        written, took, size = _write(path)
        before = _memory()
        link, session, first, whole = _load(path)
        said = [
            ("written per second", f"{written / took:,.0f}"),
            ("bytes a record", f"{size / written:.0f}"),
            ("first state", f"{first * 1e3:.0f} ms"),
            ("all read and folded", f"{whole:.1f} s"),
            ("memory for it", f"{_memory() - before:.0f} MB"),
        ]
        counts: dict[str, int] = {}
        for text in QUERIES:
            counts[text], soon, all_found = _ask(session, text)
            said.append((f"{text}: {counts[text]:,} found", f"{soon * 1e3:.0f} ms, all {all_found * 1e3:.0f} ms"))
        jumps = []
        dice = random.Random(2)
        for _ in range(JUMPS):
            session.present()
            start = time.perf_counter()
            session.go(dice.randrange(session.end))
            jumps.append(time.perf_counter() - start)
        said.append(("a jump anywhere", f"{sorted(jumps)[JUMPS // 2] * 1e3:.0f} ms, at worst {max(jumps) * 1e3:.0f}"))
        said.append(("memory at the end", f"{_memory() - before:.0f} MB"))
        link.stop()
        del link, session
        shown, done, answered = await _on_screen(path, counts)
        said += [("command to screen", f"{shown:.1f} s"), ("progress bar done", f"{done:.1f} s")]
        said += [(f"{text}: typed to answered", f"{took:.2f} s") for text, took in zip(QUERIES, answered, strict=True)]
        rows = [name for name, _ in said]
        columns.append([value for _, value in said])
        path.unlink()
    for name, *values in zip(rows, *columns, strict=True):
        table.add_row(Text(name), *values)
    Console().print(table)
