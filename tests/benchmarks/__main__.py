"""`python -m tests.benchmarks [NAME]…`: run the benchmarks named, or all, and print a table of each."""

from __future__ import annotations

import asyncio
import sys

from tests.benchmarks import query, rooms

BENCHMARKS = {"rooms": rooms.run, "query": query.run}


def main(wanted: list[str]) -> int:
    unknown = [name for name in wanted if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there is {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    for name, run in BENCHMARKS.items():
        if not wanted or name in wanted:
            asyncio.run(run())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
