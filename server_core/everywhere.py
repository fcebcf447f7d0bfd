"""Commands for sockets of any server of a cluster: those of this process as always, the others through the manager."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import socketio
from socketio.async_pubsub_manager import AsyncPubSubManager

from server_core.control import execute as execute_here
from server_core.packets import RESERVED_EVENTS, decode
from server_core.records import Command, CommandResult, Disconnect, Emit, Join, Leave
from server_core.server import Server


async def execute(sio: socketio.AsyncServer, command: Command) -> CommandResult:
    """Carry out a command on whichever server has its sockets; never raises."""
    if not isinstance(sio.manager, AsyncPubSubManager):
        return await execute_here([sio], command)
    try:
        if isinstance(command, Emit):
            return await _emit(sio, command)
        if isinstance(command, Join | Leave | Disconnect):
            return await _act(sio, command)
    except Exception as error:  # noqa: BLE001  the manager's backend is in here, and may be down
        return CommandResult(ok=False, error=f"{type(error).__name__}: {error}")
    return await execute_here([sio], command)


async def members(sio: Any, nsp: str, rooms: Sequence[str] | None) -> list[str]:
    """Ids of the sockets in any of these rooms (None: in the namespace), those of other servers too where that can be
    known: a stock server knows its own, and takes a name that is no room of them for the id of another's socket."""
    if isinstance(sio, Server):
        if nsp not in sio.namespaces_in_use:
            return []
        operator = sio.of(nsp).local if rooms is None else sio.of(nsp).local.to(rooms)
        if isinstance(sio.manager, AsyncPubSubManager):
            operator = sio.of(nsp).to(rooms) if rooms is not None else sio.of(nsp).except_(())
        return [socket.id for socket in await operator.fetch_sockets()]
    found = [sid for sid, _ in sio.manager.get_participants(nsp, None if rooms is None else list(rooms))]
    if isinstance(sio.manager, AsyncPubSubManager):
        known = sio.manager.rooms.get(nsp, {})
        found += [room for room in rooms or () if room not in known]
    return found


def _is_here(sio: Any, sid: str, nsp: str) -> bool:
    return bool(sio.manager.is_connected(sid, nsp))


async def _emit(sio: Any, command: Emit) -> CommandResult:
    here = [sid for sid, _ in sio.manager.get_participants(command.nsp, list(command.rooms) or None)]
    if command.ack is not None or not command.event or command.event in RESERVED_EVENTS:
        return await execute_here([sio], command)
    try:
        args = decode(command.args, command.attachments)
    except (msgspec.DecodeError, RecursionError):
        args = None
    if not isinstance(args, list):
        return await execute_here([sio], command)
    left_out = [*command.except_, *((command.sender,) if command.sender else ())]
    if isinstance(sio, Server):
        if command.nsp not in sio.namespaces_in_use:
            return await execute_here([sio], command)
        reached = set(await members(sio, command.nsp, command.rooms or None))
        reached -= set(await members(sio, command.nsp, left_out)) if left_out else set()
        operator = sio.of(command.nsp).except_(left_out)
        await (operator.to(command.rooms) if command.rooms else operator).emit(command.event, *args)
        return CommandResult(ok=True, sockets=len(reached))
    await sio.emit(
        command.event,
        tuple(args),
        to=list(command.rooms) or None,
        skip_sid=left_out or None,
        namespace=command.nsp,
    )
    return CommandResult(ok=True, sockets=len({*here} - {*left_out}))


async def _act(sio: Any, command: Join | Leave | Disconnect) -> CommandResult:
    nsp = command.nsp
    here = tuple(sid for sid in command.sockets if _is_here(sio, sid, nsp))
    elsewhere = [sid for sid in command.sockets if sid not in here]
    if elsewhere and isinstance(sio, Server):
        elsewhere = [sid for sid in await members(sio, nsp, elsewhere) if sid not in here]
    if not elsewhere:
        return await execute_here([sio], command)
    result = CommandResult(ok=True)
    if here:
        result = await execute_here([sio], msgspec.structs.replace(command, sockets=here))
    await (_act_own if isinstance(sio, Server) else _act_stock)(sio, command, elsewhere)
    missing = len(set(command.sockets)) - len(here) - len(elsewhere)
    if result.ok and missing:
        error = f"{missing} of {len(command.sockets)} sockets are not connected to {nsp} on any server of the cluster"
        result = CommandResult(ok=False, error=error, sockets=result.sockets)
    return msgspec.structs.replace(result, sockets=result.sockets + len(elsewhere))


async def _act_own(sio: Server, command: Join | Leave | Disconnect, sids: list[str]) -> None:
    operator = sio.of(command.nsp).to(sids)
    match command:
        case Join():
            await operator.sockets_join(command.rooms)
        case Leave():
            await operator.sockets_leave(command.rooms)
        case Disconnect():
            await operator.disconnect_sockets(command.close)


async def _act_stock(sio: Any, command: Join | Leave | Disconnect, sids: list[str]) -> None:
    for sid in sids:
        match command:
            case Join():
                for room in command.rooms:
                    await sio.manager.enter_room(sid, command.nsp, room)
            case Leave():
                for room in command.rooms:
                    await sio.manager.leave_room(sid, command.nsp, room)
            case Disconnect():
                await sio.disconnect(sid, namespace=command.nsp)
