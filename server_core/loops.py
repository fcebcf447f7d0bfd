"""The event loop that servers run on: uvloop's where there is one, else asyncio's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

new_event_loop: Callable[[], asyncio.AbstractEventLoop]
try:
    from uvloop import new_event_loop
except ImportError:
    new_event_loop = asyncio.new_event_loop

__all__ = ["new_event_loop"]
