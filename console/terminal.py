"""The console on this terminal, from start to end, whatever ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import termios
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from console import frames, places
from console.link.base import Link
from console.link.keeper import Keeper, Limits
from console.link.live import LiveLink
from console.settings import Settings
from console.state.session import Session
from server_core.recording import RecordingError

frames.load()
from console.app import ConsoleApp  # noqa: E402  what it imports reads that

if TYPE_CHECKING:
    from console.replay.run import Options

#: Seconds that the screen has to end by itself.
PATIENCE = 2.0
#: Seconds for which one thread holds up the others: that of the keys waits for each thing that it does.
SWITCH = 0.001
ENDING = (signal.SIGTERM, signal.SIGHUP)


def show(
    link: Link,
    settings: Settings,
    session: Session | None = None,
    script: Path | None = None,
    replaying: Options | None = None,
) -> int:
    """Open the console on a link, and a script to play there; the exit code.

    The link, and what it hosts, has ended when it returns.
    """
    sys.setswitchinterval(SWITCH)
    if settings.keep_sessions and isinstance(link, LiveLink):
        _keep(link, settings)
    app = ConsoleApp(
        link, settings=settings, folder=places.state_folder(), session=session, script=script, replaying=replaying
    )

    def end(_number: int, _frame: FrameType | None) -> None:
        app.call_later(app.exit)
        threading.Thread(target=last_resort, daemon=True).start()

    def last_resort() -> None:
        """A terminal that is gone, or takes no more output, can hold the app's loop for ever in a write."""
        if not ended.wait(PATIENCE):
            link.stop()
            with contextlib.suppress(termios.error):
                termios.tcsetattr(0, termios.TCSANOW, attributes)
            os._exit(0)

    ended = threading.Event()
    attributes = termios.tcgetattr(0)
    before = {number: signal.signal(number, end) for number in ENDING}
    try:
        app.run(mouse=settings.mouse)
        return app.return_code or 0
    finally:
        ended.set()
        for number in ENDING:  # a second signal must not end us before the child is gone
            signal.signal(number, signal.SIG_IGN)
        link.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def _keep(link: LiveLink, settings: Settings) -> None:
    """Keep the session; where that can't be, the console works all the same."""
    limits = Limits(files=settings.keep_files, size=settings.keep_bytes, days=settings.keep_days)
    try:
        link.keep(Keeper(places.sessions_folder(), link.title, link.url, limits))
    except RecordingError as error:
        print(f"socketscope: {error}", file=sys.stderr)  # noqa: T201
