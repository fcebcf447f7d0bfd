"""Several taps on one server: a console that hosts it, and the server's own admin."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from server_core.tap import Tap

#: What a tap is asked by whoever drains it, rather than told.
_ASKED = ("drain", "sync", "roster")


class Taps(Tap):
    """Tells each of several taps what it is told."""

    def __init__(self, taps: list[Tap]) -> None:
        super().__init__(taps[0].server)
        self.taps = taps


def _telling(name: str) -> Callable[..., None]:
    def tell(self: Taps, *args: Any, **kwargs: Any) -> None:
        for tap in self.taps:
            getattr(tap, name)(*args, **kwargs)

    return tell


for _name, _ in inspect.getmembers(Tap, inspect.isfunction):
    if not _name.startswith("_") and _name not in _ASKED:
        setattr(Taps, _name, _telling(_name))
