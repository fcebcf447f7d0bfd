"""`--headless --reload`: the hosted server starts again when its files change, and the app keeps the terminal."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import msgspec

from console.link.changes import ReloadRules
from console.link.child import Child
from console.link.hosted import HostedLink
from console.link.inbox import Inbox
from server_core.host_config import HostConfig
from server_core.listen import ListenError
from server_core.recording import Recorder, RecordingError
from server_core.records import AnyRecord

OK, USAGE = 0, 2


class _HeadlessLink(HostedLink):
    """The link without a screen: it reads records for the recorder alone, and says on stderr what it does."""

    def __init__(self, config: HostConfig, reload: ReloadRules, record: Path | None, *, show_secrets: bool) -> None:
        super().__init__(msgspec.structs.replace(config, says_fd=os.dup(1)), reload=reload)
        self._inbox = _Unread()
        if record:
            self.recorder = Recorder(record, target=config.target, url=self.url, show_secrets=show_secrets)
        else:
            self._config = msgspec.structs.replace(self._config, admin_fd=-1)  # nothing is noted for nobody

    async def _stay_connected(self) -> None:
        if self.recorder:
            await super()._stay_connected()

    def _make_child(self) -> Child:
        if self.recorder:
            return Child(self._config, self._log, forward=sys.stderr.fileno(), reloads=True)
        return Child(self._config, reloads=True)

    def _tell_of_end(self, why: str) -> None:
        super()._tell_of_end(why)
        if not self._stop.is_set():
            self._say(why)

    def _say(self, text: str) -> None:
        super()._say(text)
        print(f"socketscope: {text}", file=sys.stderr, flush=True)  # noqa: T201


class _Unread(Inbox):
    """Keeps nothing: nobody takes it."""

    def put(self, records: Sequence[AnyRecord]) -> bool:
        return True


def run_reloading(config: HostConfig, reload: ReloadRules, record: Path | None, *, show_secrets: bool = False) -> int:
    """Host a target without a console until SIGINT or SIGTERM, again after each change; the exit code."""
    try:
        link = _HeadlessLink(config, reload, record, show_secrets=show_secrets)
    except (ListenError, RecordingError) as error:
        print(f"socketscope: {error}", file=sys.stderr)  # noqa: T201
        return USAGE
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    link.start()
    try:
        ended.wait()
    finally:
        link.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
    return OK
