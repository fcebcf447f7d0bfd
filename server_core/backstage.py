"""The thread beside the app's: it drains the taps, serves consoles, writes the recording, watches the app's loop."""

from __future__ import annotations

import asyncio
import functools
import logging
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Sequence

import psutil
import socketio
import uvicorn

from server_core.admin import Admin
from server_core.control import execute
from server_core.credentials import Credentials
from server_core.feed import Feed, Source
from server_core.host_config import HostConfig
from server_core.loops import new_event_loop
from server_core.records import Command, CommandResult, Record
from server_core.server import Server
from server_core.tap import Tap
from server_core.watch import census, observe
from server_core.watchdog import Watchdog

logger = logging.getLogger("server_core")

#: Seconds that the app's loop has to carry out a command, beside the time that its acks may take.
COMMAND_PATIENCE = 15.0
#: Seconds between two looks at what is attached to the sockets that a console watches.
LOOK = 1.0
#: Seconds between two records of how the process is.
STATS = 1.0


class Watched:
    """A server of the app and the tap on it."""

    def __init__(self, server: socketio.AsyncServer, tap: Tap) -> None:
        self.server = server
        self.tap = tap


class Backstage:
    """One thread with a loop of its own: a busy app does not stop it, and it does not slow the app's loop."""

    def __init__(
        self,
        config: HostConfig,
        watched: Sequence[Watched],
        *,
        others: Sequence[Source] = (),
        write: Callable[[Sequence[Record]], None] | None = None,
    ) -> None:
        self._config = config
        self._watched = watched
        self._write = write
        self._app_loop: asyncio.AbstractEventLoop | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="socketscope", daemon=True)
        #: The sockets that each console looks at.
        self._looked_at: dict[object, frozenset[str]] = {}
        self.feed = Feed([each.tap for each in watched], others)

    def start(self, app_loop: asyncio.AbstractEventLoop) -> None:
        """Start the thread; called on the app's thread, with its loop."""
        self._app_loop = app_loop
        self._app_thread = threading.get_ident()
        for each in self._watched:
            each.tap.on_loss = functools.partial(self._ask_for_census, each)
        self._thread.start()
        self._ready.wait(10)

    def stop(self) -> None:
        """Hand out what is left and end the thread; waits a few seconds at most."""
        if self._loop and self._stop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                runner.run(self._main())
        except Exception:
            logger.exception("the admin server failed")
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        if self._write:
            self.feed.listen(self._write)
        work: list[Awaitable[None]] = [self.feed.run(), self._look()]
        server = self._admin_server() if self._config.admin_fd >= 0 else None
        if server:
            work.append(server[0].serve([server[1]]))
        if self._app_loop:
            dog = Watchdog(self._app_loop, self._app_thread, self._blocked)
            work += [dog.run(), self._tell_how_it_is(dog)]
        tasks = [asyncio.ensure_future(each) for each in work]
        self._ready.set()
        await self._stop.wait()
        self.feed.pump()
        if server:
            # consoles get what is left, then the end
            await asyncio.sleep(0.05)
            server[0].should_exit = server[0].force_exit = True
            await asyncio.wait([tasks[2]], timeout=2)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _admin_server(self) -> tuple[uvicorn.Server, socket.socket]:
        io = Server(cors_allowed_origins=[], max_http_buffer_size=64 * 1024 * 1024)
        Admin(
            io,
            self.feed,
            self._execute,
            self.watch,
            accept=Credentials(self._config.token).accept,
            read_only="the server is read-only: it was started with --read-only" if self._config.read_only else "",
        )
        config = uvicorn.Config(
            io.app,
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            ws_max_size=64 * 1024 * 1024,
            ws_per_message_deflate=False,
        )
        return _QuietServer(config), socket.socket(fileno=self._config.admin_fd)

    async def _execute(self, command: Command, by: str) -> CommandResult:
        """Carry out a command on the app's loop, and note it there."""
        if self._app_loop is None or self._app_loop.is_closed():
            return CommandResult(ok=False, error="the app is not running")
        patience = COMMAND_PATIENCE + (getattr(command, "ack", None) or 0.0)
        future = asyncio.run_coroutine_threadsafe(self._on_app_loop(command, by), self._app_loop)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), patience)
        except TimeoutError:
            error = f"the app did not answer within {patience:.0f} s: its loop is busy"
            result = CommandResult(ok=False, error=error)
            self._watched[0].tap.commanded(by, command, result)
            return result

    async def _on_app_loop(self, command: Command, by: str) -> CommandResult:
        result = await execute([each.server for each in self._watched], command)
        self._watched[0].tap.commanded(by, command, result)
        return result

    def watch(self, console: object, ids: frozenset[str]) -> None:
        """Look once a second at what is attached to these sockets, for one console; no ids: no more."""
        if ids:
            self._looked_at[console] = ids
        else:
            self._looked_at.pop(console, None)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            ids = frozenset().union(*self._looked_at.values())
            if ids and self._app_loop and not self._app_loop.is_closed():
                self._app_loop.call_soon_threadsafe(self._observe, ids)

    def _observe(self, ids: frozenset[str]) -> None:
        for each in self._watched:
            observe(each.tap, each.server, ids)

    def _ask_for_census(self, watched: Watched) -> None:
        if self._app_loop and not self._app_loop.is_closed():
            self._app_loop.call_soon_threadsafe(lambda: watched.tap.census(census(watched.server)))

    async def _tell_how_it_is(self, dog: Watchdog) -> None:
        process = psutil.Process()
        while True:
            await asyncio.sleep(STATS)
            lag = dog.take_worst()
            if self.feed.is_heard:
                memory = process.memory_info().rss
                for each in self._watched:
                    each.tap.server_stats(lag, time.process_time(), memory)

    def _blocked(self, seconds: float, stack: str) -> None:
        for each in self._watched[:1]:
            each.tap.server_blocked(seconds, stack)


class _QuietServer(uvicorn.Server):
    """A uvicorn server that leaves the process's signals alone."""

    def _log_started_message(self, listeners: Sequence[socket.SocketType]) -> None:
        """Nobody needs to know where consoles connect."""
