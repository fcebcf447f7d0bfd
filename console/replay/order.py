"""A recording in the order of what was done: what somebody did stands before what came of it.

A server notes some things once they are over. A stock server's connect handler has run, and emitted, before the socket
is noted as connected, and its disconnect handler before it is noted as gone; a command is noted when it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from console.replay.commands import in_order
from server_core.reasons import CLIENT_DISCONNECT, SERVER_DISCONNECT
from server_core.records import (
    AckReceived,
    AnyRecord,
    Commanded,
    Connected,
    Connecting,
    Disconnected,
    Disconnecting,
    EventReceived,
    Refused,
    RoomJoined,
    ServerStarted,
    Sync,
)

#: Nanoseconds before a socket was gone in which its disconnect handler had begun.
_LEAVING = 1_000_000_000
#: python-socketio's words for why a socket ended, where they are not the reference's.
REASONS = {"client disconnect": CLIENT_DISCONNECT, "server disconnect": SERVER_DISCONNECT}
_ACTS = (EventReceived, AckReceived, Connected, Refused, Disconnecting, Disconnected, Commanded)


class Join(NamedTuple):
    """How a client joined, by the indices of two records: that it began, and what came of it."""

    connecting: int
    outcome: int


class Story(NamedTuple):
    """Records, each after what caused it."""

    records: list[AnyRecord]
    #: The line of each.
    lines: list[int]
    #: For each command that did something, by its index: the indices of that.
    works: dict[int, list[int]]
    #: After which record, by its index, clients join.
    joins: dict[int, list[Join]]
    #: Whether a stock server told it.
    stock: bool


def story(found: Sequence[AnyRecord], lines: Sequence[int]) -> Story:
    """The records, which stand in these lines, in the order of what was done."""
    found, lines = _with_leaving(found, lines)
    stock = any(map(_is_stock, found))
    ordered = in_order(found)
    lines = [lines[index] for index in ordered.indices]
    return Story(ordered.records, lines, ordered.works, _joins(ordered.records, stock=stock), stock)


def _with_leaving(found: Sequence[AnyRecord], lines: Sequence[int]) -> tuple[Sequence[AnyRecord], Sequence[int]]:
    """Some servers note no more than that a socket is gone: put before it, and before what its disconnect handler did,
    that it leaves."""
    leaving: set[str] = set()
    inserted: dict[int, list[tuple[AnyRecord, int]]] = {}
    for index, record in enumerate(found):
        if isinstance(record, Disconnecting):
            leaving.add(record.socket)
            continue
        if not isinstance(record, Disconnected) or record.socket in leaving:
            continue
        start = index
        while start > 0 and not isinstance(found[start - 1], _ACTS) and record.time - found[start - 1].time < _LEAVING:
            start -= 1
        began = Disconnecting(
            server=record.server,
            epoch=record.epoch,
            seq=record.seq,
            time=found[start].time,
            socket=record.socket,
            nsp=record.nsp,
            reason=record.reason,
        )
        inserted.setdefault(start, []).append((began, lines[index]))
    if not inserted:
        return found, lines
    both = [each for index, record in enumerate(found) for each in (*inserted.get(index, ()), (record, lines[index]))]
    return [record for record, _ in both], [line for _, line in both]


def _joins(found: Sequence[AnyRecord], *, stock: bool) -> dict[int, list[Join]]:
    """A client joins when it begins to, or after the last that others did before it was in a room, or had joined: what
    comes between is taken for its own connect handler's work.

    A server of ours has handlers only after a socket is connected; nothing comes of a stock one's being connected.
    """
    began: dict[str, int] = {}
    entered: dict[str, int] = {}
    made: dict[int, list[Join]] = {}
    acted = -1
    for index, record in enumerate(found):
        match record:
            case Connecting():
                began[record.socket] = index
            case RoomJoined() if record.socket in began:
                entered.setdefault(record.socket, acted)
            case Connected() | Refused() if (start := began.pop(record.socket, None)) is not None:
                after = max(start, entered.pop(record.socket, acted))
                made.setdefault(after, []).append(Join(start, index))
        simulated = isinstance(record, EventReceived) and record.simulated
        if isinstance(record, _ACTS) and not simulated and not (stock and isinstance(record, Connected | Refused)):
            acted = index
    return made


def _is_stock(record: AnyRecord) -> bool:
    named = isinstance(record, ServerStarted | Sync) and record.info.library.startswith("socketio")
    return named or (isinstance(record, Disconnecting) and record.reason in REASONS)
