"""The link to a server that the console hosts itself, in a child process."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import secrets
import signal
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Literal

import msgspec

from console.link.base import LinkState, LinkStatus, describe
from console.link.child import Child
from console.link.inbox import Inbox
from console.wire.client import Client, ClientSocket, Event
from console.wire.engine import Engine
from console.wire.errors import Closed, WireError
from server_core.host_config import HostConfig
from server_core.listen import bind
from server_core.recording import Recorder
from server_core.records import (
    CONSOLE,
    AnyRecord,
    Command,
    CommandResult,
    Log,
    ServerStarted,
    ServerStopped,
    Sync,
    decode_batch,
)

logger = logging.getLogger(__name__)

#: Seconds between two tries to reach the child's admin server.
RETRY = 0.1
#: Seconds that the server has to carry out a command, beside the time that its acks may take.
COMMAND_PATIENCE = 20.0


class HostedLink:
    """Starts the child, reads its records, sends it commands; all on one thread of its own."""

    def __init__(self, config: HostConfig, recorder: Recorder | None = None) -> None:
        """Binds the port at once: `ListenError` when it is taken."""
        self._listener = bind(config.host, config.port)
        self._admin = bind("127.0.0.1", 0)
        self._config = msgspec.structs.replace(
            config,
            port=self._listener.getsockname()[1],
            fd=self._listener.fileno(),
            admin_fd=self._admin.fileno(),
            token=secrets.token_urlsafe(32),
        )
        self.recorder = recorder
        self.title = config.target
        self.url = self._config.url
        self._inbox = Inbox()
        self._status = LinkStatus(LinkState.CONNECTING, f"starting {config.target}")
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()
        self._child: Child | None = None
        self._socket: ClientSocket | None = None
        self._looked_at: tuple[str, ...] = ()
        self._resyncing: asyncio.Future[None] | None = None
        self._epoch = time.time_ns() // 1_000_000
        self._seq = itertools.count(1)
        #: The hosted servers that are live: id → (epoch, last seq).
        self._live: dict[str, tuple[int, int]] = {}

    # any thread

    @property
    def status(self) -> LinkStatus:
        return self._status

    @property
    def recording(self) -> str:
        return describe(self.recorder)

    def record(self, recorder: Recorder | None) -> None:
        before, self.recorder = self.recorder, recorder
        if before:
            before.close()
        if recorder and self._loop and not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(self._sync(), self._loop)

    @property
    def can_restart(self) -> bool:
        return True

    def start(self) -> None:
        self._thread.start()
        self._started.wait(10)

    def take(self) -> list[AnyRecord]:
        return self._inbox.take()

    def send(self, command: Command) -> Future[CommandResult]:
        if self._loop is None or self._loop.is_closed():
            future: Future[CommandResult] = Future()
            future.set_result(CommandResult(ok=False, error="the console is not connected to the server"))
            return future
        return asyncio.run_coroutine_threadsafe(self._send(command), self._loop)

    def watch(self, ids: Sequence[str]) -> None:
        self._looked_at = tuple(ids)
        if self._loop and not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(self._watch(), self._loop)

    def restart(self) -> None:
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._restart.set)

    def stop(self) -> None:
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread.is_alive():
            self._thread.join(15)
        if self._child:
            self._child.kill()
        self._listener.close()
        self._admin.close()
        if self.recorder:
            self.recorder.close()

    # the link's thread

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        finally:
            self._started.set()

    async def _main(self) -> None:
        self._loop, self._stop, self._restart = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        self._started.set()
        while not self._stop.is_set():
            self._status = LinkStatus(LinkState.CONNECTING, f"starting {self.title}")
            await self._host()
            if not await self._first_of(self._stop, self._restart):
                return
            self._restart.clear()

    async def _host(self) -> None:
        """One child's life."""
        self._child = child = Child(self._config, self._log)
        await child.start()
        reader = asyncio.ensure_future(self._stay_connected())
        ended = asyncio.ensure_future(child.wait())
        asked = asyncio.ensure_future(self._first_of(self._stop, self._restart))
        await asyncio.wait((ended, asked), return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            await child.stop()
        asked.cancel()
        code = await ended
        self._child = None
        if self._socket:
            await asyncio.wait((reader,), timeout=1)  # what the child said last
        reader.cancel()
        why = _why(code)
        self._status = LinkStatus(LinkState.STOPPED, why)
        for server, (epoch, seq) in list(self._live.items()):
            stopped = ServerStopped(server=server, epoch=epoch, seq=seq + 1, time=time.time_ns(), why=why, code=code)
            self._put([stopped])

    async def _first_of(self, stop: asyncio.Event, restart: asyncio.Event) -> bool:
        """Wait for one of the two; False when it is the end."""
        waits = [asyncio.ensure_future(event.wait()) for event in (stop, restart)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return not stop.is_set()

    async def _stay_connected(self) -> None:
        """Read the admin server's records for as long as the child lives."""
        port = self._admin.getsockname()[1]
        child = self._child
        while child is self._child:
            client = Client(Engine(f"http://127.0.0.1:{port}"))
            try:
                await client.open()
                socket = await client.connect("/admin", {"token": self._config.token})
                self._socket = socket
                await self._watch()
                while True:
                    await self._event(socket, await socket.receive())
            except (WireError, msgspec.DecodeError) as error:
                if self._socket:
                    self._status = LinkStatus(LinkState.LOST, f"the link to the server broke: {error}")
            finally:
                self._socket = None
                await client.engine.abort()
            await asyncio.sleep(RETRY)

    async def _event(self, socket: ClientSocket, event: Event) -> None:
        if event.name == "records":
            for batch in event.args:
                if isinstance(batch, bytes):
                    self._put(decode_batch(batch))
            self._status = LinkStatus(LinkState.LIVE)
            await socket.ack(event)

    async def _watch(self) -> None:
        """Tell the server which sockets are looked at."""
        if self._socket:
            with contextlib.suppress(Closed):  # told again after the next connection
                await self._socket.emit("watch", list(self._looked_at))

    async def _send(self, command: Command) -> CommandResult:
        socket = self._socket
        if socket is None:
            return CommandResult(ok=False, error=f"not connected to the server: {self._status.why or 'try again'}")
        patience = COMMAND_PATIENCE + (getattr(command, "ack", None) or 0.0)
        try:
            values = await socket.emit_with_ack("command", msgspec.to_builtins(command), timeout=patience)
            return msgspec.convert(values[0] if values else None, CommandResult)
        except TimeoutError:
            return CommandResult(ok=False, error=f"the server did not answer within {patience:.0f} s")
        except Closed as closed:
            return CommandResult(ok=False, error=f"the server went away before it answered: {closed}")
        except msgspec.ValidationError as error:
            return CommandResult(ok=False, error=f"the server's answer can't be read: {error}")

    def _put(self, records: Sequence[AnyRecord]) -> None:
        for record in records:
            if isinstance(record, ServerStopped):
                self._live.pop(record.server, None)
            elif record.server != CONSOLE and (isinstance(record, Sync | ServerStarted) or record.server in self._live):
                self._live[record.server] = (record.epoch, record.seq)
        if recorder := self.recorder:
            recorder.write(records)
        if not self._inbox.put(records):
            self._resyncing = asyncio.ensure_future(self._sync())

    async def _sync(self) -> None:
        """Have the server say how things are: records were lost."""
        if self._socket:
            with contextlib.suppress(Closed):  # every connection begins with a sync
                await self._socket.emit("sync")

    def _log(self, stream: str, text: str) -> None:
        name: Literal["stdout", "stderr"] = "stdout" if stream == "stdout" else "stderr"
        self._put(
            [Log(server=CONSOLE, epoch=self._epoch, seq=next(self._seq), time=time.time_ns(), stream=name, text=text)]
        )


def _why(code: int) -> str:
    """What an exit code says, in words."""
    if code == 0:
        return "the server ended"
    if code == 2:
        return "the target could not be loaded: the log says why"
    if code < 0:
        return f"the server was killed by {signal.Signals(-code).name}"
    return f"the server ended with exit code {code}: the log may say why"
