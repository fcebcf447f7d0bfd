"""What a console asks a server to do, and what comes of it."""

from __future__ import annotations

from typing import get_args

import msgspec


class Emit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="emit"):
    """Emit an event to rooms (a socket's id is its own room), or to the whole namespace when there are none."""

    nsp: str = "/"
    rooms: tuple[str, ...] = ()
    except_: tuple[str, ...] = msgspec.field(default=(), name="except")
    event: str
    #: JSON text of the list of arguments, binary parts as `{"_placeholder": true, "num": i}`.
    args: str = "[]"
    attachments: tuple[bytes, ...] = ()
    #: The socket in whose name it is sent: `socket.to(rooms).emit(...)`, so it does not get the event itself.
    sender: str = ""
    #: Seconds to wait for each recipient's ack; None sends without asking for one.
    ack: float | None = None


class Disconnect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="disconnect"):
    """Disconnect sockets: `socket.disconnect(close)`; `close` ends the whole Engine.IO connection."""

    nsp: str = "/"
    sockets: tuple[str, ...]
    close: bool = False


class Join(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="join"):
    """Have sockets join rooms: `io.in_(sockets).sockets_join(rooms)`."""

    nsp: str = "/"
    sockets: tuple[str, ...]
    rooms: tuple[str, ...]


class Leave(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="leave"):
    """Have sockets leave rooms: `io.in_(sockets).sockets_leave(rooms)`."""

    nsp: str = "/"
    sockets: tuple[str, ...]
    rooms: tuple[str, ...]


class Drop(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="drop"):
    """Cut the connections of sockets without a goodbye, as a lost network would: to try a client's reconnection."""

    nsp: str = "/"
    sockets: tuple[str, ...]


class Simulate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="simulate"):
    """Run the app's middlewares and handlers as if a socket's client had sent this event."""

    nsp: str = "/"
    socket: str
    event: str
    #: JSON text of the list of arguments, binary parts as `{"_placeholder": true, "num": i}`.
    args: str = "[]"
    attachments: tuple[bytes, ...] = ()
    #: Seconds to wait for what the handler answers; None does not ask for an ack.
    ack: float | None = None


class SetAttribute(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="set_attribute"):
    """Attach a value (JSON text) to a socket; on a stock server, in its session."""

    nsp: str = "/"
    socket: str
    name: str
    value: str


class DeleteAttribute(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="delete_attribute"):
    """Take an attached attribute from a socket."""

    nsp: str = "/"
    socket: str
    name: str


Command = Emit | Disconnect | Join | Leave | Drop | Simulate | SetAttribute | DeleteAttribute

#: What a server that takes every command says in `ServerInfo.features`: each command's tag in capitals, and `CLOSE` for
#: a `Disconnect` that closes the connection, which python-socketio's own admin does not do.
FEATURES = (*(str(each.__struct_config__.tag).upper() for each in get_args(Command)), "CLOSE")


class Ack(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One recipient's answer to an `Emit` that asked for one."""

    socket: str
    #: JSON text of the list of values, None when it timed out.
    data: str | None = None
    #: Seconds from sent to answered (or given up).
    elapsed: float = 0.0


class CommandResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the server did about a command."""

    ok: bool
    #: Why it was not done; empty when it was.
    error: str = ""
    #: How many sockets it reached.
    sockets: int = 0
    acks: tuple[Ack, ...] = ()
