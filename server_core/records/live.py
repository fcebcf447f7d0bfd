"""What is live: a server, its connections and sockets, as records hold them."""

from __future__ import annotations

import msgspec


class Handshake(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `socket.handshake` holds: the first Engine.IO request, and the auth of this namespace's CONNECT packet."""

    headers: dict[str, str] = {}
    query: dict[str, str | list[str]] = {}
    #: JSON text of the auth object.
    auth: str = "{}"
    time: str = ""
    #: Milliseconds since the epoch.
    issued: int = 0
    #: Path and query, as requested.
    url: str = ""
    #: The peer's IP address.
    address: str = ""
    xdomain: bool = False
    secure: bool = False


#: Round trips that an `EngineInfo` remembers.
MAX_RTTS = 20


class EngineInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One Engine.IO connection; the namespaces' sockets share it."""

    id: str
    transport: str
    address: str = ""
    #: Wall time in nanoseconds.
    opened: int = 0
    #: Wall time in nanoseconds of the upgrade to `transport`, 0 when it began with it.
    upgraded: int = 0
    #: Seconds from PING sent to PONG received: the last ones measured, oldest first.
    rtts: tuple[float, ...] = ()

    @property
    def rtt(self) -> float | None:
        """Seconds from PING sent to PONG received, the last one measured."""
        return self.rtts[-1] if self.rtts else None


class SocketInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One socket of one namespace, as it is now."""

    id: str
    nsp: str
    engine: str
    handshake: Handshake = Handshake()
    #: Wall time in nanoseconds of the CONNECT packet, and of its acceptance (0 while a middleware holds it).
    connecting: int = 0
    connected: int = 0
    rooms: frozenset[str] = frozenset()
    #: Attached attributes (a stock server's session): name → JSON text.
    attributes: dict[str, str] = {}


class SocketCounters(msgspec.Struct, frozen=True, array_like=True):
    """Events that one socket sent to the server (`received`) and got from it (`sent`), and when the last one was."""

    received: int = 0
    sent: int = 0
    #: Wall time in nanoseconds of the last event, 0 when there was none.
    last: int = 0
    #: Bytes of the payloads of those events and of acks, attachments included.
    bytes_received: int = 0
    bytes_sent: int = 0


class ServerInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a server process."""

    #: What is hosted: `module:attribute`.
    target: str = ""
    #: Where clients connect: `http://host:port`.
    url: str = ""
    pid: int = 0
    #: `server_core.Server` or `socketio.AsyncServer`, with versions.
    library: str = ""
    #: What the console may ask of it: some of `FEATURES`, or `READ_ONLY`.
    features: tuple[str, ...] = ()
    #: Wall time in nanoseconds.
    started: int = 0
    #: Where several servers stand behind one URL: the host's or the process's name.
    node: str = ""
    #: The servers of a cluster that speak through one, each of which may have any of its sockets: nobody tells which.
    nodes: tuple[str, ...] = ()
    #: What the servers of one cluster have in common; empty where it is no cluster's.
    cluster: str = ""

    @property
    def has_acks(self) -> bool:
        """Whether recipients can be asked for acks: the Admin UI's own protocol knows none."""
        return not self.features or "SIMULATE" in self.features


class SocketSync(msgspec.Struct, frozen=True, array_like=True):
    """A socket and its counters."""

    socket: SocketInfo
    counters: SocketCounters
