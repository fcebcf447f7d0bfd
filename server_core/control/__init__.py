"""Carrying out a console's commands on the app's own loop, and saying what came of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import socketio

from server_core.control import acting, attributes, emitting, simulating
from server_core.control.common import Refusal
from server_core.records import (
    FEATURES,
    Command,
    CommandResult,
    DeleteAttribute,
    Disconnect,
    Drop,
    Emit,
    Join,
    Leave,
    SetAttribute,
    Simulate,
)

_CARRIES_OUT: Mapping[type[Any], Callable[[Sequence[Any], Any], Awaitable[CommandResult]]] = {
    Emit: emitting.emit,
    Disconnect: acting.disconnect,
    Join: acting.join,
    Leave: acting.leave,
    Drop: acting.drop,
    Simulate: simulating.simulate,
    SetAttribute: attributes.set_attribute,
    DeleteAttribute: attributes.delete_attribute,
}


async def execute(servers: Sequence[socketio.AsyncServer], command: Command) -> CommandResult:
    """Carry out a command on the servers that it concerns, each a `Server` or a stock one; never raises."""
    try:
        return await _CARRIES_OUT[type(command)](servers, command)
    except Refusal as refusal:
        return CommandResult(ok=False, error=str(refusal))
    except Exception as error:  # noqa: BLE001  the app's own handlers and managers run in here
        return CommandResult(ok=False, error=f"{type(error).__name__}: {error}")


def features(*, read_only: bool) -> tuple[str, ...]:
    """What a server that is watched takes, for `ServerInfo.features`: `Server` and stock ones take the same."""
    return ("READ_ONLY",) if read_only else FEATURES
