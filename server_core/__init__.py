"""Socket.IO server with Socket instances, on python-socketio, and the tap that lets a console watch it."""

from server_core.errors import SocketError
from server_core.instrument import Instrument, instrument
from server_core.namespace import Namespace
from server_core.server import Server
from server_core.socket import Socket

__all__ = ["Instrument", "Namespace", "Server", "Socket", "SocketError", "instrument"]
