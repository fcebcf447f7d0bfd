"""A console's commands in a recording: what each did, and the step that does it again.

A command is recorded once it is done, after the records of its own work.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

import msgspec

from console.replay import model
from console.replay.model import Place
from console.replay.symbols import Symbols, decoded
from console.replay.values import Value
from server_core import records
from server_core.records import AnyRecord, Commanded, EventReceived, EventSent

#: Seconds before a command's record in which its work is looked for, and records.
_LONGEST, _FAR = 15.0, 20_000


def works(found: Sequence[AnyRecord]) -> dict[int, list[int]]:
    """For each command, by its index: the indices of the records of its own work, oldest first.

    An emit's are the events that it sent, a simulation's the event that it had handled, others' what became of their
    sockets. What the app did in turn is not among them.
    """
    made: dict[int, list[int]] = {}
    claimed: set[int] = set()
    for index, record in enumerate(found):
        if not isinstance(record, Commanded):
            continue
        work = made[index] = _work(found, index, record, claimed)
        claimed.update(work)
    return made


def _work(found: Sequence[AnyRecord], index: int, commanded: Commanded, claimed: set[int]) -> list[int]:
    key_of = _keys(commanded)
    since = commanded.time - round(1e9 * (_LONGEST + (getattr(commanded.command, "ack", None) or 0.0)))
    work: dict[Hashable, int] = {}
    for before in range(index - 1, max(-1, index - 1 - _FAR), -1):
        record = found[before]
        if record.time < since:
            break
        if before in claimed or record.server != commanded.server:
            continue
        key = key_of(record)
        if key is not None:
            work.setdefault(key, before)  # the last one before it was done
    return sorted(work.values())


def _keys(commanded: Commanded) -> Callable[[AnyRecord], Hashable | None]:
    """What tells a record of a command's work from the others of it; None for what is none of its work."""
    command = commanded.command

    def named(record: AnyRecord, *kinds: type[AnyRecord]) -> str:
        """The record's socket, where it is one of the command's."""
        sockets = getattr(command, "sockets", None) or (getattr(command, "socket", ""),)
        socket: str = getattr(record, "socket", "")
        fits = isinstance(record, kinds) and getattr(record, "nsp", "/") == command.nsp
        return socket if fits and socket in sockets else ""

    def key(record: AnyRecord) -> Hashable | None:
        match command:
            case records.Emit():
                return _sent(command, commanded.result, record)
            case records.Simulate():
                fits = isinstance(record, EventReceived) and record.simulated and record.event == command.event
                return (named(record, EventReceived) or None) if fits else None
            case records.Disconnect() | records.Drop():
                return named(record, records.Disconnecting) or None
            case records.Join():
                socket = named(record, records.RoomJoined)
            case records.Leave():
                socket = named(record, records.RoomLeft)
            case records.SetAttribute():
                return named(record, records.AttributeSet) or None
            case records.DeleteAttribute():
                return named(record, records.AttributeDeleted) or None
        room = getattr(record, "room", "")
        return (socket, room) if socket and room in command.rooms else None

    return key


def _sent(command: records.Emit, result: records.CommandResult, record: AnyRecord) -> Hashable | None:
    """The socket that was asked, or the one emit to all."""
    if not isinstance(record, EventSent) or record.event != command.event or record.nsp != command.nsp:
        return None
    if command.ack is not None:
        return record.socket if record.id is not None and record.socket in {ack.socket for ack in result.acks} else None
    if {*record.rooms} == {*command.rooms} or (record.socket and {record.socket} == {*command.rooms}):
        return "sent"
    return None


class Ordered(NamedTuple):
    """Records with each command before its own work."""

    records: list[AnyRecord]
    #: Which record each was before.
    indices: list[int]
    #: For each command that did something, by its index: the indices of that.
    works: dict[int, list[int]]


def in_order(found: Sequence[AnyRecord]) -> Ordered:
    """Put commands where they began: before what they did, and at its time."""
    did = {index: work for index, work in works(found).items() if work}
    if not did:
        return Ordered(list(found), list(range(len(found))), {})
    began = {index: work[0] for index, work in did.items()}
    indices = sorted(range(len(found)), key=lambda index: (began.get(index, index), index not in began, index))
    now = {before: index for index, before in enumerate(indices)}
    made = [
        msgspec.structs.replace(found[index], time=found[began[index]].time) if index in began else found[index]
        for index in indices
    ]
    return Ordered(made, indices, {now[index]: [now[each] for each in work] for index, work in did.items()})


def step(command: records.Command, symbols: Symbols, *, at: Place, after: float, ack: Value) -> model.Console:
    """The console's step that has the server do the same; `ack` is what an answer must be, None asks for none."""
    one: str = getattr(command, "socket", "")
    sockets: tuple[str, ...] = getattr(command, "sockets", (one,) if one else ())
    common: dict[str, Any] = {
        "at": at,
        "after": after,
        "namespace": "" if command.nsp == "/" else command.nsp,
        "sockets": _names(sockets, symbols),
    }
    match command:
        case records.Emit():
            return model.Console(
                **common,
                command="emit",
                values=_sent_values(command, symbols),
                rooms=_names(command.rooms, symbols),
                except_=_names(command.except_, symbols),
                sender=symbols.sent(command.sender, "console") if command.sender else None,
                ack=ack,
            )
        case records.Disconnect():
            return model.Console(**common, command="disconnect", close=command.close)
        case records.Join() | records.Leave():
            word: model.ConsoleVerb = "join" if isinstance(command, records.Join) else "leave"
            return model.Console(**common, command=word, rooms=_names(command.rooms, symbols))
        case records.Drop():
            return model.Console(**common, command="drop")
        case records.Simulate():
            return model.Console(**common, command="simulate", values=_sent_values(command, symbols), ack=ack)
        case records.SetAttribute():
            value = symbols.sent(decoded(command.value), "console", command.name)
            return model.Console(**common, command="set", attributes={command.name: value})
    return model.Console(**common, command="delete", attributes=[command.name])


def _names(found: Sequence[str], symbols: Symbols) -> Value:
    """The names of sockets or rooms: one alone is no list."""
    names = [symbols.sent(name, "console") for name in found]
    return names[0] if len(names) == 1 else names or None


def _sent_values(command: records.Emit | records.Simulate, symbols: Symbols) -> list[Value]:
    args = decoded(command.args, command.attachments)
    sent: list[Value] = symbols.sent([command.event, *(args if isinstance(args, list) else [])], "console")
    return sent
