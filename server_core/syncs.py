"""The syncs that a recorder adds to what it writes, so that whoever reads can start in the middle."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from server_core.records import CONSOLE, Record, ServerStarted, SocketInfo, SocketSync, Sync
from server_core.redact import Redactor
from server_core.roster import Roster

#: Records between two syncs; there are fewer where a sync is large beside what is recorded.
SYNC_EVERY = 10_000
#: Bytes of records between two syncs, in sizes of a sync.
_RATIO = 4


class Syncs:
    """Folds what is recorded, and says when a sync is due.

    It folds what came, not what is written: sizes and names are those of the server, the sync alone is masked.
    """

    def __init__(self, redactor: Redactor | None, *, from_sync: bool = False, every: int = SYNC_EVERY) -> None:
        self._redactor = redactor
        self._from_sync = from_sync
        self._every = every
        self._rosters: dict[str, Roster] = {}
        self._last: dict[str, Record] = {}
        #: Each socket as it was masked last.
        self._masked: dict[str, tuple[SocketInfo, SocketInfo]] = {}
        self._records = self._bytes = self._size = 0

    def take(self, records: Sequence[Record]) -> Sequence[Record]:
        """Fold what comes; those that are to be written."""
        rosters, from_sync = self._rosters, self._from_sync
        written: list[Record] = []
        for record in records:
            server = record.server
            if server != CONSOLE:
                roster = rosters.get(server)
                if roster is None:
                    if from_sync and not isinstance(record, Sync | ServerStarted):
                        continue
                    roster = rosters[server] = Roster()
                roster.apply(record)
                self._last[server] = record
            written.append(record)
        self._records += len(written)
        return written

    def due(self) -> list[Sync]:
        """A sync of each server, when it is time."""
        if self._records < self._every or self._bytes < _RATIO * self._size:
            return []
        made = self.now()
        if self._redactor:
            masked: dict[str, tuple[SocketInfo, SocketInfo]] = {}
            for index, sync in enumerate(made):
                sockets = tuple(SocketSync(self._mask(each.socket, masked), each.counters) for each in sync.sockets)
                made[index] = msgspec.structs.replace(sync, sockets=sockets)
            self._masked = masked
        self._records = self._bytes = 0
        return made

    def now(self) -> list[Sync]:
        """A sync of each server, as it is."""
        found = []
        for server, roster in self._rosters.items():
            last = self._last[server]
            found.append(roster.to_sync(server=server, epoch=last.epoch, seq=last.seq, time=last.time))
        return found

    def wrote(self, size: int) -> None:
        """So many bytes were written."""
        self._bytes += size

    def written(self, size: int) -> None:
        """The syncs that were due took so many bytes."""
        self._size = size

    def _mask(self, socket: SocketInfo, masked: dict[str, tuple[SocketInfo, SocketInfo]]) -> SocketInfo:
        before = self._masked.get(socket.id)
        if before is None or before[0] is not socket:
            before = (socket, self._redactor.socket(socket)) if self._redactor else (socket, socket)
        masked[socket.id] = before
        return before[1]
