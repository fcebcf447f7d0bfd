"""The command `Emit`: to rooms or a namespace, in a socket's name or the server's, with each recipient's answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Any

from socketio.async_pubsub_manager import AsyncPubSubManager

from server_core import packets
from server_core.cluster import Cluster
from server_core.control.common import Refusal, arguments, check_ack, check_event, check_rooms, find, is_here, own
from server_core.errors import SocketError
from server_core.handshake import describe
from server_core.records import Ack, CommandResult, Emit
from server_core.server import Server

#: Recipients that are asked before the app has its turn.
_BATCH = 50
#: Bytes of one answer, and of all of them, that go to the console.
MAX_ANSWER = 1024 * 1024
MAX_ANSWERS = 8 * MAX_ANSWER


async def emit(servers: Sequence[Any], command: Emit) -> CommandResult:
    """Emit an event; with `ack`, wait until all have answered, or are late."""
    check_event(command.event)
    check_rooms(command.rooms)
    check_rooms(command.except_)
    check_ack(command.ack)
    args = arguments(command.args, command.attachments)
    if command.sender:
        find(servers, command.sender, command.nsp)
    recipients = [(server, _recipients(server, command)) for server in servers]
    count = sum(len(sids) for _, sids in recipients)
    elsewhere = [server for server in servers if _has_others(server)]
    if not count and (command.ack is not None or not elsewhere):
        aside = ", those left out aside" if command.except_ or command.sender else ""
        if command.rooms:
            raise Refusal(f"no socket of {command.nsp} is in {', '.join(command.rooms)}{aside}")
        raise Refusal(f"no socket is connected to {command.nsp}{aside}")
    if command.ack is not None:
        acks = await _ask_all([(server, sid) for server, sids in recipients for sid in sids], command, args)
        return CommandResult(ok=True, sockets=count, acks=tuple(_bounded(acks)))
    for server, sids in recipients:
        if sids or server in elsewhere:
            await _emit(server, command, args)
    return CommandResult(ok=True, sockets=count)


def _has_others(server: Any) -> bool:
    """Whether servers of other processes may have recipients, too."""
    if isinstance(server.manager, Cluster):
        return bool(server.manager.others)
    return isinstance(server.manager, AsyncPubSubManager)


async def _emit(server: Any, command: Emit, args: list[Any]) -> None:
    rooms = list(command.rooms) or None
    if isinstance(server, Server):
        left_out = [*command.except_, *([command.sender] if command.sender else [])]
        server.manager.emit_to(command.event, args, command.nsp, rooms, left_out)
        await server.manager.emit_elsewhere(command.event, args, command.nsp, rooms, left_out, False)
        return
    skip = _Skipped(sorted(_left_out(server, command)))
    await server.emit(command.event, tuple(args), to=rooms, skip_sid=skip or None, namespace=command.nsp)


class _Skipped(list[str]):
    """python-socketio looks each recipient up in the list of those left out; here that does not take longer with it."""

    def __init__(self, sids: Iterable[str]) -> None:
        super().__init__(sids)
        self._set = frozenset(self)

    def __contains__(self, sid: object) -> bool:
        return sid in self._set


def _recipients(server: Any, command: Emit) -> list[str]:
    """Ids of the connected sockets of this process that the emit reaches."""
    skip = _left_out(server, command)
    found = server.manager.get_participants(command.nsp, list(command.rooms) or None)
    return [sid for sid, _ in found if sid not in skip and is_here(server, sid, command.nsp)]


def _left_out(server: Any, command: Emit) -> set[str]:
    skip = {sid for room in command.except_ for sid, _ in server.manager.get_participants(command.nsp, room)}
    return skip | {command.sender} if command.sender else skip


async def _ask_all(recipients: Sequence[tuple[Any, str]], command: Emit, args: list[Any]) -> list[Ack]:
    """Ask each; each has its own time, so the slowest decides when it is over."""
    asked: list[asyncio.Task[Ack]] = []
    try:
        for server, sid in recipients:
            asked.append(asyncio.ensure_future(_ask(server, sid, command, args)))
            if len(asked) % _BATCH == 0:
                await asyncio.sleep(0)
        return [await task for task in asked]
    finally:
        for task in asked:
            task.cancel()


async def _ask(server: Any, sid: str, command: Emit, args: list[Any]) -> Ack:
    started = time.monotonic()
    assert command.ack is not None  # noqa: S101  else nobody is asked
    try:
        if isinstance(server, Server):
            socket = own(server, sid, command.nsp)
            if socket is None:
                raise SocketError("socket has been disconnected")
            values: Sequence[Any] = await socket.timeout(command.ack).ask(command.event, *args)
        else:
            values = await _ask_stock(server, sid, command, args, command.ack)
    except TimeoutError:  # uvloop counts whole milliseconds, and may end one early
        return Ack(socket=sid, elapsed=max(command.ack, time.monotonic() - started))
    except SocketError:
        return Ack(socket=sid, elapsed=time.monotonic() - started)
    return Ack(socket=sid, data=to_text(values), elapsed=time.monotonic() - started)


async def _ask_stock(server: Any, sid: str, command: Emit, args: list[Any], timeout: float) -> tuple[Any, ...]:
    answer: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()

    def answered(*values: Any) -> None:
        if not answer.done():
            answer.set_result(values)

    await server.emit(command.event, tuple(args), to=sid, namespace=command.nsp, callback=answered)
    try:
        return await asyncio.wait_for(answer, timeout)
    finally:
        waiting = server.manager.callbacks.get(sid, {})
        for ack_id in [ack_id for ack_id, callback in waiting.items() if callback is answered]:
            del waiting[ack_id]


def to_text(values: Sequence[Any]) -> str:
    """An answer as JSON text, whatever a handler answers."""
    try:
        text = packets.encode_args(values)[0]
    except (TypeError, ValueError, RecursionError):
        text = packets.encode_args([describe(each) for each in values])[0]
    return text if len(text) <= MAX_ANSWER else _too_long(text)


def _too_long(text: str) -> str:
    return packets.encode_args([f"<{len(text)} bytes: too long to be shown here>"])[0]


def _bounded(acks: Iterable[Ack]) -> Iterable[Ack]:
    """Answers that one packet to the console can hold."""
    left = MAX_ANSWERS
    for ack in acks:
        left -= len(ack.data or "")
        yield ack if left >= 0 else Ack(socket=ack.socket, data=_too_long(ack.data or ""), elapsed=ack.elapsed)
