"""What a query costs a record, beside looking for a text in it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

from console.lines import Reader
from console.query.context import Context
from console.query.parse import parse
from console.state.session import Session
from console.state.sockets import SocketListing
from console.state.state import State
from server_core.records import AnyRecord
from tests.support.make import Maker

RECORDS = 20_000
ROUNDS = 5
QUERIES = (
    "bye",
    "event:bye",
    "dir:in who:bob",
    "arg[1].text:bye",
    "attr.user.name:b*",
    "size>1k or event:/by+e/",
    "(event:message or event:bye) !room:lobby age<5m",
)


def _records() -> tuple[State, list[AnyRecord]]:
    make, state = Maker(), State(max_records=RECORDS)
    happened: list[Any] = []
    for name in ("alice", "bob", "carol"):
        happened += make.socket(name, rooms=("lobby",), user={"name": name})
    state.apply(happened)
    happened = []
    for number in range(RECORDS):
        who = ("alice", "bob", "carol")[number % 3]
        happened.append(make.received(who, "message", "lobby", {"text": f"hello {number}", "at": number}))
    state.apply(happened)
    return state, happened


def _per_record(takes: Callable[[AnyRecord], bool], records: list[AnyRecord]) -> float:
    """Seconds for each record, the median of the rounds."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for record in records:
            takes(record)
        rounds.append((time.perf_counter() - start) / len(records))
    return statistics.median(rounds)


async def run() -> None:
    state, records = _records()
    session = Session(state)
    reader = Reader(session)
    context = Context(session, reader.text_of, SocketListing(session).text_of)
    plain = _per_record(lambda record: "bye" in reader.text_of(record).casefold(), records)
    table = Table(title=f"A query's cost per record, over {RECORDS:,}")
    for column in ("query", "µs", "beside a text looked for"):
        table.add_column(column, justify="left" if column == "query" else "right")
    table.add_row("[dim]text in record[/dim]", f"{plain * 1e6:.2f}", "×1.0")
    for text in QUERIES:
        query = parse(text)
        assert query
        took = _per_record(query.bind(context).takes_record, records)
        table.add_row(text.replace("[", "\\["), f"{took * 1e6:.2f}", f"×{took / plain:.1f}")
    Console().print(table)
