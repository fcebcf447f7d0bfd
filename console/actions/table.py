"""All actions: the modules that add them to the registry, in the order of the footer."""

from __future__ import annotations

from console.actions import find, move, act, resend, mark, export, replay, recording, travel, console  # isort: skip
from console.actions.registry import ACTIONS

__all__ = ["ACTIONS", "act", "console", "export", "find", "mark", "move", "recording", "replay", "resend", "travel"]
