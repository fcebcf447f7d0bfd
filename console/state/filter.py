"""What the lists ask of a filter; `console.query` makes them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from server_core.records import AnyRecord, SocketInfo

if TYPE_CHECKING:
    from console.state.clients import ClientInfo
    from console.state.rooms import RoomInfo
    from console.state.servers import Server


#: What is known of a record that was not looked at by itself: it is not taken, it has to be asked, it is taken. Two of
#: them together are `&`, one of two is `|`.
NO, MAYBE, YES = 0, 1, 3


class Names(Protocol):
    """What the numbers in columns stand for; but for kinds, 0 stands for none."""

    def kinds(self) -> Sequence[str]: ...

    def sockets(self) -> Sequence[str]: ...

    def events(self) -> Sequence[str]: ...

    def places(self) -> Sequence[str]:
        """Servers, each with a namespace or with none, and `BETWEEN` between the two."""
        ...


class Columns(Protocol):
    """Records in a row, as what can be asked of them without decoding them."""

    def __len__(self) -> int: ...

    @property
    def kinds(self) -> bytes:
        """Each record's kind, by its number."""
        ...

    @property
    def sockets(self) -> array[int]:
        """Each record's socket, by its number."""
        ...

    @property
    def events(self) -> array[int]:
        """Each record's event, by its number."""
        ...

    @property
    def places(self) -> array[int]:
        """Each record's server and namespace, by their number."""
        ...

    @property
    def sizes(self) -> Sequence[int]:
        """Bytes of each record's payload."""
        ...

    @property
    def measures(self) -> Sequence[float]:
        """The sockets that each emit reached, the seconds that each ack took; not a number where that is not known."""
        ...

    @property
    def times(self) -> Sequence[int]:
        """When each record happened: wall time in nanoseconds."""
        ...

    @property
    def lines(self) -> Sequence[str]:
        """The text that stands in each record alone, "" where it has none; see `console.state.texts`."""
        ...

    def having(self, text: str) -> bytes:
        """What is known of whether a text stands in each record's own line, in any case."""
        ...


class Mask(Protocol):
    """What a filter says of each record of some columns: `NO`, `MAYBE` or `YES`."""

    def __call__(self, columns: Columns) -> bytes: ...


class Filter(Protocol):
    """Which records, and what of what is live, are shown."""

    def takes_record(self, record: AnyRecord) -> bool: ...

    def takes_socket(self, socket: SocketInfo) -> bool: ...

    def takes_room(self, room: RoomInfo) -> bool: ...

    def takes_client(self, client: ClientInfo) -> bool: ...

    def takes_server(self, server: Server) -> bool: ...


@runtime_checkable
class Narrowing(Protocol):
    """A filter that can say something of records before they are looked at."""

    def narrow(self, names: Names) -> Mask | None:
        """What can be said of them; None where it is nothing."""
        ...
