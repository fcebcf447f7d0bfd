"""What one step found."""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal["ok", "note", "warning", "error"]


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line: what was tried, what came of it, and what to change."""

    step: str
    level: Level
    text: str
    #: What to change; empty where nothing has to be.
    fix: str = ""


def ok(step: str, text: str) -> Finding:
    return Finding(step=step, level="ok", text=text)


def note(step: str, text: str, fix: str = "") -> Finding:
    return Finding(step=step, level="note", text=text, fix=fix)


def warning(step: str, text: str, fix: str) -> Finding:
    return Finding(step=step, level="warning", text=text, fix=fix)


def error(step: str, text: str, fix: str) -> Finding:
    return Finding(step=step, level="error", text=text, fix=fix)
