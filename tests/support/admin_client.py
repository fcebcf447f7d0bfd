"""A client of an admin namespace that reads the Admin UI's own protocol, as the UI does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from console.wire.client import ClientSocket, Event
from console.wire.errors import Closed
from tests.support.serving import client
from tests.support.waiting import Changed

LOGIN = {"username": "admin", "password": "changeit"}


class PlainAdmin:
    """Keeps all that the server tells, by event."""

    def __init__(self, socket: ClientSocket) -> None:
        self.socket = socket
        self.events: list[Event] = []
        self._changed = Changed()

    def named(self, name: str) -> list[list[Any]]:
        """The arguments of all events of this name, in order."""
        return [event.args for event in self.events if event.name == name]

    async def wait(self, name: str, check: Callable[[list[Any]], bool] = lambda _args: True) -> list[Any]:
        """The arguments of the first such event."""
        found = await self._changed.until(
            lambda: next(([args] for args in self.named(name) if check(args)), None), timeout=20
        )
        assert found, f"no {name}; {[event.name for event in self.events]}"
        return found[0]

    async def read(self) -> None:
        with contextlib.suppress(Closed):
            while True:
                self.events.append(await self.socket.receive())
                self._changed.notify()


@contextlib.asynccontextmanager
async def plain_admin(url: str, auth: Any = None, nsp: str = "/admin", **options: Any) -> AsyncIterator[PlainAdmin]:
    async with client(url, LOGIN if auth is None else auth, nsp=nsp, **options) as socket:
        admin = PlainAdmin(socket)
        reading = asyncio.create_task(admin.read())
        try:
            yield admin
        finally:
            reading.cancel()
