"""The commands for what is attached to a socket: attributes of ours, the session of a stock server's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from server_core.control.common import Refusal, find, own, value
from server_core.records import CommandResult, DeleteAttribute, SetAttribute
from server_core.server import Server

Session = dict[Any, Any]


async def set_attribute(servers: Sequence[Any], command: SetAttribute) -> CommandResult:
    """Attach a value."""
    if not command.name:
        raise Refusal("an attribute needs a name")
    new = value(command.value, f"the value of {command.name} is")

    def change(session: Session) -> None:
        session[_key(session, command.name)] = new

    return await _change(servers, command, lambda socket: setattr(socket, command.name, new), change)


async def delete_attribute(servers: Sequence[Any], command: DeleteAttribute) -> CommandResult:
    """Take what is attached under a name."""

    def change(session: Session) -> None:
        if (key := _key(session, command.name)) not in session:
            raise Refusal(f"nothing named {command.name!r} is in the session of this socket")
        del session[key]

    return await _change(servers, command, lambda socket: delattr(socket, command.name), change)


async def _change(
    servers: Sequence[Any],
    command: SetAttribute | DeleteAttribute,
    on_socket: Callable[[Any], None],
    in_session: Callable[[Session], None],
) -> CommandResult:
    server = find(servers, command.socket, command.nsp)
    if isinstance(server, Server):
        socket = own(server, command.socket, command.nsp)
        session = await server.get_session(command.socket, command.nsp)
        if socket is not None and (command.name in socket.attributes or not _is_in(session, command.name)):
            try:
                on_socket(socket)
            except AttributeError as error:
                raise Refusal(str(error)) from error
            return CommandResult(ok=True, sockets=1)
    async with server.session(command.socket, command.nsp) as session:
        if not isinstance(session, dict):
            raise Refusal(f"the session of this socket is a {type(session).__name__}, not a dict")
        in_session(session)
    return CommandResult(ok=True, sockets=1)


def _is_in(session: Any, name: str) -> bool:
    """Whether an app that uses python-socketio's sessions has this name in one."""
    return isinstance(session, dict) and _key(session, name) in session


def _key(session: Session, name: str) -> Any:
    """The key of a session that is shown under this name."""
    return next((key for key in session if str(key) == name), name)
