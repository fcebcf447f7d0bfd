"""What links to live servers share: a thread with a loop of its own, the inbox, the recorder."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from typing import Any

from console.link.base import LinkState, LinkStatus, Recorded, describe
from console.link.inbox import Inbox
from console.link.keeper import Keeper
from server_core.recording import Recorder
from server_core.records import AnyRecord, Command, CommandResult

#: Seconds that a link's thread has to end.
PATIENCE = 15.0


class LiveLink:
    """A link whose `_main` runs on a thread of its own, from `start` until `_stop` is set."""

    def __init__(self, title: str, url: str, why: str) -> None:
        self.title = title
        self.url = url
        self.recorder: Recorder | None = None
        #: Keeps the session, beside what is recorded.
        self.keeper: Keeper | None = None
        self._inbox = Inbox()
        self._status = LinkStatus(LinkState.CONNECTING, why)
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()
        self._looked_at: tuple[str, ...] = ()
        self._work: set[asyncio.Future[Any]] = set()

    # any thread

    @property
    def status(self) -> LinkStatus:
        return self._status

    @property
    def recording(self) -> Recorded | None:
        return describe(self.recorder)

    @property
    def can_restart(self) -> bool:
        return False

    def restart(self) -> None:
        """Only what the console hosts can be started again."""

    def record(self, recorder: Recorder | None) -> None:
        before, self.recorder = self.recorder, recorder
        if before:
            before.close()
        if recorder:
            self._on_loop(self._sync())

    def keep(self, keeper: Keeper) -> None:
        """Keep the session from now on, whatever else is recorded; the link closes the keeper."""
        self.keeper = keeper
        self._on_loop(self._sync())

    def start(self) -> None:
        if self._thread.ident is None:
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
        self._on_loop(self._watch())

    def stop(self) -> None:
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread.is_alive():
            self._thread.join(PATIENCE)
        self._release()
        if self.recorder:
            self.recorder.close()
        if self.keeper:
            self.keeper.close()

    def _on_loop(self, work: Coroutine[Any, Any, None]) -> None:
        """Have the link's thread do something, when it runs."""
        if self._loop and not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(work, self._loop)
        else:
            work.close()

    # the link's thread

    def _run(self) -> None:
        try:
            asyncio.run(self._begin())
        finally:
            self._started.set()

    async def _begin(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._prepare()
        self._started.set()
        await self._main()

    def _put(self, records: Sequence[AnyRecord]) -> None:
        """Hand on records that came."""
        if recorder := self.recorder:
            recorder.write(records)
        if self.keeper:
            self.keeper.write(records)
        if not self._inbox.put(records):
            self._spawn(self._sync())

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.ensure_future(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return task

    # what each kind of link adds

    def _prepare(self) -> None:
        """Make what belongs to the loop."""

    def _release(self) -> None:
        """Give up what is held; the thread has ended, or is left to itself."""

    async def _main(self) -> None:
        raise NotImplementedError

    async def _send(self, command: Command) -> CommandResult:
        raise NotImplementedError

    async def _watch(self) -> None:
        """Tell the server which sockets are looked at."""
        raise NotImplementedError

    async def _sync(self) -> None:
        """Have the server say how things are: records were lost, or a recording begins."""
        raise NotImplementedError
