"""The servers that are measured beside each other, each in a process of its own, with who watches it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tests.benchmarks import load
from tests.benchmarks.process import SLOWDOWN, Process, free_port
from tests.support.node import JS, install

#: Seconds between two drains of a tap, with a little over.
DRAINED = 0.03
#: Seconds after which a client of an admin server is taken for one that speaks the Admin UI's protocol.
SETTLED = 0.5


@dataclass(frozen=True)
class System:
    """A kind of server: `app` is in `tests.apps`, or Node's; a tap on it where `tapped`, and who is attached."""

    name: str
    app: str
    tapped: bool = False
    console: bool = False
    admin: bool = False

    @property
    def node(self) -> bool:
        return self.app == "node"


STOCK = System("stock", "bench_stock:app")
INSTRUMENTED = System("stock + instrument, 1 admin", "bench_instrumented:app", admin=True)
TAPPED = System("stock + our tap + console", "bench_stock:app", tapped=True, console=True)
UNHEARD = System("stock + our tap, nobody attached", "bench_stock:app", tapped=True)
OWN = System("our Server + console", "bench_own:app", tapped=True, console=True)
BARE = System("our Server", "bench_own:app")
NODE = System("Node", "node")
NODE_ADMIN = System("Node + admin-ui, 1 admin", "node", admin=True)


@contextlib.asynccontextmanager
async def running(system: System, *, valgrind: bool = False) -> AsyncIterator[Process]:
    """The system's server, with whoever is attached to it."""
    port = free_port()
    admin = free_port() if system.tapped else 0
    if system.node:
        command = [str(install()), str(JS / "bench.mjs"), str(port), str(int(system.admin))]
    else:
        slowdown = SLOWDOWN if valgrind else 1
        target = f"tests.apps.{system.app}"
        command = [sys.executable, "-m", "tests.benchmarks.serve", target, str(port), str(admin), str(slowdown)]
    with Process(command, port, valgrind=valgrind) as process:
        console = load.Console()
        if system.console:
            await console.connect(admin, "bench")
        elif system.admin:
            await console.attach(port)
        elif system.tapped:  # a console that came and went
            await console.connect(admin, "bench")
            await asyncio.sleep(SETTLED)
            console.close()
        await asyncio.sleep(SETTLED)
        yield process


async def drained(system: System, process: Process) -> None:
    """Wait until what was noted has been handed out, so that it is counted, and nothing older is."""
    if system.tapped:
        await asyncio.sleep(DRAINED * (SLOWDOWN if process.valgrind else 1))
