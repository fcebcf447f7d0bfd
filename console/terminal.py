"""The console on this terminal, from start to end, whatever ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import termios
import threading
from types import FrameType

from console import places
from console.app import ConsoleApp
from console.link.base import Link
from console.settings import Settings
from console.state.session import Session

#: Seconds that the screen has to end by itself.
PATIENCE = 2.0
ENDING = (signal.SIGTERM, signal.SIGHUP)


def show(link: Link, settings: Settings, session: Session | None = None) -> int:
    """Open the console on a link; the exit code. The link, and what it hosts, has ended when it returns."""
    app = ConsoleApp(link, settings=settings, folder=places.state_folder(), session=session)

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
