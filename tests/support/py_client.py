"""python-socketio's synchronous client, off the test's event loop (its asynchronous one would need aiohttp)."""

from __future__ import annotations

import asyncio
import functools
import queue
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import socketio

T = TypeVar("T")

#: Seconds to wait for anything before a test is given up.
TIMEOUT = 20


class PyClient:
    """`async with PyClient(url, transports=["polling"], auth={...}) as bob: await bob.call("echo", 1)`."""

    def __init__(
        self, url: str, *, transports: Sequence[str] | None = None, auth: dict[str, Any] | None = None
    ) -> None:
        self._url = url
        self._transports = list(transports) if transports else None
        self._auth = auth
        self._client = socketio.Client(reconnection=False)
        self._events: queue.Queue[tuple[str, tuple[Any, ...]]] = queue.Queue()
        self._client.on("*", lambda event, *args: self._events.put((event, args)))
        self._client.on("disconnect", lambda reason: self._events.put(("disconnect", (reason,))))

    async def __aenter__(self) -> Self:
        connect = functools.partial(
            self._client.connect, self._url, auth=self._auth, transports=self._transports, wait_timeout=TIMEOUT
        )
        await _aside(connect)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await _aside(self._client.disconnect)

    @property
    def id(self) -> str:
        return str(self._client.get_sid())

    @property
    def transport(self) -> str:
        return str(self._client.transport())

    async def emit(self, event: str, *args: Any) -> None:
        await _aside(lambda: self._client.emit(event, args))

    async def call(self, event: str, *args: Any) -> Any:
        """Emit and wait for the ack."""
        return await _aside(lambda: self._client.call(event, args, timeout=TIMEOUT))

    async def wait(self, event: str) -> tuple[Any, ...]:
        """The arguments of the next event of this name, those of other names before it passed over."""
        while True:
            name, args = await _aside(lambda: self._events.get(timeout=TIMEOUT))
            if name == event:
                return args


async def _aside(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)
