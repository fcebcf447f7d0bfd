"""How many frames a second Textual may draw. It reads that from the environment, once, when it is first imported."""

from __future__ import annotations

import os

#: What a key did waits up to two frames behind another one: 33 ms by Textual's own 60.
PER_SECOND = 240
_NAME = "TEXTUAL_FPS"


def load() -> None:
    """Import what reads it, unless the environment says something; to be done before anything else of Textual is
    imported. The variable does not stay: it is nobody else's, as that of an app that is hosted."""
    unset = _NAME not in os.environ
    if unset:
        os.environ[_NAME] = str(PER_SECOND)
    try:
        from textual import constants  # noqa: F401
    finally:
        if unset:
            del os.environ[_NAME]
