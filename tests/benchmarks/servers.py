"""What servers cost: per event, per broadcast, per connection, per connected socket."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Awaitable, Callable

from tests.benchmarks import load
from tests.benchmarks.process import Process, have_valgrind
from tests.benchmarks.systems import (
    BARE,
    INSTRUMENTED,
    NODE,
    NODE_ADMIN,
    OWN,
    STOCK,
    TAPPED,
    UNHEARD,
    System,
    drained,
    running,
)

ECHOING, LISTENING = 50, 500
FEW, MANY = 500, 3_000
#: Sockets that come and go, beside those.
COMING = 30
#: Processes that are measured at the same time.
PARALLEL = 2

#: What is counted where valgrind is there: the same figures on any machine, however busy.
INSTRUCTIONS = "instructions"

#: Workload → system → what one of it cost: instructions, or microseconds of CPU.
Costs = dict[str, dict[str, float]]

ECHO, BROADCAST, COME_FEW, COME_MANY = "echo", "broadcast", f"connect at {FEW:,}", f"connect at {MANY:,}"


async def _count(system: System, process: Process, work: Awaitable[None]) -> float:
    """What a server did meanwhile, and after it, until all was handed out."""
    await drained(system, process)
    if process.valgrind:
        await process.begin()
        await work
        await drained(system, process)
        return await process.end()
    before = process.cpu()
    await work
    await drained(system, process)
    return (process.cpu() - before) * 1e6


async def _one(system: System, costs: Costs, *, events: int, broadcasts: int, growth: bool) -> None:
    """Every workload on one system, under valgrind."""
    async with running(system, valgrind=True) as process:
        clients = await load.connect(process.port, ECHOING)
        await load.echo(clients, 200)
        costs[ECHO][system.name] = await _count(system, process, load.echo(clients, events)) / events
        clients += await load.connect(process.port, LISTENING - ECHOING)
        await load.broadcast(clients, 3)
        count = await _count(system, process, load.broadcast(clients, broadcasts))
        costs[BROADCAST][system.name] = count / broadcasts
        if not growth:
            return
        for workload, sockets in ((COME_FEW, FEW), (COME_MANY, MANY)):
            clients += await load.connect(process.port, sockets - len(clients))
            await load.come_and_go(process.port, 5)
            # the median leaves out a full garbage collection, whose turn comes once in a thousand connections
            rounds = [await _count(system, process, load.come_and_go(process.port, COMING)) for _ in range(3)]
            costs[workload][system.name] = statistics.median(rounds) / COMING


async def by_instructions(*, quick: bool, say: Callable[[str], None]) -> Costs:
    """Instructions, side by side under valgrind: the machine may be busy."""
    costs: Costs = {ECHO: {}, BROADCAST: {}, COME_FEW: {}, COME_MANY: {}}
    turn = asyncio.Semaphore(PARALLEL)

    async def measure(system: System) -> None:
        async with turn:
            say(f"{system.name}, under valgrind")
            growth = system in (STOCK, OWN)
            await _one(system, costs, events=800 if quick else 3_000, broadcasts=40 if quick else 100, growth=growth)

    await asyncio.gather(*map(measure, (STOCK, OWN, TAPPED, INSTRUMENTED, UNHEARD, BARE)))
    return costs


async def by_cpu(systems: tuple[System, ...], *, quick: bool, say: Callable[[str], None]) -> Costs:
    """CPU time, in rounds that take turns, the median of them."""
    rounds = 5
    events, broadcasts = (3_000, 20) if quick else (10_000, 60)
    found: dict[str, dict[str, list[float]]] = {ECHO: {}, BROADCAST: {}}
    for workload, clients in ((ECHO, ECHOING), (BROADCAST, LISTENING)):
        for number in range(rounds):
            for system in systems:
                say(f"{system.name}, {workload}, round {number + 1} of {rounds}")
                async with running(system) as process:
                    connected = await load.connect(process.port, clients)
                    work, count = (load.echo, events) if workload == ECHO else (load.broadcast, broadcasts)
                    await work(connected, count // 3)
                    cost = await _count(system, process, work(connected, count)) / count
                    found[workload].setdefault(system.name, []).append(cost)
                    for client in connected:
                        client.close()
    return {workload: {name: statistics.median(costs) for name, costs in of.items()} for workload, of in found.items()}


async def growth_by_cpu(*, quick: bool, say: Callable[[str], None]) -> Costs:
    """Connecting and disconnecting among few and among many, by CPU time."""
    costs: Costs = {COME_FEW: {}, COME_MANY: {}}
    for system in (STOCK, OWN):
        async with running(system) as process:
            clients: list[load.Client] = []
            for workload, sockets in ((COME_FEW, FEW), (COME_MANY, MANY)):
                say(f"{system.name}, {workload}")
                clients += await load.connect(process.port, sockets - len(clients))
                rounds = [
                    await _count(system, process, load.come_and_go(process.port, 100)) / 100
                    for _ in range(5 if quick else 9)
                ]
                costs[workload][system.name] = statistics.median(rounds)
    return costs


async def memory(*, quick: bool, say: Callable[[str], None]) -> dict[str, float]:
    """Bytes for each connected socket."""
    sockets = 1_000 if quick else 2_000
    found: dict[str, float] = {}
    for system in (STOCK, INSTRUMENTED, OWN, NODE):
        say(f"{system.name}, memory")
        async with running(system) as process:
            # what the first connections bring along belongs to the process
            clients = await load.connect(process.port, 200)
            await asyncio.sleep(1)
            before = process.memory()
            clients += await load.connect(process.port, sockets)
            await asyncio.sleep(1)
            found[system.name] = (process.memory() - before) / sockets
            for client in clients:
                client.close()
    return found


async def measure(*, quick: bool, say: Callable[[str], None]) -> tuple[Costs, str]:
    """What each system's work costs, and what was counted."""
    if have_valgrind():
        return await by_instructions(quick=quick, say=say), INSTRUCTIONS
    systems = (STOCK, INSTRUMENTED, UNHEARD, TAPPED, OWN, BARE)
    costs = await by_cpu(systems, quick=quick, say=say) | await growth_by_cpu(quick=quick, say=say)
    return costs, "CPU seconds"


async def beside_node(*, quick: bool, say: Callable[[str], None]) -> Costs:
    """CPU time of ours and of Node's."""
    return await by_cpu((NODE, NODE_ADMIN, OWN, STOCK), quick=quick, say=say)
