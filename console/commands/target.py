"""What is hosted, as it is named on the command line."""

from __future__ import annotations

#: The built-in demo app, and its short name.
DEMO, DEMO_NAME = "server_core.demo:app", "demo"


def target(name: str) -> str:
    """The `module:attribute` that a name stands for: itself, or the demo app."""
    return DEMO if name == DEMO_NAME else name
