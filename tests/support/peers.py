"""Real servers to attach to, each a process: Node, and every way to run python-socketio."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

from console.wire.target import Target
from tests.support import node
from tests.support.run import APPS, Running

AUTH = {"username": "admin", "password": "changeit"}


@contextlib.asynccontextmanager
async def node_server(**options: Any) -> AsyncIterator[tuple[str, Running]]:
    """`tests/js/server.mjs`; its URL and process."""
    command = [str(node.install()), str(node.JS / "server.mjs"), json.dumps({"password": AUTH["password"], **options})]
    async with Running(command, cwd=node.JS) as running:
        yield (await running.wait_line(r"^listening on (\S+)$"))[1], running


@contextlib.asynccontextmanager
async def python_server(kind: str, mode: str = "development") -> AsyncIterator[tuple[str, Running]]:
    """`tests/apps/peer.py`; its URL and process."""
    async with Running([sys.executable, str(APPS / "peer.py"), kind, mode]) as running:
        yield (await running.wait_line(r"^listening on (\S+)$"))[1], running


def peer(kind: str, mode: str = "development") -> contextlib.AbstractAsyncContextManager[tuple[str, Running]]:
    """A server of any kind; `node` is Node's."""
    return node_server(mode=mode) if kind == "node" else python_server(kind, mode)


def target(url: str, **options: Any) -> Target:
    return Target(url=url, auth=AUTH, **options)
