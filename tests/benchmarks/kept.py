"""`python -m tests.benchmarks.kept substring|memory EVENTS`: what a session keeps, without a screen, as JSON on stdout.

The events come in batches as they are on the link, decoded and folded by the very session that the console has, faster
than any server makes them.
"""

from __future__ import annotations

import gc
import itertools
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from console.lines import Reader
from console.query.context import Context
from console.query.parse import parse
from console.settings import Settings
from console.state.session import Session
from console.state.sockets import SocketListing
from console.state.state import State
from server_core import records
from server_core.recording import Recorder
from server_core.records import Record, decode_batch, encode_batch
from server_core.roster import Roster
from tests.benchmarks.rows import Row
from tests.support.make import Maker

SOCKETS = 10_000
BATCH = 1_000
#: One in so many batches has sockets that leave, and others that come: names are forgotten as records are.
CHURN, LEAVING = 10, 500
ROUNDS = 9
#: Events after which all that is bounded is full, and between two looks at the memory.
FULL, LOOK = 1_000_000, 100_000


def _session(max_records: int, max_bytes: int, make: Maker) -> tuple[Session, list[str]]:
    """A session that knows of so many sockets."""
    roster, live = Roster(), [f"socket-{number:014d}" for number in range(SOCKETS)]
    for number, sid in enumerate(live):
        for record in make.socket(sid, rooms=(f"room-{number // 20}",), user={"name": f"user {number}"}):
            roster.apply(record)
    session = Session(State(max_records=max_records, max_bytes=max_bytes))
    sync = roster.to_sync(server=make.server, epoch=make.epoch, seq=0, time=make.received("a", "hi").time)
    session.apply(decode_batch(encode_batch([sync])))
    return session, live


def _batches(events: int, live: list[str], make: Maker, *, churn: bool) -> Iterator[bytes]:
    dice, names = random.Random(1), itertools.count(len(live))
    for start in range(0, events, BATCH):
        batch: list[Record] = []
        for number in range(start, start + BATCH):
            said = {"text": f"hello there, number {number}", "at": number}
            batch.append(make.received(live[dice.randrange(len(live))], "message", f"room-{number % 500}", said))
        if churn and start // BATCH % CHURN == 0:
            for _ in range(LEAVING):
                sid = live.pop(0)
                batch.append(make(records.Disconnected, socket=sid, reason="transport close"))
                batch.append(make(records.EngineClosed, engine=f"engine-{sid}", reason="transport close"))
                live.append(f"socket-{next(names):014d}")
                batch += make.socket(live[-1], user={"name": live[-1][-6:]})
        yield encode_batch(batch)


def _memory() -> int:
    """Bytes that this process holds."""
    gc.collect()
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the system does not say what a process holds")


def substring(events: int) -> dict[str, float]:
    """Seconds until a text that one event has was looked for in all that are kept, and one that all have."""
    make = Maker()
    session, live = _session(events, 10**12, make)
    for batch in _batches(events, live, make, churn=False):
        session.apply(decode_batch(batch))
    gc.collect()
    gc.freeze()
    context = Context(session, Reader(session).text_of, SocketListing(session).text_of)
    history = session.live.history

    def seconds(text: str, expected: int) -> float:
        took = []
        for _ in range(ROUNDS):
            query = parse(text)
            assert query
            filter = query.bind(context)
            start = time.perf_counter()
            found = sum(len(piece.numbers) for piece in history.search(filter, 0, history.end, newest_first=True))
            took.append(time.perf_counter() - start)
            assert found == expected, (text, found)
        return statistics.median(took)

    return {"rare": seconds(f'"number {events // 2}\\""', 1), "all": seconds("hello", events), "kept": len(history)}


def memory(events: int) -> dict[str, float]:
    """The most bytes that it held until all that is bounded was full, and from then on; the settings are the first
    ones."""
    settings, make = Settings(), Maker()
    session, live = _session(settings.max_records, settings.max_bytes, make)
    seen, before, after = 0, 0, 0
    for batch in _batches(events, live, make, churn=True):
        session.apply(decode_batch(batch))
        seen += BATCH
        if seen % LOOK == 0:
            if seen <= FULL:
                before = max(before, _memory())
            else:
                after = max(after, _memory())
    return {"before": before, "after": after, "kept": len(session.live.history)}


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


def _apart(what: str, events: int) -> dict[str, float]:
    """The figures of a process of their own, which gives back what it held."""
    command = [sys.executable, "-m", "tests.benchmarks.kept", what, str(events)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def measure_all(*, quick: bool, say: Callable[[str], None]) -> list[Row]:
    """The rows about what a session keeps, and what it writes."""
    say("a text in a million events")
    text = _apart("substring", 1_000_000)
    events = 3_000_000 if quick else 10_000_000
    say(f"memory after {events:,} events")
    held = _apart("memory", events)
    say("recording")
    share = recording_share(5_000)

    def row(id: str, workload: str, ours: float, must: float | None = None, unit: str = "") -> Row:
        return Row(id, workload, ours, must, unit, steady=False)

    return [
        row("substring", "a text that one of 1,000,000 events kept has", text["rare"] * 1e3, 100, " ms"),
        row("substring-all", "a text that all of them have", text["all"] * 1e3, unit=" ms"),
        row("record-share", "record to disk at 5,000 events/s: share of one core", share * 100, 3, " %"),
        row("memory-kept", "most that a session of 50,000 events kept holds", held["after"] / 2**20, unit=" MiB"),
        row(
            "memory-flat",
            f"the same from 1,000,000 events to {events:,} ÷ until then",
            held["after"] / held["before"],
            1.05,
        ),
    ]


if __name__ == "__main__":
    what = {"substring": substring, "memory": memory}[sys.argv[1]]
    print(json.dumps(what(int(sys.argv[2]))))
