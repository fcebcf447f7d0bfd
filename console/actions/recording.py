"""Recording what happens, from now on."""

from __future__ import annotations

import re
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

from console import places
from console.actions.registry import action
from console.link.base import LinkState
from console.text import safe, size
from server_core.recording import Recorder, RecordingError

if TYPE_CHECKING:
    from console.screens.main import MainScreen

#: Seconds that it is said where a recording is.
SEEN = 15.0


def _refusal(screen: MainScreen) -> str:
    is_file = screen.link.status.state in (LinkState.FILE, LinkState.LOADING)
    return "this is a recording already" if is_file else ""


@action(
    "record",
    "ctrl+r",
    "record",
    "Record what happens from now on, secrets masked; again to end it",
    group="Console",
    footer=11,
    key_display="^r",
    refusal=_refusal,
    words="save session capture file siorec",
)
def record(screen: MainScreen) -> None:
    link = screen.link
    if recorded := link.recording:
        link.record(None)
        screen.refresh_all()
        if recorded.error:
            screen.notify(safe(recorded.error), severity="error", markup=False)
        else:
            said = f"recorded {size(recorded.size)}. To look at it: socketscope open {_typed(recorded.path)}"
            screen.notify(safe(said), timeout=SEEN, markup=False)
        return
    name = re.sub(r"[^\w.-]+", "-", link.title).strip("-.")[:60] or "session"
    path = places.output_folder() / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}.siorec"
    try:
        recorder = Recorder(
            path, target=link.title, url=link.url, show_secrets=screen.reader.show_secrets, from_sync=True
        )
    except RecordingError as error:
        screen.notify(safe(str(error)), severity="error", markup=False)
        return
    link.record(recorder)
    screen.refresh_all()
    screen.notify(safe(f"recording to {places.shown(path)}"), markup=False)


def _typed(path: Path) -> str:
    """A path as it is typed in a shell."""
    shown = places.shown(path)
    return shown if shlex.quote(shown.removeprefix("~/")) == shown.removeprefix("~/") else shlex.quote(str(path))
