"""Part of what happened, as a recording that can be distilled: some records, and how their sockets came and went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from console.state.state import State
from server_core import records
from server_core.records import AnyRecord, SocketCounters, SocketInfo, SocketSync

#: Seconds after something that a socket did in which an emit to several is taken for its work.
_CAUSED = 0.1

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
)
_ACTS = (records.EventReceived, records.Connected, records.Disconnecting)


def of_records(state: State, chosen: Sequence[AnyRecord]) -> list[AnyRecord]:
    """These records, and the coming and going of the sockets that they are about."""
    sockets = {id for record in chosen for id in _about(record)}
    return _with_structure(state, {id(record) for record in chosen}, sockets)


def of_sockets(state: State, sockets: Iterable[str]) -> list[AnyRecord]:
    """All that these sockets did, and what came of it."""
    wanted, chosen, acted = set(sockets), set(), 0
    for record in state.history.since(0):
        mine = getattr(record, "socket", "") in wanted
        if mine and isinstance(record, _ACTS):
            acted = record.time
        caused = isinstance(record, records.EventSent) and not record.socket and record.time - acted < _CAUSED * 1e9
        if isinstance(record, records.PayloadRecord) and (mine or caused):
            chosen.add(id(record))
    return _with_structure(state, chosen, wanted)


def _about(record: AnyRecord) -> Iterable[str]:
    if socket := getattr(record, "socket", ""):
        yield socket
    yield from getattr(record, "rooms", ()) if isinstance(record, records.EventSent) else ()


def _with_structure(state: State, chosen: set[int], sockets: set[str]) -> list[AnyRecord]:
    known = {socket: info for socket in sockets if (info := state.known(socket))}
    engines = {info.engine for info in known.values()}
    kept: list[AnyRecord] = []
    came: set[str] = set()
    for record in state.history.since(0):
        about = getattr(record, "socket", "") in known or getattr(record, "engine", "") in engines
        if id(record) in chosen or (isinstance(record, _STRUCTURE) and about):
            kept.append(record)
            if isinstance(record, records.Connecting):
                came.add(record.socket)
    missing = [info for id, info in known.items() if id not in came]
    return [*_before(kept, missing), *kept]


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
