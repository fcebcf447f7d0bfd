"""A second console's ear on the server that a link hosts: it can come late, and it can be slow."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Self

from console.link.hosted import HostedLink
from console.wire.client import Client, ClientSocket, Event
from console.wire.engine import Engine
from console.wire.errors import Closed
from server_core.records import AnyRecord, decode_batch


class AdminReader:
    """Reads the records of a hosted server from its admin namespace, beside the link."""

    def __init__(self, link: HostedLink) -> None:
        port = link._admin.getsockname()[1]
        self._token = link._config.token
        self._client = Client(Engine(f"http://127.0.0.1:{port}"))
        self._reading: asyncio.Task[None] | None = None
        self._unanswered: list[Event] | None = None
        self._socket: ClientSocket | None = None
        self.records: list[AnyRecord] = []

    async def __aenter__(self) -> Self:
        await self._client.open()
        self._socket = await self._client.connect("/admin", {"token": self._token})
        await self._socket.emit("subscribe")
        self._reading = asyncio.create_task(self._read(self._socket))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._reading:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading
        await self._client.engine.abort()

    def stall(self) -> None:
        """Answer nothing more, so that the server sends nothing more."""
        self._unanswered = []

    async def go_on(self) -> None:
        """Answer all that is unanswered."""
        unanswered, self._unanswered = self._unanswered or [], None
        for event in unanswered:
            if self._socket:
                await self._socket.ack(event)

    async def _read(self, socket: ClientSocket) -> None:
        with contextlib.suppress(Closed):
            while True:
                event = await socket.receive()
                if event.name != "records":
                    continue
                for batch in event.args:
                    self.records += decode_batch(batch)
                if self._unanswered is None:
                    await socket.ack(event)
                else:
                    self._unanswered.append(event)
