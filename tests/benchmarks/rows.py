"""The table: each row a workload with what it must stay below, each column a system."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.benchmarks.servers import BROADCAST, COME_FEW, COME_MANY, ECHO, Costs
from tests.benchmarks.systems import BARE, INSTRUMENTED, NODE, NODE_ADMIN, OWN, STOCK, TAPPED, UNHEARD

#: How much worse than its committed value a figure may be.
DRIFT = 1.15


@dataclass
class Row:
    """One figure of ours, and its peers' beside it."""

    id: str
    workload: str
    ours: float
    #: What it must not exceed; None: it is only shown.
    must: float | None = None
    #: "", or the unit of a figure that is no ratio.
    unit: str = ""
    peers: dict[str, float] = field(default_factory=dict)
    #: Whether it says the same on any machine, so that the committed value is compared.
    steady: bool = True

    @property
    def missed(self) -> bool:
        return self.must is not None and self.ours > self.must


INSTRUMENT_COLUMN, NODE_COLUMN = "stock + instrument", "Node + admin-ui ÷ Node"


_WORDS = {ECHO: "events in with ack, 50 clients", BROADCAST: "broadcast to 500"}


def server_rows(costs: Costs) -> list[Row]:
    """The rows about servers."""
    rows: list[Row] = []

    for workload, tap_must, own_must in ((ECHO, 1.06, 0.55), (BROADCAST, 1.05, 0.36)):
        of = costs[workload]
        stock = of[STOCK.name]
        peers = {
            "stock": 1.0,
            INSTRUMENT_COLUMN: of[INSTRUMENTED.name] / stock,
        }
        what = _WORDS[workload]
        rows += [
            Row(
                f"tap-{workload}",
                f"{what}: our tap on a stock server, console attached",
                of[TAPPED.name] / stock,
                tap_must,
                peers=peers,
            ),
            Row(f"tap-{workload}-unheard", f"{what}: the same, nobody attached", of[UNHEARD.name] / stock, peers=peers),
            Row(
                f"own-{workload}", f"{what}: our Server, console attached", of[OWN.name] / stock, own_must, peers=peers
            ),
            Row(f"own-{workload}-bare", f"{what}: our Server, without a tap", of[BARE.name] / stock, peers=peers),
        ]
    few, many = costs[COME_FEW], costs[COME_MANY]
    grows = {name: many[name] / few[name] for name in few}
    rows.append(
        Row(
            "connect-growth",
            "connect + 3 joins + disconnect, at 3,000 sockets ÷ at 500: our Server, console attached",
            grows[OWN.name],
            1.1,
            peers={"stock": grows[STOCK.name]},
        )
    )
    return rows


def node_rows(beside_node: Costs, memory: dict[str, float]) -> list[Row]:
    """The rows that CPU time and memory are counted for."""
    rows: list[Row] = []
    for workload in (ECHO, BROADCAST):
        node = beside_node[workload]
        rows.append(
            Row(
                f"node-{workload}",
                f"{_WORDS[workload]}: our Server with console ÷ Node with its Admin UI, CPU",
                node[OWN.name] / node[NODE_ADMIN.name],
                1.0,
                peers={
                    "stock": node[STOCK.name] / node[NODE.name],
                    NODE_COLUMN: node[NODE_ADMIN.name] / node[NODE.name],
                },
                steady=False,
            )
        )
    stock = memory[STOCK.name]
    rows.append(
        Row(
            "memory",
            f"memory for each connected socket: our Server with console ÷ stock ({stock / 1024:.1f} KiB)",
            memory[OWN.name] / stock,
            1.0,
            peers={"stock": 1.0, INSTRUMENT_COLUMN: memory[INSTRUMENTED.name] / stock},
            steady=False,
        )
    )
    return rows


def worse(rows: list[Row], committed: dict[str, float]) -> list[str]:
    """What is worse than its committed value, in words."""
    return [
        f"{row.id}: {row.ours:.2f}, committed {committed[row.id]:.2f}"
        for row in rows
        if row.steady and row.id in committed and row.ours > committed[row.id] * DRIFT
    ]


def missed(rows: list[Row]) -> list[str]:
    """The figures that were to be reached and are not, in words."""
    return [f"{row.id}: {row.ours:.2f}{row.unit}, must be at most {row.must}{row.unit}" for row in rows if row.missed]
