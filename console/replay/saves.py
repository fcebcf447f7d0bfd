"""Noticing that files were saved, whatever way an editor does it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from watchfiles import awatch

#: Milliseconds in which a burst of changes is over, and between two looks where the system can't watch.
_STEP, _POLL = 50, 300

#: What tells whether a file is still the one that was read: when it was written, how long it is, which one it is.
Stamp = tuple[int, int, int] | None


def stamp(path: Path) -> Stamp:
    """The stamp of a file, None while there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


async def saves(files: Iterable[Path], stop: asyncio.Event) -> AsyncIterator[None]:
    """Yields each time that one of these files was written, replaced or removed; ends when it is told to.

    Their folders are watched: many editors write another file, and give it the name.
    """
    named = {place for path in files for place in (path.parent.resolve() / path.name, path.resolve())}
    whole = {str(place) for place in named if place.parent.is_dir()}
    folders = {os.path.dirname(path) for path in whole}
    for polling in (False, True):
        try:
            watching = awatch(
                *sorted(folders),
                watch_filter=lambda _, path: path in whole,
                step=_STEP,
                stop_event=stop,
                recursive=False,
                force_polling=polling,
                poll_delay_ms=_POLL,
            )
            async for _ in watching:
                yield
            return
        except OSError:  # the system can't watch so many
            if polling:
                raise
