"""The command `Simulate`: an event that a socket's client did not send goes the way of those that it sends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from typing import Any

from server_core import packets
from server_core.acks import Simulated
from server_core.control.common import PATIENCE, Refusal, arguments, check_ack, check_event, find, own
from server_core.control.emitting import to_text
from server_core.records import Ack, CommandResult, Simulate
from server_core.server import MAX_RUNNING, Server
from server_core.watch import tap_of

#: Handlers that are still at it after their command was answered.
_running: set[asyncio.Task[None]] = set()


async def simulate(servers: Sequence[Any], command: Simulate) -> CommandResult:
    """Run what an event of this socket runs; the answer of its handler, or why there is none."""
    check_event(command.event)
    check_ack(command.ack)
    packet = [command.event, *arguments(command.args, command.attachments)]
    server = find(servers, command.socket, command.nsp)
    answer = Simulated()
    work = (_run_own if isinstance(server, Server) else _run_stock)(server, command, packet, answer)
    if tap := tap_of(server):
        tap.event_simulated(command.socket, command.nsp, *packets.encode_args(packet))
    started = time.monotonic()
    task = asyncio.ensure_future(work)
    _running.add(task)
    task.add_done_callback(_running.discard)
    acks = await _wait(task, answer, command, started)
    if answer.trouble:
        return CommandResult(ok=False, error=answer.trouble, sockets=1, acks=acks)
    if task.done() and not answer.handled:
        return CommandResult(ok=False, error=f'nothing handles "{command.event}"', sockets=1)
    return CommandResult(ok=True, sockets=1, acks=acks)


def _run_own(server: Server, command: Simulate, packet: list[Any], answer: Simulated) -> Coroutine[Any, Any, None]:
    socket = own(server, command.socket, command.nsp)
    if socket is None or socket.running >= MAX_RUNNING:
        raise Refusal(f"more than {MAX_RUNNING} events of this socket have handlers that have not ended")
    return socket.simulate(packet, answer, server.stock_handlers.listener(command.event, socket))


async def _run_stock(server: Any, command: Simulate, packet: list[Any], answer: Simulated) -> None:
    catcher: Any = _Catcher(server, answer)
    sid, nsp = command.socket, command.nsp
    id = None if command.ack is None else 0
    try:
        await server._handle_event_internal(catcher, sid, server.manager.eio_sid_from_sid(sid, nsp), packet, nsp, id)
    except Exception as error:  # noqa: BLE001  the app's handler
        answer.trouble = f"on {command.event!r} raised {type(error).__name__}: {error}"
        # where asyncio would say it of the task in which python-socketio runs a handler
        context = {"message": f"on {command.event!r} raised, simulated", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)


class _Catcher:
    """Stands for the stock server where it runs a handler, and keeps the answer from the client."""

    def __init__(self, server: Any, answer: Simulated) -> None:
        self._server = server
        self._answer = answer

    async def _trigger_event(self, event: str, namespace: str, *args: Any) -> Any:
        result = await self._server._trigger_event(event, namespace, *args)
        self._answer.handled = result is not self._server.not_handled
        return result

    async def _send_packet(self, _eio_sid: str, packet: Any) -> None:
        self._answer(*packet.data)


async def _wait(task: asyncio.Task[None], answer: Simulated, command: Simulate, started: float) -> tuple[Ack, ...]:
    """Wait for the answer if one is wanted, else for the handlers to end."""
    if command.ack is None:
        await asyncio.wait((task,), timeout=PATIENCE)
        return ()
    answered = asyncio.ensure_future(answer.answered.wait())
    try:
        await asyncio.wait((task, answered), timeout=command.ack, return_when=asyncio.FIRST_COMPLETED)
        if not answered.done() and not answer.trouble and answer.handled:
            # its handlers have ended, and one of them may answer later
            left = command.ack - (time.monotonic() - started)
            await asyncio.wait((answered,), timeout=max(0.0, left))
    finally:
        answered.cancel()
    elapsed = time.monotonic() - started
    data = to_text(answer.values) if answer.answered.is_set() else None
    if data is None and not answer.trouble and (answer.handled or not task.done()):
        elapsed = max(command.ack, elapsed)  # uvloop counts whole milliseconds, and may end one early
    return (Ack(socket=command.socket, data=data, elapsed=elapsed),)
