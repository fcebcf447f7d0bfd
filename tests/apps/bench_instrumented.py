"""`bench_stock` under python-socketio's own instrumentation."""

from __future__ import annotations

from tests.apps.bench_stock import app, sio

sio.instrument(auth=False, mode="development")

__all__ = ["app", "sio"]
