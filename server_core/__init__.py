"""Socket.IO server with Socket instances, on python-socketio, and the tap that lets a console watch it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server_core.errors import SocketError
    from server_core.instrumentation import Instrument, instrument
    from server_core.namespace import Namespace
    from server_core.server import Server
    from server_core.socket import Socket

__all__ = ["Instrument", "Namespace", "Server", "Socket", "SocketError", "instrument"]

#: Where each name is. They are imported when they are asked for: whoever reads records alone needs no python-socketio.
_PLACES = {
    "Instrument": "instrumentation",
    "Namespace": "namespace",
    "Server": "server",
    "Socket": "socket",
    "SocketError": "errors",
    "instrument": "instrumentation",
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
