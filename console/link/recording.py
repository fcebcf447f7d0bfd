"""The link to a recording: it gives the file's records as fast as the screen takes them, and takes no commands."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

from console import text
from console.link.base import LinkState, LinkStatus
from console.link.recording_history import RecordingHistory
from console.link.recording_index import Index
from console.state.session import Session
from console.state.state import State
from server_core.recording import Recorder
from server_core.records import AnyRecord, Command, CommandResult

#: Seconds that reading may take between two looks of the screen, which needs as long again to fold what it gets.
SLICE = 0.02
#: Sockets that are gone and can still be named: a file says all that there ever was.
MAX_GONE = 50_000


class RecordingLink:
    """Reads a file on, a slice at a time, on the screen's own thread: there is nothing to wait for."""

    can_restart = False
    recording = None

    def __init__(self, path: Path, *, title: str = "") -> None:
        """RecordingError when the file is no recording, or of a newer version."""
        self.index = Index(path)
        self.title = title or path.name
        self.url = self.index.header.url

    def session(self, *, max_log_lines: int) -> Session:
        """The session that is to fold what the link gives: it reads the past from the file."""
        history = RecordingHistory(self.index)
        return Session(State(history=history, max_log_lines=max_log_lines, max_gone=MAX_GONE), self.index)

    @property
    def status(self) -> LinkStatus:
        index = self.index
        if not index.complete:
            return LinkStatus(LinkState.LOADING, progress=index.done / max(1, index.size))
        said = []
        if index.damaged:
            said.append(f"{text.count(index.damaged, 'damaged line')} left out")
        if index.truncated:
            said.append("the last line is cut short")
        return LinkStatus(LinkState.FILE, ", ".join(said))

    def start(self) -> None:
        """Nothing runs."""

    def take(self) -> list[AnyRecord]:
        """The next records of the file."""
        records: list[AnyRecord] = []
        end = time.perf_counter() + SLICE
        while not self.index.complete:
            records += self.index.advance() or []
            if time.perf_counter() >= end:
                break
        return records

    def send(self, command: Command) -> Future[CommandResult]:
        future: Future[CommandResult] = Future()
        future.set_result(CommandResult(ok=False, error="a recording takes no commands: there is no server"))
        return future

    def watch(self, ids: Sequence[str]) -> None:
        """What was attached is in the file."""

    def record(self, recorder: Recorder | None) -> None:
        """What comes is a recording already."""
        if recorder:
            recorder.close()

    def restart(self) -> None:
        """There is no server."""

    def stop(self) -> None:
        self.index.close()
