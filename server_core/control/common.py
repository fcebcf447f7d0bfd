"""What the commands share: what is refused, finding the sockets that are named, doing something to many of them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from server_core import packets
from server_core.packets import RESERVED_EVENTS
from server_core.records import CommandResult
from server_core.server import MAX_ATTACHMENTS, Server
from server_core.socket import Socket

#: What one command may name.
MAX_SOCKETS = 100_000
MAX_ROOMS = 1_000
#: Sockets with which something is done at a time: between two of them the app has its turn.
CONCURRENCY = 32
#: Seconds that a command waits for what the app's handlers do.
PATIENCE = 10.0
#: Seconds for which answers may be waited for.
MAX_ACK = 600.0
#: Sockets that an error names.
_NAMED = 5

T = TypeVar("T")

#: Work that goes on after its command was answered.
_going_on: set[asyncio.Task[None]] = set()


class Refusal(Exception):
    """A command that can't be carried out; its text tells the person at the console why."""


# what a command says


def check_event(name: str) -> None:
    """Refuse an event name that Socket.IO keeps for itself."""
    if not name:
        raise Refusal("an event needs a name")
    if name in RESERVED_EVENTS:
        raise Refusal(f'"{name}" is a reserved event name')


def check_ack(seconds: float | None) -> None:
    """Refuse what is no time to wait for an answer."""
    if seconds is not None and not (math.isfinite(seconds) and 0 < seconds <= MAX_ACK):
        raise Refusal(f"an ack is waited for more than 0 and at most {MAX_ACK:.0f} seconds, not {seconds:g}")


def check_rooms(rooms: Collection[str]) -> None:
    """Refuse names that are no rooms, and too many of them."""
    if len(rooms) > MAX_ROOMS:
        raise Refusal(f"{len(rooms)} rooms at a time are too many: {MAX_ROOMS} are the most")
    if "" in rooms:
        raise Refusal("a room needs a name")


def value(text: str, what: str) -> Any:
    """The value of a JSON text."""
    try:
        return packets.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refusal(f"{what} not JSON: {error}") from error


def arguments(text: str, attachments: Sequence[bytes]) -> list[Any]:
    """An event's arguments, binary parts in place."""
    args = value(text, "the arguments are")
    if not isinstance(args, list):
        raise Refusal("the arguments must be a JSON list")
    if len(attachments) > MAX_ATTACHMENTS:
        raise Refusal(f"{len(attachments)} binary parts are too many: {MAX_ATTACHMENTS} are the most")
    named = {num for num in _placeholders(args) if isinstance(num, int) and not isinstance(num, bool)}
    if named != set(range(len(attachments))):
        # a client takes a packet whose placeholders and attachments differ for malformed, and leaves
        raise Refusal(f"{len(attachments)} binary parts, but placeholders for {sorted(named)}")
    args = packets.decode(text, attachments)
    return list(args)


def _placeholders(value: Any) -> Iterator[Any]:
    left = [value]
    while left:
        value = left.pop()
        if isinstance(value, list):
            left += value
        elif isinstance(value, dict):
            if value.get("_placeholder") is True:
                yield value.get("num")
            else:
                left += value.values()


# the sockets that it names


def is_here(server: Any, sid: str, nsp: str) -> bool:
    """Whether a socket is connected to a namespace of a server."""
    if isinstance(server, Server):
        return own(server, sid, nsp) is not None
    return bool(server.manager.is_connected(sid, nsp))


def own(server: Server, sid: str, nsp: str) -> Socket | None:
    """A connected socket of a `Server`."""
    found = server.namespaces_in_use.get(nsp)
    return found.sockets.get(sid) if found else None


def find(servers: Sequence[Any], sid: str, nsp: str) -> Any:
    """The server on which a socket is connected."""
    for server in servers:
        if is_here(server, sid, nsp):
            return server
    raise Refusal(f"socket {sid} is not connected to {nsp}")


class Named:
    """The sockets that a command names: those that are connected, with their servers, and those that are not."""

    def __init__(self, servers: Sequence[Any], sids: Sequence[str], nsp: str) -> None:
        if not sids:
            raise Refusal("no socket is named")
        if len(sids) > MAX_SOCKETS:
            raise Refusal(f"{len(sids)} sockets at a time are too many: {MAX_SOCKETS} are the most")
        self.nsp = nsp
        self.here: list[tuple[Any, str]] = []
        self.missing: list[str] = []
        for sid in dict.fromkeys(sids):
            server = next((server for server in servers if is_here(server, sid, nsp)), None)
            if server is None:
                self.missing.append(sid)
            else:
                self.here.append((server, sid))

    def result(self, sockets: int, *errors: str) -> CommandResult:
        """What came of it, for so many sockets."""
        errors = (self._complaint(), *errors)
        error = "; ".join(error for error in errors if error)
        return CommandResult(ok=not error, error=error, sockets=sockets)

    def _complaint(self) -> str:
        total = len(self.here) + len(self.missing)
        if not self.missing:
            return ""
        if total == 1:
            return f"socket {self.missing[0]} is not connected to {self.nsp}"
        return f"{some(self.missing, total)} not connected to {self.nsp}: {listed(self.missing)}"


def some(sids: Collection[str], total: int) -> str:
    """How many of all, with their verb."""
    return f"{len(sids)} of {total} sockets {'is' if len(sids) == 1 else 'are'}"


def listed(sids: Sequence[str]) -> str:
    """The first few, and how many others there are."""
    others = len(sids) - _NAMED
    return ", ".join(sids[:_NAMED]) + (f" and {others} more" if others > 0 else "")


async def for_each(items: Sequence[T], work: Callable[[T], Awaitable[object]]) -> list[Exception]:
    """Do something with each of many, a few at a time, and return what was raised.

    After `PATIENCE` seconds it returns all the same: the work goes on, for a handler that is cancelled halfway would
    leave its socket half gone.
    """
    left = iter(items)
    raised: list[Exception] = []

    async def worker() -> None:
        for item in left:
            try:
                await work(item)
            except Exception as error:  # noqa: BLE001  the app's handlers and managers
                raised.append(error)
            await asyncio.sleep(0)

    tasks = [asyncio.ensure_future(worker()) for _ in range(min(CONCURRENCY, len(items)))]
    for task in tasks:
        _going_on.add(task)
        task.add_done_callback(_going_on.discard)
    if tasks:
        await asyncio.wait(tasks, timeout=PATIENCE)
    return raised
