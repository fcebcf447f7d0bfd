"""The admin namespace: how a console reads records and sends commands."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from server_core.control import features
from server_core.errors import SocketError
from server_core.feed import Feed
from server_core.outbox import Outbox
from server_core.records import SCHEMA_VERSION, Command, CommandResult
from server_core.server import Server
from server_core.socket import Socket

NAMESPACE = "/admin"
#: In `supportedFeatures`: the extension of the Admin UI protocol that this module speaks.
FEATURE = "SOCKETSCOPE_RECORDS"
#: Batches that a console may be behind with its answers.
IN_FLIGHT = 8
#: Seconds after which a console that answers nothing is let go.
PATIENCE = 60.0

#: Sockets that a console may watch at a time.
MAX_WATCHED = 200

#: Has the sockets with these ids looked at for a console.
Watch = Callable[[object, frozenset[str]], None]
#: Carries out a command of a console (named by the string) on the app's own loop.
Execute = Callable[[Command, str], Awaitable[CommandResult]]


class Admin:
    """Serves consoles on the admin namespace of a server: the app's own, or one that stands beside it."""

    def __init__(
        self, io: Server, feed: Feed, execute: Execute, watch: Watch, *, token: str, read_only: bool = False
    ) -> None:
        self._watch = watch
        self._feed = feed
        self._execute = execute
        self._token = token.encode()
        self._read_only = read_only
        self._nsp = io.of(NAMESPACE)
        self._nsp.use(self._authenticate)
        self._nsp.on("connection", self._connection)

    async def _authenticate(self, socket: Socket, next: Any) -> None:
        token = socket.handshake.auth.get("token")
        right = isinstance(token, str) and secrets.compare_digest(token.encode(), self._token)
        await next(None if right else SocketError("the token is wrong"))

    def _connection(self, socket: Socket) -> None:
        supported = [FEATURE, *features(read_only=self._read_only)]
        outbox = Outbox(self._feed.syncs)
        sender = asyncio.ensure_future(self._serve(socket, outbox, supported))

        @socket.on("command")
        async def command(payload: Any) -> object:
            return msgspec.to_builtins(await self._command(payload, socket))

        @socket.on("sync")
        def sync() -> None:
            outbox.put_syncs()

        @socket.on("watch")
        def watch(ids: Any) -> None:
            known = ids if isinstance(ids, list) else []
            self._watch(socket.id, frozenset(id for id in known[:MAX_WATCHED] if isinstance(id, str)))

        @socket.on("disconnect")
        def gone() -> None:
            self._watch(socket.id, frozenset())
            sender.cancel()

    async def _serve(self, socket: Socket, outbox: Outbox, features: list[str]) -> None:
        """Send what the outbox holds, as fast as the console answers."""
        await socket.emit("config", {"supportedFeatures": features, "schema": SCHEMA_VERSION})
        stop = self._feed.listen(outbox.put)
        credit = asyncio.Semaphore(IN_FLIGHT)
        answers: set[asyncio.Task[None]] = set()
        try:
            while True:
                await credit.acquire()
                task = asyncio.ensure_future(self._send(socket, await outbox.get(), credit))
                answers.add(task)
                task.add_done_callback(answers.discard)
        finally:
            stop()
            for task in answers:
                task.cancel()

    async def _send(self, socket: Socket, batch: bytes, credit: asyncio.Semaphore) -> None:
        try:
            await socket.timeout(PATIENCE).emit_with_ack("records", batch)
        except (TimeoutError, SocketError):
            await socket.disconnect(close=True)
        finally:
            credit.release()

    async def _command(self, payload: Any, socket: Socket) -> CommandResult:
        try:
            command = msgspec.convert(payload, Command)
        except msgspec.ValidationError as error:
            return CommandResult(ok=False, error=f"not a command: {error}")
        if self._read_only:
            return CommandResult(ok=False, error="the server is read-only: it was started with --read-only")
        return await self._execute(command, f"console {socket.id[:8]}")
