"""An app that starts a process of its own and never ends it."""

from __future__ import annotations

import subprocess
import sys

import socketio

sio = socketio.AsyncServer(async_mode="asgi")
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
