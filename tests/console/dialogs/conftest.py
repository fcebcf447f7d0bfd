"""The console on a fake link, as the screens' tests have it."""

from __future__ import annotations

from tests.console.screens.conftest import frozen, open_console

__all__ = ["frozen", "open_console"]
