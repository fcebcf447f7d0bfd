"""What `server_core` raises."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import TracebackType
from typing import Any

import socketio

#: Frames of these files say nothing about the app.
_OURS = (
    str(Path(__file__).parent),
    str(Path(socketio.__file__).parent),
    str(Path(importlib.__file__).parent),
    "<frozen importlib",
)


class SocketError(Exception):
    """An error that may reach a client: a middleware refuses with it, its `data` goes along."""

    def __init__(self, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


def app_frames(error: BaseException) -> TracebackType | None:
    """An exception's traceback from the app's own first frame on; all of it when none is the app's."""
    frames = error.__traceback__
    while frames and _is_ours(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    return frames or error.__traceback__


def _is_ours(file: str) -> bool:
    return file.startswith(_OURS) and not file.endswith("demo.py")
