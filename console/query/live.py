"""What can be asked of rooms, clients and servers: what they are, and what their sockets are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from console.query.context import Context
from console.query.fields import Field
from console.state.clients import ClientInfo
from console.state.rooms import RoomInfo
from console.state.servers import Server

#: What is live, beside sockets.
What = Literal["room", "client", "server"]
Of = Callable[[Any, str, Context], Iterable[Any]]


def _age(since: int, context: Context) -> tuple[float, ...]:
    return ((context.now() - since) / 1e9,) if since else ()


_ROOM: dict[str, Callable[[RoomInfo, Context], Iterable[Any]]] = {
    "room": lambda room, _: (room.room,),
    "nsp": lambda room, _: (room.nsp,),
    "members": lambda room, _: (room.members,),
    "private": lambda room, _: ("yes" if room.private else "no",),
    "out": lambda room, _: (room.events,),
    "server": lambda room, context: [
        id for id, roster in context.state.rosters.items() if (room.nsp, room.room) in roster.rooms
    ],
}
_CLIENT: dict[str, Callable[[ClientInfo, Context], Iterable[Any]]] = {
    "id": lambda client, _: (client.engine.id, *(socket.id for socket in client.sockets)),
    "transport": lambda client, _: (client.engine.transport,),
    "addr": lambda client, _: (client.engine.address,),
    "rtt": lambda client, _: () if client.engine.rtt is None else (client.engine.rtt,),
    "age": lambda client, context: _age(client.engine.opened, context),
    "sockets": lambda client, _: (len(client.sockets),),
    "bytes": lambda client, _: (client.bytes_in + client.bytes_out,),
}
_SERVER: dict[str, Callable[[Server, Context], Iterable[Any]]] = {
    "server": lambda server, _: (server.id,),
    "nsp": lambda server, _: list(server.roster.namespaces),
    "room": lambda server, _: [room for _, room in server.roster.rooms],
    "rooms": lambda server, _: (server.rooms,),
    "sockets": lambda server, _: (len(server.roster.sockets),),
    "age": lambda server, context: _age(server.info.started, context),
}
_OWN: dict[What, dict[str, Callable[[Any, Context], Iterable[Any]]]] = {
    "room": _ROOM,
    "client": _CLIENT,
    "server": _SERVER,
}


def of_live(field: Field, what: What) -> Of | None:
    """A field's values of a room, a client or a server: its own, else those of the sockets in a room or of a client;
    None where that can't be asked."""
    own = _OWN[what].get(field.name)
    if own is not None:
        return lambda thing, _path, context: own(thing, context)
    of_socket = field.of_socket
    if what == "server" or of_socket is None:
        return None

    def of_sockets(thing: Any, path: str, context: Context) -> Iterable[Any]:
        state = context.state
        if isinstance(thing, ClientInfo):
            sockets = thing.sockets
        else:
            sockets = tuple(socket for id in state.members(thing.nsp, thing.room) if (socket := state.socket(id)))
        for socket in sockets:
            yield from of_socket(socket, path, context)

    return of_sockets


def text_of(what: What, thing: Any, context: Context) -> str:
    """All of its text, in which free text is looked for."""
    match thing:
        case RoomInfo():
            parts: Iterable[str] = (thing.room, thing.nsp)
        case ClientInfo():
            engine = thing.engine
            parts = (engine.id, engine.transport, engine.address, *map(context.text_of_socket, thing.sockets))
        case Server():
            info = thing.info
            parts = (
                thing.id,
                info.target,
                info.url,
                info.node,
                *info.nodes,
                info.library,
                str(info.pid),
                *thing.roster.namespaces,
            )
        case _:
            parts = ()
    return "\n".join(parts).casefold()
