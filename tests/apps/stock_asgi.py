"""A stock server in python-socketio's own ASGI app."""

from __future__ import annotations

import socketio
from stock import sio

app = socketio.ASGIApp(sio)
