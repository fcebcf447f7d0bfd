"""The link to a server that the console hosts itself, in a child process."""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
import signal
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from console.link.base import LinkState, LinkStatus
from console.link.child import Child
from console.link.live import LiveLink
from console.wire.errors import WireError
from console.wire.target import Target
from server_core.host_config import HostConfig
from server_core.listen import bind
from server_core.recording import Recorder
from server_core.records import (
    CONSOLE,
    AnyRecord,
    Command,
    CommandResult,
    Log,
    ServerReloaded,
    ServerStarted,
    ServerStopped,
    Sync,
)

if TYPE_CHECKING:
    from console.link.admin import AdminConnection
    from console.link.changes import ReloadRules

#: Seconds between two tries to reach the child's admin server.
RETRY = 0.1
#: The last line of a traceback, by the exception's type: its message may be long, or a secret.
_EXCEPTION = re.compile(r"([\w.]*(?:Error|Exception))(?::|$)")


class HostedLink(LiveLink):
    """Starts the child, reads its records, sends it commands; all on one thread of its own."""

    def __init__(
        self, config: HostConfig, recorder: Recorder | None = None, *, reload: ReloadRules | None = None
    ) -> None:
        """Binds the port at once: `ListenError` when it is taken. With `reload` it starts the child again when a file
        changes."""
        self._listener = bind(config.host, config.port)
        self._admin = bind("127.0.0.1", 0)
        self._config = msgspec.structs.replace(
            config,
            port=self._listener.getsockname()[1],
            fd=self._listener.fileno(),
            admin_fd=self._admin.fileno(),
            token=secrets.token_urlsafe(32),
        )
        super().__init__(config.target, self._config.url, f"starting {config.target}")
        self.recorder = recorder
        port = self._admin.getsockname()[1]
        self._target = Target(url=f"http://127.0.0.1:{port}", auth={"token": self._config.token})
        self._child: Child | None = None
        self._connection: AdminConnection | None = None
        self._reload = reload
        #: The files for whose changes the child is to be started again.
        self._files: list[str] = []
        self._epoch = time.time_ns() // 1_000_000
        self._seq = itertools.count(1)
        #: The hosted servers that are live: id → (epoch, last seq).
        self._live: dict[str, tuple[int, int]] = {}
        #: The type of the last exception that the child wrote of.
        self._exception = ""

    # any thread

    @property
    def can_restart(self) -> bool:
        return True

    def restart(self) -> None:
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._restart.set)

    def _release(self) -> None:
        if self._child:
            self._child.kill()
        self._listener.close()
        self._admin.close()

    # the link's thread

    def _prepare(self) -> None:
        self._restart = asyncio.Event()

    async def _main(self) -> None:
        watching = asyncio.ensure_future(self._look_for_changes())
        await asyncio.sleep(0)  # what changes from now on is seen
        try:
            while not self._stop.is_set():
                self._status = LinkStatus(LinkState.CONNECTING, f"starting {self.title}")
                await self._host()
                if not await self._first_of(self._stop, self._restart):
                    return
                self._restart.clear()
                self._tell_of_reload()
        finally:
            watching.cancel()
            await asyncio.wait((watching,))

    async def _look_for_changes(self) -> None:
        """Have the child started again after each burst of changes."""
        if self._reload is None:
            return
        from console.link.changes import Changes  # needs watchfiles, which nothing else does

        changes = Changes(self._reload)
        watching = asyncio.ensure_future(changes.run())
        try:
            while True:
                following = asyncio.ensure_future(changes.next())
                done, _ = await asyncio.wait((watching, following), return_when=asyncio.FIRST_COMPLETED)
                if following not in done:
                    following.cancel()
                    self._say(f"files can't be watched, and changes start nothing again: {watching.exception()}")
                    return
                self._files += following.result()
                self._restart.set()
        finally:
            watching.cancel()
            await asyncio.wait((watching,))

    def _tell_of_reload(self) -> None:
        files, self._files = tuple(dict.fromkeys(self._files)), []
        if files:
            self._say(f"{_some(files)} changed: starting {self.title} again")
            self._put([ServerReloaded(files=files, **self._of_console())])

    async def _host(self) -> None:
        """One child's life."""
        self._child = child = self._make_child()
        self._exception = ""
        await child.start()
        reader = asyncio.ensure_future(self._stay_connected())
        ended = asyncio.ensure_future(child.wait())
        asked = asyncio.ensure_future(self._first_of(self._stop, self._restart))
        await asyncio.wait((ended, asked), return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            self._status = LinkStatus(LinkState.CONNECTING, f"starting {self.title} again")
            await child.stop()
        asked.cancel()
        code = await ended
        self._child = None
        if self._connection:
            await asyncio.wait((reader,), timeout=1)  # what the child said last
        reader.cancel()
        why = _why(code)
        if not self._restart.is_set():
            self._tell_of_end(why + ("; the next save tries again" if self._reload else ""))
            if not self._live and not self._stop.is_set():
                failed = f"{why}: {self._exception}" if self._exception else why
                self._put([ServerStopped(why=failed, code=code, **self._of_console())])
        for server, (epoch, seq) in list(self._live.items()):
            stopped = ServerStopped(server=server, epoch=epoch, seq=seq + 1, time=time.time_ns(), why=why, code=code)
            self._put([stopped])

    def _tell_of_end(self, why: str) -> None:
        self._status = LinkStatus(LinkState.STOPPED, why)

    def _make_child(self) -> Child:
        return Child(self._config, self._log, reloads=self._reload is not None)

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
        # a client's libraries take long to load: the child starts meanwhile, and the screen is drawn
        from console.link.admin import AdminConnection

        child = self._child
        while child is self._child:
            connection = AdminConnection(self._target, self._heard)
            try:
                await connection.open()
                self._connection = connection
                await self._watch()
                await connection.read()
            except (WireError, msgspec.DecodeError) as error:
                if self._connection and not self._restart.is_set():
                    self._status = LinkStatus(LinkState.LOST, f"the link to the server broke: {error}")
            finally:
                self._connection = None
                await connection.abort()
            await asyncio.sleep(RETRY)

    def _heard(self, records: Sequence[AnyRecord]) -> None:
        if not self._restart.is_set():  # else these are the last of a child that ends
            self._status = LinkStatus(LinkState.LIVE)
        self._put(records)

    async def _watch(self) -> None:
        if self._connection:
            await self._connection.watch(self._looked_at)

    async def _send(self, command: Command) -> CommandResult:
        if self._connection is None:
            return CommandResult(ok=False, error=f"not connected to the server: {self._status.why or 'try again'}")
        return await self._connection.send(command)

    async def _sync(self) -> None:
        if self._connection:
            await self._connection.sync()

    def _put(self, records: Sequence[AnyRecord]) -> None:
        for record in records:
            if isinstance(record, ServerStopped):
                self._live.pop(record.server, None)
            elif record.server != CONSOLE and (isinstance(record, Sync | ServerStarted) or record.server in self._live):
                self._live[record.server] = (record.epoch, record.seq)
        super()._put(records)

    def _log(self, stream: str, text: str) -> None:
        name: Literal["stdout", "stderr"] = "stdout" if stream == "stdout" else "stderr"
        if name == "stderr" and (found := _EXCEPTION.match(text)):
            self._exception = found[1]
        self._put([Log(stream=name, text=text, **self._of_console())])

    def _say(self, text: str) -> None:
        """A line of the console's own in the log."""
        self._put([Log(stream="console", text=f"socketscope: {text}", **self._of_console())])

    def _of_console(self) -> dict[str, Any]:
        """What a record has that the console itself makes."""
        return {"server": CONSOLE, "epoch": self._epoch, "seq": next(self._seq), "time": time.time_ns()}


def _some(files: Sequence[str]) -> str:
    """The first few files, and how many others."""
    others = len(files) - 3
    return ", ".join(files[:3]) + (f" and {others} more" if others > 0 else "")


def _why(code: int) -> str:
    """What an exit code says, in words."""
    if code == 0:
        return "the server ended"
    if code == 2:
        return "the target could not be loaded"
    if code < 0:
        return f"the server was killed by {signal.Signals(-code).name}"
    return f"the server ended with exit code {code}"
