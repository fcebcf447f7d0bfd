"""An ASGI app that has no Socket.IO server in it."""

from __future__ import annotations

from fastapi import FastAPI

app = FastAPI()
number = 42
