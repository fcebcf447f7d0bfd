"""What is one person's: settings, filters by name, how each target was looked at."""

from __future__ import annotations

from pathlib import Path

from console.memory.filters import SavedFilters
from console.memory.looks import Looks
from console.settings import Settings


class Person:
    """Whoever sits at the console. Without a folder nothing is remembered once it ends."""

    def __init__(self, settings: Settings | None = None, *, folder: Path | None = None, target: str = "") -> None:
        self.settings = settings or Settings()
        self.filters = SavedFilters(self.settings.filters, folder)
        self.looks = Looks(_apart(target), folder) if folder and self.settings.restore else None


def _apart(target: str) -> str:
    """A target by a name that no other has: `main:app` and a file's name are another's in another folder."""
    return target if "://" in target else f"{target} in {Path.cwd()}"
