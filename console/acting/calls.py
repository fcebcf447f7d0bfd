"""The call that a command makes, as the app would write it: in the words of its own API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from console.acting.payload import dump, literal
from server_core.records import (
    Command,
    DeleteAttribute,
    Disconnect,
    Drop,
    Emit,
    Join,
    Leave,
    ServerInfo,
    SetAttribute,
    Simulate,
)

#: Whose words: `server_core.Server`, python-socketio's `AsyncServer`, or Node's.
Api = Literal["own", "stock", "node"]
#: Names written out of a long list.
_LISTED = 4


def api_of(info: ServerInfo) -> Api:
    """The API that a server's app is written in."""
    if "AsyncServer" in info.library or "sio.instrument()" in info.library:
        return "stock"
    return "node" if "Node.js" in info.library else "own"


def call(command: Command, args: Sequence[Any] = (), api: Api = "own") -> str:
    """The call, on one line; `args` are those of an event, decoded."""
    match command:
        case Emit():
            return _emit(command, args, api) if api != "stock" else _stock_emit(command, args)
        case Simulate():
            words = _listed([command.event, *args], "javascript")
            asks = "emit" if command.ack is None else f"timeout({command.ack * 1000:g}).emitWithAck"
            return f"socket.{asks}({words})"
        case Disconnect() | Drop():
            return _per_socket(command, api)
        case Join() | Leave():
            return _rooms(command, api)
        case SetAttribute():
            value = command.value if api == "node" else literal_of(command.value)
            if api == "stock":
                return f"(await sio.get_session({dump(command.socket)}))[{dump(command.name)}] = {value}"
            return f"socket.{command.name} = {value}"
        case DeleteAttribute():
            if api == "stock":
                return f"del (await sio.get_session({dump(command.socket)}))[{dump(command.name)}]"
            return f"{'delete' if api == 'node' else 'del'} socket.{command.name}"


def literal_of(json_text: str) -> str:
    """A JSON value as Python writes it."""
    return literal(msgspec.json.decode(json_text), "python")


def _emit(command: Emit, args: Sequence[Any], api: Api) -> str:
    language: Literal["python", "javascript"] = "javascript" if api == "node" else "python"
    chain = "socket" if command.sender else _io(command.nsp)
    if command.rooms:
        chain += f".to({_names(command.rooms)})"
    elif command.sender:
        chain += ".broadcast"
    if command.except_:
        chain += f".{'except' if api == 'node' else 'except_'}({_names(command.except_)})"
    if command.ack is None:
        asks = "emit"
    elif api == "node":
        asks = f"timeout({command.ack * 1000:g}).emitWithAck"
    else:
        asks = f"timeout({command.ack:g}).emit_with_ack"
    return f"{chain}.{asks}({_listed([command.event, *args], language)})"


def _stock_emit(command: Emit, args: Sequence[Any]) -> str:
    words = [dump(command.event)]
    if len(args) == 1 and not isinstance(args[0], list):
        words.append(literal(args[0], "python"))
    elif args:
        words.append(f"({_listed(args, 'python')}{',' if len(args) == 1 else ''})")
    if command.rooms:
        words.append(f"to={_names(command.rooms)}")
    left_out = [*([command.sender] if command.sender else []), *command.except_]
    if left_out:
        words.append(f"skip_sid={_names(left_out)}")
    words += _stock_namespace(command.nsp)
    if command.ack is not None:
        words.append(f"timeout={command.ack:g}")
    return f"await sio.{'emit' if command.ack is None else 'call'}({', '.join(words)})"


def _rooms(command: Join | Leave, api: Api) -> str:
    enters = isinstance(command, Join)
    if api == "stock":
        room = command.rooms[0] if command.rooms else ""
        whose = dump(command.sockets[0]) if len(command.sockets) == 1 else "sid"
        name = "enter_room" if enters else "leave_room"
        return f"await sio.{name}({', '.join([whose, dump(room), *_stock_namespace(command.nsp)])})"
    names = ("socketsJoin", "socketsLeave") if api == "node" else ("sockets_join", "sockets_leave")
    whom = f"{_io(command.nsp)}.{'in' if api == 'node' else 'in_'}({_names(command.sockets)})"
    return f"{whom}.{names[not enters]}({_names(command.rooms)})"


def _per_socket(command: Disconnect | Drop, api: Api) -> str:
    if isinstance(command, Drop):
        return "the connection is cut; no packet says why"
    close = "true" if api == "node" else "True"
    if api == "stock":
        whose = dump(command.sockets[0]) if len(command.sockets) == 1 else "sid"
        return f"await sio.disconnect({', '.join([whose, *_stock_namespace(command.nsp)])})"
    whom = f"{_io(command.nsp)}.{'in' if api == 'node' else 'in_'}({_names(command.sockets)})"
    name = "disconnectSockets" if api == "node" else "disconnect_sockets"
    return f"{whom}.{name}({close if command.close else ''})"


def _io(nsp: str) -> str:
    return "io" if nsp == "/" else f"io.of({dump(nsp)})"


def _stock_namespace(nsp: str) -> list[str]:
    return [] if nsp == "/" else [f"namespace={dump(nsp)}"]


def _names(names: Sequence[str]) -> str:
    """One name, or a list in which only the first few are written out."""
    if len(names) == 1:
        return dump(names[0])
    listed = ", ".join(map(dump, names[:_LISTED]))
    return f"[{listed}{', …' if len(names) > _LISTED else ''}]"


def _listed(values: Sequence[Any], language: Literal["python", "javascript"]) -> str:
    return ", ".join(literal(value, language) for value in values)
