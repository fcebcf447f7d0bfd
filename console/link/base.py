"""The one interface through which records arrive and commands leave, whatever the source."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

import msgspec

from server_core.recording import Recorder
from server_core.records import AnyRecord, Command, CommandResult


class LinkState(enum.Enum):
    """Whether records can arrive."""

    CONNECTING = "connecting"
    LIVE = "live"
    #: The server is there no more, but may come back: `why` says what is known.
    LOST = "lost"
    #: The hosted server's process ended; `restart` starts another.
    STOPPED = "stopped"
    #: A recording, while it is read and once all of it was: `why` says what is missing.
    LOADING = "loading"
    FILE = "recording"


class LinkStatus(msgspec.Struct, frozen=True):
    """What the link knows of its server, for the line at the top."""

    state: LinkState
    #: Why it is not live, in a sentence for the person at the keyboard; empty when it is.
    why: str = ""
    #: How much of a recording was read, from 0 to 1.
    progress: float = 1.0


class Recorded(msgspec.Struct, frozen=True):
    """What is being recorded, for the top line."""

    #: The file, and its bytes so far.
    path: Path
    size: int
    #: Why nothing is written any more, in one line; empty while all is well.
    error: str = ""


def describe(recorder: Recorder | None) -> Recorded | None:
    """What `Link.recording` says of a recorder."""
    return Recorded(recorder.path, recorder.bytes_written, recorder.error) if recorder else None


class Link(Protocol):
    """A source of records. It works on a thread of its own; every method may be called from any thread, and returns at
    once."""

    #: What is watched, for the top line: `server_core.demo:app`, a URL, a file.
    title: str
    #: Where clients connect, empty where there is no such place.
    url: str

    @property
    def status(self) -> LinkStatus: ...

    @property
    def recording(self) -> Recorded | None:
        """What is being recorded; None when nothing is."""
        ...

    def record(self, recorder: Recorder | None) -> None:
        """Write what comes from now on, beginning with a sync; what was being recorded ends. None: no more.

        The recorder must be one that starts `from_sync`; the link closes it.
        """
        ...

    @property
    def can_restart(self) -> bool:
        """Whether `restart` does something: the console hosts the server itself."""
        ...

    def start(self) -> None: ...

    def take(self) -> list[AnyRecord]:
        """The records that came since the last call, in order; the screens ask 20 times a second.

        What was not taken is bounded: the oldest are dropped, a `gap` record and a sync take their place.
        """
        ...

    def send(self, command: Command) -> Future[CommandResult]:
        """Have the server do something; the future never fails, its result says what was done or why not."""
        ...

    def watch(self, ids: Sequence[str]) -> None:
        """Have changes inside the attributes of these sockets found, within a second, from now on."""
        ...

    def restart(self) -> None:
        """Stop the hosted server when it runs, and start it again."""
        ...

    def stop(self) -> None:
        """End the link, and the hosted server with it; returns when both are gone (a few seconds at most)."""
        ...
