"""A stock server in python-socketio's own ASGI app."""

from __future__ import annotations

import socketio
from stock import sio  # type: ignore[import-not-found]  # from this folder, as a target is

app = socketio.ASGIApp(sio)
