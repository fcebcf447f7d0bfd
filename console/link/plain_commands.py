"""Commands in the Admin UI's own dialect: what it can ask for, nothing that takes a server down, and what came of it.

The dialect confirms nothing. What a command does is told as an event, though, and that is waited for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from console.link.plain import ACTING, PlainReader
from console.wire.client import ClientSocket
from server_core import packets
from server_core.records import (
    AnyRecord,
    Command,
    Commanded,
    CommandResult,
    Disconnect,
    Disconnected,
    Emit,
    EventSent,
    Join,
    Leave,
    RoomJoined,
    RoomLeft,
)

#: Node throws on an emit of these, and dies of it.
RESERVED = frozenset({"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"})
#: Levels of nesting: Node looks for binary parts by recursion, and dies of too many.
MAX_DEPTH = 100
#: Seconds until what a command did is told of: python-socketio tells of rooms every 2 s.
CONFIRMATION = {"python": 6.0, "node": 3.0, "": 6.0}
#: Seconds in which python-socketio answers a command that it has a handler for.
PROBE = 1.5
#: A room and a socket that there is not.
_NOBODY = "socketscope:nobody"


class Unable(Exception):
    """What this server can't be asked for; the text says why."""


class PlainSender:
    """Sends commands over one connection."""

    def __init__(self, socket: ClientSocket, reader: PlainReader, put: Callable[[Sequence[AnyRecord]], None]) -> None:
        self._socket = socket
        self._reader = reader
        self._put = put
        self._waits: list[tuple[set[tuple[Any, ...]], asyncio.Future[None]]] = []
        #: Whether it was seen that the server tells of no emit.
        self._silent = False

    async def probe(self, read: Callable[[], Awaitable[None]]) -> list[str]:
        """What a python-socketio server takes: in production mode it says that it takes commands, and ignores them.

        `read` takes in one event while we wait.
        """
        asking = asyncio.ensure_future(self._socket.emit_with_ack("join", "/", _NOBODY, _NOBODY, timeout=PROBE))
        reading = asyncio.ensure_future(read())
        try:
            while not asking.done():
                await asyncio.wait((asking, reading), return_when=asyncio.FIRST_COMPLETED)
                if reading.done() and not asking.done():
                    reading.result()
                    reading = asyncio.ensure_future(read())
            await asking
        except TimeoutError:
            return []
        finally:
            reading.cancel()
        return list(ACTING)

    async def send(self, command: Command) -> CommandResult:
        """Carry out a command, and tell of it."""
        try:
            result = await self._carry_out(command)
        except Unable as unable:
            result = CommandResult(ok=False, error=str(unable))
        record = Commanded(
            server=self._reader.server,
            epoch=self._reader.epoch,
            seq=self._reader.next_seq(),
            time=time.time_ns(),
            by="this console",
            command=command,
            result=result,
        )
        self._put([record])
        return result

    async def pass_on(self, command: Command) -> None:
        """Ask for it, and wait for nothing: another server tells of it."""
        try:
            check(command, self._reader)
        except Unable:
            return
        for event, *args in _asked(command):
            await self._socket.emit(event, *args)

    def saw(self, records: Sequence[AnyRecord]) -> None:
        """Take what happened for the confirmation of what was asked for."""
        if not self._waits:
            return
        for record in records:
            match record:
                case RoomJoined():
                    what: tuple[Any, ...] = ("join", record.socket, record.room)
                case RoomLeft():
                    what = ("leave", record.socket, record.room)
                case EventSent():
                    what = ("sent", record.data, record.attachments)
                case Disconnected():
                    what = ("gone", record.socket)
                    for left, _ in self._waits:  # who is gone has left its rooms, too
                        left -= {each for each in left if each[1] == record.socket and each[0] == "leave"}
                case _:
                    continue
            for left, _ in self._waits:
                left.discard(what)
        for left, done in self._waits:
            if not left and not done.done():
                done.set_result(None)

    async def _carry_out(self, command: Command) -> CommandResult:
        check(command, self._reader)
        match command:
            case Emit():
                return await self._emit(command)
            case Join():
                return await self._join(command)
            case Leave():
                return await self._leave(command)
            case Disconnect():
                return await self._disconnect(command)
        raise Unable("the Admin UI's protocol has no such command")

    async def _emit(self, command: Emit) -> CommandResult:
        args = packets.decode(command.args, command.attachments)
        reached = self._reader.roster.recipients(command.nsp, command.rooms, ())
        if not reached and self._reader.development:
            raise Unable(f"no socket of {command.nsp} is in {', '.join(command.rooms) or 'it'}")
        to: list[Any] = [command.rooms[0] if len(command.rooms) == 1 else list(command.rooms) or None]
        if len(command.rooms) > 1 and not self._reader.takes_rooms:
            if not self._reader.development:
                raise Unable("Socket.IO 3 takes one room at a time")
            to = list(reached)  # each once, whatever rooms it shares with others
        messages = [("emit", command.nsp, each, command.event, *args) for each in to]
        # it is told of, once it is done: until then it could be lost with the connection
        told = {("sent", *packets.encode_args([command.event, *args]))} if self._tells_of_sent() else set()
        begun = time.monotonic()
        result = await self._ask(messages, told, reached, reached)
        if not result.error:
            return result
        if not self._reader.tells_of_sent and self._reader.heard > begun:  # it goes on, and tells of no emit at all
            self._silent = True
            return CommandResult(ok=True, sockets=len(reached))
        return msgspec.structs.replace(result, error="not confirmed by the server")

    def _tells_of_sent(self) -> bool:
        """Whether the server can be expected to tell of an emit."""
        return self._reader.development and not self._silent and self._reader.takes_rooms

    async def _join(self, command: Join) -> CommandResult:
        here = self._here(command.nsp, command.sockets)
        known = self._reader.roster.sockets
        left: set[tuple[Any, ...]] = {
            ("join", id, room) for id in here for room in command.rooms if room not in known[id].rooms
        }
        return await self._ask(_asked(command), left, command.sockets, here)

    async def _leave(self, command: Leave) -> CommandResult:
        here = self._here(command.nsp, command.sockets)
        known = self._reader.roster.sockets
        left: set[tuple[Any, ...]] = {
            ("leave", id, room) for id in here for room in command.rooms if room in known[id].rooms
        }
        return await self._ask(_asked(command), left, command.sockets, here)

    async def _disconnect(self, command: Disconnect) -> CommandResult:
        here = self._here(command.nsp, command.sockets)
        return await self._ask(_asked(command), {("gone", id) for id in here}, command.sockets, here)

    def _here(self, nsp: str, ids: Sequence[str]) -> list[str]:
        known = self._reader.roster.sockets
        here = [id for id in ids if (socket := known.get(id)) and socket.nsp == nsp]
        if not here and self._reader.development:
            raise Unable(f"{ids[0] if len(ids) == 1 else 'none of these sockets'} is not connected to {nsp}")
        return here

    async def _ask(
        self,
        messages: Sequence[tuple[Any, ...]],
        left: set[tuple[Any, ...]],
        wanted: Sequence[str],
        here: Sequence[str],
    ) -> CommandResult:
        """Send the messages, and wait until all that is `left` was told of."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        wait = (left, done)
        if left:
            self._waits.append(wait)
        try:
            for event, *args in messages:
                await self._socket.emit(event, *args)
            if not self._reader.development:  # nothing will be told of
                return CommandResult(ok=True)
            patience = CONFIRMATION[self._reader.kind]
            if left:
                await asyncio.wait_for(done, patience)
        except TimeoutError:
            late = {each[1] for each in left if each[0] != "sent"} or set(here)
            error = f"{len(late)} of {len(here)} not confirmed by the server within {patience:.0f} s"
            return CommandResult(ok=False, error=error, sockets=len(here) - len(late))
        finally:
            if left or wait in self._waits:
                self._waits = [each for each in self._waits if each is not wait]
        if missing := len(wanted) - len(here):
            return CommandResult(ok=False, error=f"{missing} of {len(wanted)} are not connected", sockets=len(here))
        return CommandResult(ok=True, sockets=len(here))


def _asked(command: Command) -> list[tuple[Any, ...]]:
    """What a command about sockets asks the admin namespace for."""
    match command:
        case Join() | Leave():
            name = "join" if isinstance(command, Join) else "leave"
            return [(name, command.nsp, room, id) for id in command.sockets for room in command.rooms]
        case Disconnect():
            return [("_disconnect", command.nsp, command.close, id) for id in command.sockets]
    return []


def check(command: Command, reader: PlainReader) -> None:
    """Refuse what the server can't do, and what it may die of: `Unable` says why.

    A Node server throws on an emit of a reserved name, and makes any namespace that it is asked about.
    """
    features = reader.roster.info.features
    size = len(getattr(command, "args", "")) + sum(map(len, getattr(command, "attachments", ())))
    if size > reader.max_payload:
        raise Unable(f"{size} bytes are more than the server takes in one message: {reader.max_payload}")
    name = str(command.__struct_config__.tag).upper()
    if name not in ACTING:
        what = name.lower().replace("_", " ")
        raise Unable(f"the Admin UI's protocol has no {what}: it needs server_core.instrument on the server")
    if name not in features:
        if reader.kind == "python" and not reader.development:
            raise Unable("the server ignores commands: sio.instrument() was called with mode='production'")
        raise Unable("the server is read-only: its admin takes no commands")
    if command.nsp not in reader.namespaces() and (reader.development or command.nsp != "/"):
        raise Unable(f"the server has shown no namespace {command.nsp}, and asking for it could make it")
    match command:
        case Emit():
            if not command.event:
                raise Unable("an event needs a name")
            if command.event in RESERVED:
                raise Unable(f'"{command.event}" is a reserved event name')
            if command.ack is not None:
                raise Unable("the Admin UI's protocol has no acks: send it without")
            if command.except_ or command.sender:
                raise Unable("the Admin UI's protocol can leave nobody out of an emit, nor send as another socket")
            _check_args(command)
        case Join() | Leave():
            if not command.rooms or "" in command.rooms:
                raise Unable("a room needs a name")
            if not command.sockets:
                raise Unable("no socket is named")
        case Disconnect():
            if not command.sockets:
                raise Unable("no socket is named")
            if command.close and "CLOSE" not in features:
                raise Unable("sio.instrument() closes no connection: it only disconnects from the namespace")


def _check_args(command: Emit) -> None:
    try:
        args = packets.decode(command.args, command.attachments)
        packets.encode_args([args])
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise Unable(f"the arguments are not JSON: {error}") from error
    except RecursionError:
        raise Unable("the arguments are nested too deep") from None
    if not isinstance(args, list):
        raise Unable("the arguments must be a JSON list")
    if _depth(args) > MAX_DEPTH:
        raise Unable(f"the arguments are nested more than {MAX_DEPTH} deep")


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            item
            for each in level
            if isinstance(each, list | dict)
            for item in (each.values() if isinstance(each, dict) else each)
        ]
    return depth
