"""All about a server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from console.detail.blocks import Block, Fact, Facts
from console.detail.page import Page, blank, heading
from console.detail.plot import Plot
from console.lines import Reader, clock
from console.state.concerns import ConcernsServer
from console.state.meter import Quantity
from console.state.session import Session
from console.text import count, seconds, size


class ServerPage(Page):
    """One server: what it is, its namespaces, and how much happened in the last ten minutes."""

    tabs = ("Overview", "Plots", "Events")
    following = ("Events",)

    _PLOTS: ClassVar[tuple[tuple[str, tuple[Quantity, ...], bool], ...]] = (
        ("connections/s", ("connects",), False),
        ("disconnections/s", ("disconnects",), False),
        ("events in/s", ("received",), False),
        ("events out/s", ("sent",), False),
        ("bytes in/s", ("bytes_in",), True),
        ("bytes out/s", ("bytes_out",), True),
    )

    def __init__(self, session: Session, reader: Reader, id: str) -> None:
        super().__init__(session, reader)
        self.id = id
        self._concerns = ConcernsServer(id)
        self._plots: list[Block] = [
            *(self._plot(title, quantities, write=size if bytes else str) for title, quantities, bytes in self._PLOTS),
            Plot("loop late by", lambda: self.state.meter(self.id).lags(self.session.now()), seconds, height=2),
        ]

    def title(self) -> str:
        return self.id

    def note(self) -> str:
        return "" if self.id in self.state.rosters else "gone"

    def blocks(self, tab: str) -> list[Block]:
        if tab == "Events":
            return [self.events(filter=self._concerns)]
        if tab == "Plots":
            return [heading("the last ten minutes, now at the right"), *self._plots]
        return [
            Facts(self._overview()),
            blank(),
            heading("namespaces"),
            Facts(self._namespaces()),
            blank(),
            self._plots[2],
            self._plots[3],
        ]

    def _overview(self) -> list[Fact]:
        roster = self.state.rosters.get(self.id)
        if roster is None:
            return [Fact("", "nothing is known of this server")]
        info, meter, now = roster.info, self.state.meter(self.id), self.session.now()
        facts = [
            Fact(
                "up",
                f"{seconds(max(0.0, (now - info.started) / 1e9))}, since {clock(info.started, full=True)}"
                if info.started
                else "",
            ),
            Fact("target", info.target),
            Fact("url", info.url),
            Fact("node", info.node),
            Fact("nodes", f"{', '.join(info.nodes)}: which of them has a socket is not told" if info.nodes else ""),
            Fact("pid", str(info.pid or "")),
            Fact("library", info.library),
            Fact("sockets", f"{len(roster.sockets)} on {count(len(roster.engines), 'connection')}"),
        ]
        if latest := meter.latest:
            facts.append(Fact("loop", f"{seconds(latest.lag)} late at worst in the last second"))
            facts.append(Fact("cpu", "" if meter.cpu is None else f"{meter.cpu:.0%} of a core"))
            facts.append(Fact("memory", size(latest.memory) if latest.memory else ""))
        read_only = "READ_ONLY" in info.features
        facts.append(Fact("commands", "none: read-only" if read_only else ", ".join(map(str.lower, info.features))))
        return [fact for fact in facts if fact.text]

    def _namespaces(self) -> list[Fact]:
        roster = self.state.rosters.get(self.id)
        if roster is None:
            return []
        rooms = Counter(nsp for nsp, room in roster.rooms if room not in roster.sockets)
        return [
            Fact(nsp, f"{count(len(ids), 'socket')}, {count(rooms[nsp], 'room')}")
            for nsp, ids in sorted(roster.namespaces.items())
        ] or [Fact("", "no socket is connected")]

    def _plot(self, title: str, quantities: tuple[Quantity, ...], *, write: object) -> Plot:
        def values() -> Sequence[float]:
            meter, now = self.state.meter(self.id), self.session.now()
            return [sum(each) for each in zip(*(meter.rates(one, now) for one in quantities), strict=True)]

        return Plot(title, values, (lambda value: size(int(value))) if write is size else lambda value: f"{value:.0f}")
