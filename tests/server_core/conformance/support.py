"""Servers for the conformance tests, and the sockets that connect to them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from server_core import Server, Socket
from server_core.tap import Tap
from server_core.watch import attach
from tests.support.serving import serve
from tests.support.watched import Watched


@contextlib.asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[Watched[Server]]:
    """A server whose pings are so far apart that nothing passes for want of one, unless the options say otherwise."""
    io = Server(**{"ping_interval": 25, "ping_timeout": 20, **options})
    tap = Tap("chat:io")
    attach(tap, io)
    async with serve(io.app) as url:
        yield Watched(io, url, tap)


def keep_sockets(io: Server, nsp: str = "/") -> list[Socket]:
    """The sockets that connect from now on."""
    sockets: list[Socket] = []
    io.of(nsp).on("connection", sockets.append)
    return sockets


async def join_by_polling(http: httpx.AsyncClient) -> str:
    """Open a session over polling and join `/`; the path to go on with."""
    opened = (await http.get("/socket.io/?EIO=4&transport=polling")).text
    sid = json.loads(opened[1:])["sid"]
    path = f"/socket.io/?EIO=4&transport=polling&sid={sid}"
    await http.post(path, content="40")
    assert (await http.get(path)).text.startswith("40")
    return path
