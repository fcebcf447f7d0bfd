"""What the wire client raises."""

from __future__ import annotations

from typing import Any


class WireError(Exception):
    """The server can't be reached, or does not speak Engine.IO; the text says which, in one line."""


class Refused(WireError):
    """The server answered CONNECT_ERROR."""

    def __init__(self, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


class Closed(WireError):
    """The connection, or this namespace's socket, is gone; the text is the reason."""
