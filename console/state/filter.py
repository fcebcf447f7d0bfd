"""What the lists ask of a filter; `console.query` makes them."""

from __future__ import annotations

from typing import Protocol

from server_core.records import AnyRecord, SocketInfo


class Filter(Protocol):
    """Which records and sockets are shown."""

    def takes_record(self, record: AnyRecord) -> bool: ...

    def takes_socket(self, socket: SocketInfo) -> bool: ...
