"""Why a socket or a connection ended, in the reference's words."""

from __future__ import annotations

#: The server called `disconnect()`.
SERVER_DISCONNECT = "server namespace disconnect"
#: The client called `disconnect()`.
CLIENT_DISCONNECT = "client namespace disconnect"
SERVER_SHUTTING_DOWN = "server shutting down"
#: No PONG came within the ping timeout.
PING_TIMEOUT = "ping timeout"
#: The connection was lost or closed.
TRANSPORT_CLOSE = "transport close"
#: A connection error, an oversize message, a ping by the client, overlapping polls.
TRANSPORT_ERROR = "transport error"
#: An undecodable Engine.IO packet.
PARSE_ERROR = "parse error"
#: An undecodable Socket.IO packet, CONNECT twice, an event before CONNECT.
FORCED_CLOSE = "forced close"
#: No namespace was joined in time, or the server closed the connection.
FORCED_SERVER_CLOSE = "forced server close"
