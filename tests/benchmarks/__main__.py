"""`python -m tests.benchmarks`: everything measured side by side in one run, as one table."""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import os
import platform
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import attached, console, kept, query, recording, replay, rooms, rows, servers
from tests.benchmarks.process import have_valgrind
from tests.benchmarks.rows import INSTRUMENT_COLUMN, NODE_COLUMN, Row

RATIOS = Path(__file__).with_name("ratios.json")
README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- benchmarks: begin -->\n", "<!-- benchmarks: end -->\n"

#: Tables of their own, beside the one.
OTHERS = {"rooms": rooms.run, "query": query.run, "replay": replay.run, "recording": recording.run}
TABLE = ("servers", "node", "console", "kept", "attached")
GROUPS = (*TABLE, *OTHERS)


def _say(text: str) -> None:
    print(f"… {text}", file=sys.stderr, flush=True)


async def _measure(groups: set[str], quick: bool) -> tuple[list[Row], str]:
    found: list[Row] = []
    counted = ""
    if "servers" in groups:
        costs, counted = await servers.measure(quick=quick, say=_say)
        found += rows.server_rows(costs)
    if "node" in groups:
        beside_node = await servers.beside_node(quick=quick, say=_say)
        found += rows.node_rows(beside_node, await servers.memory(quick=quick, say=_say))
    if "console" in groups:
        found += await asyncio.to_thread(console.measure_all, quick=quick, say=_say)
    if "kept" in groups:
        found += await asyncio.to_thread(kept.measure_all, quick=quick, say=_say)
    if "attached" in groups:
        found += await asyncio.to_thread(attached.measure_all, quick=quick, say=_say)
    for name, run in OTHERS.items():
        if name in groups:
            await run()
    return found, counted


def _cells(row: Row) -> list[str]:
    def cell(value: float | None) -> str:
        return "" if value is None else f"{value:.2f}{row.unit}"

    return [
        row.workload,
        cell(row.peers.get("stock")),
        cell(row.peers.get(INSTRUMENT_COLUMN)),
        cell(row.peers.get(NODE_COLUMN)),
        cell(row.ours),
        "" if row.must is None else f"≤ {row.must}{row.unit}",
    ]


COLUMNS = ("workload", "stock", INSTRUMENT_COLUMN, NODE_COLUMN, "ours", "must be")


def _about(groups: Iterable[str], counted: str, took: float) -> str:
    model = next(
        (line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine()
    )
    what = (counted or "time") + ("; CPU seconds beside Node" if "node" in groups else "")
    return (
        f"{', '.join(groups)}: {what}. Python {platform.python_version()}, {os.cpu_count()} cores ({model}), "
        f"{datetime.date.today():%Y-%m-%d}, {took:.0f} s."
    )


def _cpuinfo() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text().splitlines() if file.exists() else []


def _print(found: list[Row], about: str) -> None:
    table = Table(title="Cost, as ratios to stock python-socketio in the same run", caption=about)
    for number, column in enumerate(COLUMNS):
        table.add_column(column, justify="left" if number == 0 else "right")
    for row in found:
        cells = _cells(row)
        cells[4] = f"[{'red' if row.missed else 'green' if row.must else 'default'}]{cells[4]}[/]"
        table.add_row(*cells)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _write_readme(found: list[Row], about: str, *, whole: bool) -> None:
    """Put the table in the README's section; where it was not all measured, the other rows stay as they are."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    there, _, after = rest.partition(END)
    new = {row.workload: f"| {' | '.join(_cells(row))} |" for row in found}
    known = [] if whole else [line for line in there.splitlines() if line.startswith("| ")][1:]
    lines = [new.pop(line[2:].partition(" | ")[0], line) for line in known] + list(new.values())
    notes = [] if whole else [line for line in there.splitlines() if line and not line.startswith("|")]
    notes = [line for line in notes if line.partition(":")[0] != about.partition(":")[0]]
    heading = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    body = "\n".join([*heading, *lines, "", "\n\n".join([*notes, about]), ""])
    README.write_text(f"{before}{BEGIN}{body}{END}{after}", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer events, shorter runs: a few minutes")
    parser.add_argument("--json", action="store_true", help="the rows as JSON instead of a table")
    parser.add_argument("--check", action="store_true", help="exit code 1 where a figure is not what it must be")
    parser.add_argument("--compare", action="store_true", help="exit code 1 where one is worse than was committed")
    parser.add_argument("--only", action="append", choices=GROUPS, help="this group alone; may be repeated")
    parser.add_argument("--save", action="store_true", help="write the figures to be committed, and the README's table")
    options = parser.parse_args(arguments)
    if options.compare and not options.check and not have_valgrind():
        print("not compared: that takes valgrind, which is not here", file=sys.stderr)
        return 0
    start = time.monotonic()
    groups = [group for group in GROUPS if group in (options.only or TABLE)]
    found, counted = asyncio.run(_measure(set(groups), options.quick))
    about = _about(groups, counted, time.monotonic() - start)
    if options.json:
        print(json.dumps({"about": about, "rows": [vars(row) for row in found]}, indent=1, ensure_ascii=False))
    elif found:
        _print(found, about)
    if options.save:
        known = json.loads(RATIOS.read_text()) if RATIOS.exists() else {}
        known |= {row.id: round(row.ours, 3) for row in found}
        RATIOS.write_text(json.dumps(known, indent=1) + "\n")
        _write_readme(found, about, whole=not options.only)
    wrong: list[str] = []
    if options.check:
        wrong += rows.missed(found)
    if (options.check or options.compare) and counted == servers.INSTRUCTIONS:
        wrong += rows.worse(found, json.loads(RATIOS.read_text()))
    for text in wrong:
        print(text, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
