"""A link that tests fill, and whose commands they read."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from console.link.base import LinkState, LinkStatus, Recorded, describe
from server_core.recording import Recorder
from server_core.records import AnyRecord, Command, CommandResult


class FakeLink:
    """Hands out the records that a test gives it, and answers commands as it says."""

    title = "chat:io"
    url = "http://127.0.0.1:5000"
    can_restart = True

    def __init__(self, records: Sequence[Any] = ()) -> None:
        self.waiting: list[AnyRecord] = list(records)
        self.commands: list[Command] = []
        self.answer = CommandResult(ok=True, sockets=1)
        self.restarts = 0
        self.stopped = False
        self.recorder: Recorder | None = None
        self.status = LinkStatus(LinkState.LIVE)

    def start(self) -> None:
        """It is always there."""

    def take(self) -> list[AnyRecord]:
        taken, self.waiting = self.waiting, []
        return taken

    def send(self, command: Command) -> Future[CommandResult]:
        self.commands.append(command)
        future: Future[CommandResult] = Future()
        future.set_result(self.answer)
        return future

    @property
    def recording(self) -> Recorded | None:
        return describe(self.recorder)

    def record(self, recorder: Recorder | None) -> None:
        if self.recorder:
            self.recorder.close()
        self.recorder = recorder

    def watch(self, ids: Sequence[str]) -> None:
        self.watched = list(ids)

    def restart(self) -> None:
        self.restarts += 1

    def stop(self) -> None:
        self.stopped = True
