"""A link that has what the clients of a replay see: for a server that runs elsewhere and tells nothing of itself."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

from console.link.base import LinkState, LinkStatus, Recorded, describe
from console.replay.witness import Teller, Witness
from server_core.recording import Recorder
from server_core.records import AnyRecord, Command, CommandResult


class SeenLink:
    """Fed by the witness of whichever case plays."""

    can_restart = False

    def __init__(self, url: str) -> None:
        self.title = self.url = url
        self.status = LinkStatus(LinkState.LIVE)
        self._recorder: Recorder | None = None
        self._witness: Witness | None = None
        self._teller: Teller | None = None
        self._told = 0

    def witness(self, url: str) -> Witness:
        """The witness of the case that begins."""
        self._witness = witness = Witness(url)
        self._teller, self._told = witness.teller(), 0
        return witness

    @property
    def recording(self) -> Recorded | None:
        return describe(self._recorder)

    def record(self, recorder: Recorder | None) -> None:
        if self._recorder:
            self._recorder.close()
        self._recorder = recorder

    def start(self) -> None:
        """It is there as soon as a case plays."""

    def take(self) -> list[AnyRecord]:
        if self._witness is None or self._teller is None:
            return []
        moments, self._told = self._witness.since(self._told), self._witness.count
        found = list(self._teller.tell(moments))
        if self._recorder:
            self._recorder.write(found)
        return found

    def send(self, command: Command) -> Future[CommandResult]:
        future: Future[CommandResult] = Future()
        future.set_result(CommandResult(ok=False, error="only what the script's clients see is known of this server"))
        return future

    def watch(self, ids: Sequence[str]) -> None:
        """Attributes are the server's own."""

    def restart(self) -> None:
        """It runs elsewhere."""

    def stop(self) -> None:
        self.record(None)
