"""What `server_core` raises."""

from __future__ import annotations

from typing import Any


class SocketError(Exception):
    """An error that may reach a client: a middleware refuses with it, its `data` goes along."""

    def __init__(self, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.data = data
