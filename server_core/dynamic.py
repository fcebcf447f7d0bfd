"""Which dynamic namespace takes a name: their functions are asked beside the read loop, as they may take their time."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from server_core.middleware import PASSED, Asking, Next, Outcome, Raised
from server_core.namespace import DynamicNamespace

if TYPE_CHECKING:
    from server_core.server import Server

#: Namespaces of one connection whose functions have not answered; a client that goes on is cut off.
MAX_ASKED = 1_000


class _OtherName(Exception):
    """A function says no: the next is asked."""


#: Told who takes a name, None when nobody does, and what came of asking.
Then = Callable[[DynamicNamespace | None, Outcome], Coroutine[Any, Any, None]]


class DynamicNames:
    """Which dynamic namespace takes a name, for the clients of a server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        #: What asks, by connection and name.
        self._tasks: dict[str, dict[str, asyncio.Task[None]]] = {}
        #: Functions that are not done although their time is up.
        self._going_on: set[asyncio.Future[Any] | None] = set()

    def first(self, name: str) -> DynamicNamespace | None:
        """The first that takes this name, or whose function may."""
        return next((each for each in self._server.dynamic_namespaces if each.asks or each.matches(name)), None)

    def asking(self, eio_sid: str, name: str | None = None) -> bool:
        """Whether functions are asked for a connection: for this name, or for any."""
        tasks = self._tasks.get(eio_sid, {})
        return bool(tasks) if name is None else name in tasks

    def ask(self, eio_sid: str, name: str, auth: dict[str, Any], then: Then) -> None:
        """Ask in a task; `then` is not called when the client has left meanwhile."""
        tasks = self._tasks.setdefault(eio_sid, {})
        if len(tasks) >= MAX_ASKED:
            raise ValueError(f"more than {MAX_ASKED} namespaces whose functions have not answered")
        tasks[name] = self._server.spawn(self._ask(eio_sid, name, auth, then))

    def withdraw(self, eio_sid: str, name: str) -> None:
        """The client does not want to join any more: the answer counts no longer."""
        if tasks := self._tasks.get(eio_sid):
            tasks.pop(name, None)
            if not tasks:
                del self._tasks[eio_sid]

    def raised(self, name: str) -> Raised:
        """Whom to tell what a function raises for a client that has no socket yet."""
        return lambda by, error: self._server.app_raised(f"io.of({by})", error, name)

    async def _ask(self, eio_sid: str, name: str, auth: dict[str, Any], then: Then) -> None:
        asking = Asking(self.raised(name), self._going_on, self._server.connect_timeout)
        taker, outcome = None, PASSED
        for dynamic in list(self._server.dynamic_namespaces):
            outcome = await asking.ask(functools.partial(_ask_one, dynamic, name, auth), dynamic.asked_by)
            if not isinstance(outcome.error, _OtherName):
                taker = dynamic
                break
            outcome = PASSED
        if self._tasks.get(eio_sid, {}).get(name) is not asyncio.current_task():
            return
        self.withdraw(eio_sid, name)
        connection = self._server.eio.sockets.get(eio_sid)
        if connection and not connection.closing:
            await then(taker, outcome)


async def _ask_one(dynamic: DynamicNamespace, name: str, auth: dict[str, Any], next: Next) -> None:
    next(None if await dynamic.takes(name, auth) else _OtherName())
