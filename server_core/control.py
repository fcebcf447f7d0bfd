"""Carrying out a console's commands on the app's own loop, and saying what came of them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any

import msgspec
import socketio

from server_core import packets
from server_core.broadcast import RESERVED_EVENTS
from server_core.records import Ack, Command, CommandResult, Disconnect, Emit
from server_core.server import Server

_decode = msgspec.json.Decoder().decode

#: Seconds to wait for a stock server's disconnect handler, which is the app's.
PATIENCE = 10.0


class Refusal(Exception):
    """A command that can't be carried out; its text tells the person at the console why."""


async def execute(servers: Sequence[socketio.AsyncServer], command: Command) -> CommandResult:
    """Carry out a command on the servers that it concerns; never raises."""
    try:
        if isinstance(command, Emit):
            return await _emit(servers, command)
        if isinstance(command, Disconnect):
            return await _disconnect(servers, command)
        raise Refusal(f"this server can't {command.__struct_config__.tag}")
    except Refusal as refusal:
        return CommandResult(ok=False, error=str(refusal))
    except Exception as error:  # noqa: BLE001  the app's own handlers and managers run in here
        return CommandResult(ok=False, error=f"{type(error).__name__}: {error}")


async def _emit(servers: Sequence[Any], command: Emit) -> CommandResult:
    if command.event in RESERVED_EVENTS or not command.event:
        raise Refusal(f'"{command.event}" is a reserved event name' if command.event else "an event needs a name")
    try:
        args = _decode(command.args)
    except msgspec.DecodeError as error:
        raise Refusal(f"the arguments are not JSON: {error}") from error
    if not isinstance(args, list):
        raise Refusal("the arguments must be a JSON list")
    if command.sender and not any(server.manager.is_connected(command.sender, command.nsp) for server in servers):
        raise Refusal(f"socket {command.sender} is not connected to {command.nsp}")
    recipients = [(server, sid) for server in servers for sid in _recipients(server, command)]
    if not recipients:
        raise Refusal(f"no socket of {command.nsp} is in {', '.join(command.rooms) or 'it'}")
    if command.ack is not None:
        acks = await asyncio.gather(*(_ask(server, sid, command, args, command.ack) for server, sid in recipients))
        return CommandResult(ok=True, sockets=len(recipients), acks=tuple(acks))
    for server in {id(server): server for server, _ in recipients}.values():
        skip = sorted(_left_out(server, command))
        rooms = list(command.rooms) or None
        await server.emit(command.event, tuple(args), to=rooms, skip_sid=skip or None, namespace=command.nsp)
    return CommandResult(ok=True, sockets=len(recipients))


def _recipients(server: Any, command: Emit) -> list[str]:
    """Ids of the connected sockets of this process that the emit reaches."""
    skip = _left_out(server, command)
    rooms = list(command.rooms) or None
    found = server.manager.get_participants(command.nsp, rooms)
    return [sid for sid, _ in found if sid not in skip and server.manager.is_connected(sid, command.nsp)]


def _left_out(server: Any, command: Emit) -> set[str]:
    skip = {sid for room in command.except_ for sid, _ in server.manager.get_participants(command.nsp, room)}
    return skip | {command.sender} if command.sender else skip


async def _ask(server: Any, sid: str, command: Emit, args: list[Any], timeout: float) -> Ack:
    """Emit to one socket and wait for its answer."""
    answer: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()

    def answered(*values: Any) -> None:
        if not answer.done():
            answer.set_result(values)

    started = time.monotonic()
    await server.emit(command.event, tuple(args), to=sid, namespace=command.nsp, callback=answered)
    try:
        values = await asyncio.wait_for(answer, timeout)
    except TimeoutError:
        return Ack(socket=sid, elapsed=time.monotonic() - started)
    elapsed = time.monotonic() - started
    return Ack(socket=sid, data=packets.encode_args(values)[0], elapsed=elapsed)


async def _disconnect(servers: Sequence[Any], command: Disconnect) -> CommandResult:
    done = 0
    for sid in command.sockets:
        for server in servers:
            if not server.manager.is_connected(sid, command.nsp):
                continue
            with contextlib.suppress(TimeoutError):  # its handler still runs; whether the socket is gone is asked below
                await asyncio.wait_for(_disconnect_one(server, sid, command), PATIENCE)
            done += not server.manager.is_connected(sid, command.nsp)
    if done < len(command.sockets):
        missing = len(command.sockets) - done
        which = (
            f"socket {command.sockets[0]} is"
            if len(command.sockets) == 1
            else f"{missing} of {len(command.sockets)} sockets are"
        )
        return CommandResult(ok=False, error=f"{which} not connected to {command.nsp}", sockets=done)
    return CommandResult(ok=True, sockets=done)


async def _disconnect_one(server: Any, sid: str, command: Disconnect) -> None:
    if isinstance(server, Server):
        if socket := server.of(command.nsp).sockets.get(sid):
            await socket.disconnect(close=command.close)
        return
    manager = server.manager
    eio_sid = manager.eio_sid_from_sid(sid, command.nsp)
    if not command.close:
        await server.disconnect(sid, namespace=command.nsp)
        return
    for nsp in list(manager.get_namespaces()):
        if other := manager.sid_from_eio_sid(eio_sid, nsp):
            await server.disconnect(other, namespace=nsp)
    if connection := server.eio.sockets.get(eio_sid):
        await connection.close(wait=False, reason=server.eio.reason.SERVER_DISCONNECT)
