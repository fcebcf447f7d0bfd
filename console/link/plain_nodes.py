"""The servers that tell of themselves over one connection: one, or all of a cluster. Nobody tells which of them has a
socket then."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import msgspec

from server_core.records import ServerInfo

#: Seconds of silence after which a node is taken for gone: each tells of itself every 2 s.
SILENCE = 10.0


class _Node(NamedTuple):
    name: str
    pid: int


class Nodes:
    """Who told of itself lately, by name and process."""

    def __init__(self) -> None:
        #: Node → wall time in nanoseconds of its start, and when it was heard last, on the reader's clock.
        self._known: dict[_Node, tuple[int, float]] = {}

    def heard(self, stats: dict[str, Any], now: float) -> bool:
        """Take in a `server_stats`; whether it is of a node that was not known."""
        name, pid = stats.get("serverId"), stats.get("pid")
        if not isinstance(name, str):
            return False
        node = _Node(name, pid if isinstance(pid, int) else 0)
        new = node not in self._known
        started = self._known[node][0] if not new else time.time_ns() - int(float(stats.get("uptime") or 0) * 1e9)
        self._known[node] = started, now
        return new

    def let_go(self, now: float) -> list[str]:
        """Forget who is silent; their names."""
        silent = [node for node, (_, heard) in self._known.items() if now - heard > SILENCE]
        if len(silent) == len(self._known):  # it is the connection that is silent
            return []
        for node in silent:
            del self._known[node]
        return [node.name for node in silent]

    def describe(self, info: ServerInfo) -> ServerInfo:
        """What is known of a server, with its name where it is the only one, and else with those that it may have."""
        known = sorted(self._known)
        if len(known) == 1:
            (node,) = known
            started = self._known[node][0]
            return msgspec.structs.replace(info, node=node.name, pid=node.pid, started=started, nodes=())
        names = [node.name for node in known]
        nodes = tuple(node.name if names.count(node.name) == 1 else f"{node.name}#{node.pid}" for node in known)
        return msgspec.structs.replace(info, node="", pid=0, started=0, nodes=nodes)
