"""What `server_core` raises."""

from __future__ import annotations

import importlib
import importlib.util
import sysconfig
import traceback
from asyncio import events
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any


def _folder(package: str) -> str:
    """Where a package is, without importing it: a console need not have python-socketio loaded."""
    found = importlib.util.find_spec(package)
    return str(Path(found.origin).parent) if found and found.origin else package


#: Frames of these files say nothing about the app.
_OURS = (
    str(Path(__file__).parent),
    _folder("socketio"),
    str(Path(importlib.__file__).parent),
    "<frozen importlib",
)
#: Frames of these are no app's.
_LIBRARIES = (*{sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}, "<frozen")
#: Frames of a stack that are told.
_MAX_FRAMES = 12


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


def app_stack(frame: FrameType) -> str:
    """What runs on an event loop's thread: the callback that it is in, from the app's own first frame on."""
    frames = list(traceback.extract_stack(frame))
    entries = [number for number, each in enumerate(frames) if each.name == "_run" and each.filename == events.__file__]
    frames = frames[entries[-1] + 1 :] if entries else frames
    first = next((number for number, each in enumerate(frames) if not _is_library(each.filename)), None)
    kept = frames[first or 0 :]
    if len(kept) > _MAX_FRAMES:  # where it begins, and where it is
        kept = kept[: _MAX_FRAMES // 3] + kept[-_MAX_FRAMES * 2 // 3 :]
    return "".join(traceback.format_list(kept))


def _is_library(file: str) -> bool:
    return _is_ours(file) or file.startswith(_LIBRARIES)
