"""Part of what happened, as a recording that can be distilled: some records, and how their sockets came and went.

The history may be long, and is the screen's: what looks through it yields every few milliseconds, and returns at last.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator

import msgspec

from console.replay.commands import works
from console.replay.symbols import TOKEN
from console.state.related import recipients
from console.state.state import State
from server_core import records
from server_core.records import AnyRecord, Commanded, EventSent, SocketCounters, SocketInfo, SocketSync

#: Seconds after something that a socket did in which an emit to several is taken for its work.
_CAUSED = 0.1
#: Records that are looked at between two yields.
_SLICE = 500
#: Emits to several for which somebody who got them is looked up, and commands for which what they did is: among more,
#: that is there anyway.
_FEW = 100
#: Records before a command in which what it did is looked for.
_BACK = 2_000

_STRUCTURE = (
    records.EngineOpened,
    records.EngineUpgraded,
    records.EngineClosed,
    records.Connecting,
    records.Connected,
    records.Refused,
    records.Disconnecting,
    records.Disconnected,
    records.RoomJoined,
    records.RoomLeft,
    records.AttributeSet,
)
_ACTS = (records.EventReceived, records.Connected, records.Disconnecting)


#: What comes of looking through the history.
Excerpt = Generator[None, None, list[AnyRecord]]


def of_records(state: State, chosen: Collection[int]) -> Excerpt:
    """The records with these numbers, answers to them and what commands among them did, and the coming and going of the
    sockets that they are about."""
    chosen = set(chosen)
    sockets: set[str] = set()
    broadcasts: list[int] = []
    commands = [number for number in chosen if isinstance(_at(state, number), Commanded)]
    for number in commands if len(commands) <= _FEW else ():
        yield
        start = max(state.history.first, number - _BACK)
        before = [state.history[each] for each in range(start, number + 1)]
        chosen.update(start + each for each in works(before).get(number - start, ()))
    for position, number in enumerate(sorted(chosen)):
        if position % _SLICE == 0:
            yield
        record = _at(state, number)
        if record is None:
            continue
        sockets.update(_about(record), _mentioned(record))
        if isinstance(record, EventSent) and not record.socket:
            broadcasts.append(number)
    for number in broadcasts if len(broadcasts) <= _FEW else ():
        yield
        record = _at(state, number)
        got = recipients(state, record, number) if isinstance(record, EventSent) else ()
        if got and sockets.isdisjoint(got):
            sockets.add(got[0])  # else nobody would be there to expect it
    return (yield from _with_structure(state, chosen, sockets))


def _at(state: State, number: int) -> AnyRecord | None:
    """A record, None where the history has dropped it."""
    return state.history[number] if number >= state.history.first else None


def of_sockets(state: State, sockets: Iterable[str]) -> Excerpt:
    """All that these sockets did, what the console did to them, and what came of it."""
    wanted, acted = set(sockets), 0
    named: set[str] = set()
    chosen: set[int] = set()
    for number, record in _numbered(state):
        if number % _SLICE == 0:
            yield
        mine = getattr(record, "socket", "") in wanted
        if mine and isinstance(record, _ACTS):
            acted = record.time
        caused = isinstance(record, EventSent) and not record.socket and record.time - acted < _CAUSED * 1e9
        done = isinstance(record, Commanded) and not wanted.isdisjoint(_about(record))
        if done or (isinstance(record, records.PayloadRecord) and (mine or caused)):
            chosen.add(number)
            named.update(_mentioned(record))
    return (yield from _with_structure(state, chosen, wanted | named))


def _numbered(state: State) -> Iterator[tuple[int, AnyRecord]]:
    return enumerate(state.history.since(state.history.first), state.history.first)


def _about(record: AnyRecord) -> Iterable[str]:
    """Ids of the sockets that a record names; names of rooms may be among them."""
    if isinstance(record, Commanded):
        command = record.command
        for name in ("sockets", "rooms"):
            yield from getattr(command, name, ())
        for name in ("socket", "sender"):
            yield getattr(command, name, "")
        yield from (ack.socket for ack in record.result.acks)
    else:
        yield getattr(record, "socket", "")
        yield from record.rooms if isinstance(record, EventSent) else ()


def _mentioned(record: AnyRecord) -> Iterable[str]:
    """What may be ids of other sockets in a client's event: nobody could send it without them."""
    return TOKEN.findall(record.data) if isinstance(record, records.EventReceived) else ()


def _with_structure(state: State, chosen: set[int], sockets: set[str]) -> Excerpt:
    known = {socket: info for socket in sockets if (info := state.known(socket))}
    engines = {info.engine for info in known.values()}
    kept: list[AnyRecord] = []
    #: Whether each of them was asked for.
    wanted: list[bool] = []
    asked: set[tuple[type[AnyRecord], str, str, int]] = set()
    came: set[str] = set()
    for number, record in _numbered(state):
        if number % _SLICE == 0:
            yield
        about = getattr(record, "socket", "") in known or getattr(record, "engine", "") in engines
        mine = number in chosen or _answers(record, asked)
        if mine and isinstance(record, records.EventReceived | EventSent) and record.id is not None:
            answer = records.AckSent if isinstance(record, records.EventReceived) else records.AckReceived
            asked.add((answer, record.nsp, record.socket, record.id))
        kept_always = isinstance(record, Commanded | records.ServerStarted)
        if mine or (isinstance(record, _STRUCTURE) and about) or kept_always:
            kept.append(record)
            wanted.append(not isinstance(record, Commanded) or mine)
        if about and isinstance(record, records.Connecting):
            came.add(record.socket)
    for index, work in works(kept).items():
        wanted[index] |= bool(work)  # what a command did does not come without it
    found = [record for record, is_wanted in zip(kept, wanted, strict=True) if is_wanted]
    missing = [info for id, info in known.items() if id not in came]
    return [*_before(found, missing), *found]


def _answers(record: AnyRecord, asked: set[tuple[type[AnyRecord], str, str, int]]) -> bool:
    """Whether a record is the answer to an event that was asked for."""
    if not isinstance(record, records.AckSent | records.AckReceived):
        return False
    key = (type(record), record.nsp, record.socket, record.id)
    if key not in asked:
        return False
    asked.discard(key)
    return True


def _before(kept: list[AnyRecord], missing: list[SocketInfo]) -> list[AnyRecord]:
    """A sync with the sockets that were there before what is remembered."""
    if not kept or not missing:
        return []
    first = kept[0]
    there = tuple(
        SocketSync(msgspec.structs.replace(info, connected=info.connected or first.time), SocketCounters())
        for info in missing
    )
    return [records.Sync(server=first.server, epoch=first.epoch, seq=0, time=first.time, sockets=there)]
