"""Files that change while their server is hosted: which of them matter, and when a burst of changes is over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path, PurePath

import msgspec
from watchfiles import Change, DefaultFilter, awatch

#: Milliseconds without a change after which watchfiles hands out those that it saw, and for which it gathers at most.
_STEP, _DEBOUNCE = 50, 1_000
#: Seconds without a change after which a burst (an editor's several writes, a checkout) is over.
SETTLED = 0.15

#: What else is there by default, unless its name is among those that are excluded.
INCLUDED = "*.py"


class ReloadRules(msgspec.Struct, frozen=True):
    """Which files start a hosted server again when they change."""

    #: Folders; what is below them counts too.
    dirs: tuple[Path, ...]
    #: Patterns of `PurePath.match` beside `*.py`.
    include: tuple[str, ...] = ()
    #: Patterns, or folders.
    exclude: tuple[str, ...] = ()


class Changes:
    """Watches folders, and gathers what changed until it is taken."""

    def __init__(self, rules: ReloadRules) -> None:
        self._dirs = _outermost(rules.dirs)
        self._include = [pattern for pattern in (INCLUDED, *rules.include) if pattern not in rules.exclude]
        self._exclude = rules.exclude
        self._exclude_dirs = [Path(each).resolve() for each in rules.exclude if Path(each).is_dir()]
        self._ignored = _Ignored()
        self._files: dict[str, None] = {}
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Watch until cancelled; OSError when the system can't watch so much."""
        watching = awatch(*self._dirs, watch_filter=self._matters, step=_STEP, debounce=_DEBOUNCE)
        async for changes in watching:
            self._files |= dict.fromkeys(sorted(_shown(path) for _, path in changes))
            self._changed.set()

    async def next(self) -> list[str]:
        """The files of the next burst of changes, by their paths from the current folder."""
        await self._changed.wait()
        while self._changed.is_set():
            self._changed.clear()
            await asyncio.sleep(SETTLED)
        files, self._files = list(self._files), {}
        return files

    def _matters(self, change: Change, path: str) -> bool:
        whole = Path(path)
        below = next((whole.relative_to(each) for each in self._dirs if whole.is_relative_to(each)), None)
        if below is None or not self._ignored(change, str(below)):
            return False
        if any(whole.is_relative_to(each) for each in self._exclude_dirs):
            return False
        return _matches(below, self._include) and not _matches(below, self._exclude)


class _Ignored(DefaultFilter):
    """Passes over what watchfiles does (caches, version control, virtual environments, editors' own files)."""

    ignore_dirs = (*DefaultFilter.ignore_dirs, "site-packages", ".ruff_cache")


def _outermost(dirs: Sequence[Path]) -> list[Path]:
    """The folders that are in none of the others, resolved: the system names what changes by real paths."""
    whole = {each.resolve() for each in dirs}
    return sorted(each for each in whole if not any(each != other and each.is_relative_to(other) for other in whole))


def _matches(path: PurePath, patterns: Sequence[str]) -> bool:
    return any(path.match(pattern) for pattern in patterns)


def _shown(path: str) -> str:
    here = Path.cwd().resolve()
    whole = Path(path)
    return str(whole.relative_to(here) if whole.is_relative_to(here) else whole)
