"""Real servers to attach to, each a process: Node, and every way to run python-socketio."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from console.wire.target import Target
from tests.support import node
from tests.support.run import APPS, Running

#: Seconds between two pings, where nobody says otherwise.
PING = 25.0
AUTH = {"username": "admin", "password": "changeit"}


def _node_process(**options: Any) -> Running:
    command = [str(node.install()), str(node.JS / "server.mjs"), json.dumps({"password": AUTH["password"], **options})]
    return Running(command, cwd=node.JS)


@contextlib.asynccontextmanager
async def node_server(**options: Any) -> AsyncIterator[tuple[str, Running]]:
    """`tests/js/server.mjs`; its URL and process."""
    async with _node_process(**options) as running:
        yield (await running.wait_line(r"^listening on (\S+)$"))[1], running


class Node(NamedTuple):
    """A process of a cluster."""

    name: str
    pid: int
    url: str


@contextlib.asynccontextmanager
async def node_cluster(count: int = 2) -> AsyncIterator[list[Node]]:
    """`tests/js/server.mjs` as so many processes behind the cluster adapter."""
    async with _node_process(nodes=count) as running:
        found = []
        for number in range(1, count + 1):
            said = await running.wait_line(rf"^(node-{number}) (\d+) listening on (\S+)$")
            found.append(Node(said[1], int(said[2]), said[3]))
        yield found


@contextlib.asynccontextmanager
async def python_server(kind: str, mode: str = "development", ping: float = PING) -> AsyncIterator[tuple[str, Running]]:
    """`tests/apps/peer.py`; its URL and process."""
    async with Running([sys.executable, str(APPS / "peer.py"), kind, mode, str(ping)]) as running:
        yield (await running.wait_line(r"^listening on (\S+)$"))[1], running


def peer(
    kind: str, mode: str = "development", ping: float = PING
) -> contextlib.AbstractAsyncContextManager[tuple[str, Running]]:
    """A server of any kind, which pings every `ping` seconds; `node` is Node's."""
    if kind == "node":
        return node_server(mode=mode, server={"pingInterval": 1000 * ping})
    return python_server(kind, mode, ping)


def target(url: str, **options: Any) -> Target:
    return Target(url=url, auth=AUTH, **options)
