"""Filters saved by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from console import places
from console.memory.looks import holds_secret

MAX_SIZE = 1_000_000

_NAME = re.compile(r"[\w-]{1,40}")


class FilterError(Exception):
    """Why a filter can't be saved or deleted."""


class SavedFilters(Mapping[str, str]):
    """Name → filter: those of the config file, which stay as they are, and those saved in the console."""

    def __init__(self, fixed: Mapping[str, str] | None = None, folder: Path | None = None) -> None:
        self._fixed = dict(fixed or {})
        #: Where they are kept; None keeps them as long as the console runs.
        self.path = folder / "filters.json" if folder else None
        #: What there is to tell the person: why none could be read.
        self.notice = ""
        self._damaged = False
        self._saved: dict[str, str] = {}
        self._saved = self._read()

    def __getitem__(self, name: str) -> str:
        return self._saved[name] if name in self._saved else self._fixed[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._fixed, *self._saved}))

    def __len__(self) -> int:
        return len({*self._fixed, *self._saved})

    def is_fixed(self, name: str) -> bool:
        """Whether it is the config file's."""
        return name in self._fixed and name not in self._saved

    def save(self, name: str, filter: str) -> None:
        """Keep a filter under a name, in place of another that had it; FilterError where it can't be."""
        name = name.removeprefix("@")
        if not _NAME.fullmatch(name):
            raise FilterError("a name has letters, digits, - and _, at most 40")
        if not filter.strip():
            raise FilterError("there is no filter to save")
        if name in self._fixed:
            raise FilterError(f"@{name} is set in the config file")
        if holds_secret(filter):
            raise FilterError("it asks for a secret, which is not written to disk")
        self._write({**self._read(), name: filter})

    def delete(self, name: str) -> None:
        """Forget a filter; FilterError where it can't be."""
        if self.is_fixed(name):
            raise FilterError(f"@{name} is set in the config file: delete it there")
        self._write({known: text for known, text in self._read().items() if known != name})

    def _read(self) -> dict[str, str]:
        """What is saved now, perhaps by another console."""
        if self.path is None:
            return self._saved
        try:
            with self.path.open("rb") as file:
                return msgspec.json.decode(file.read(MAX_SIZE), type=dict[str, str])
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            self._damaged = not isinstance(error, OSError)
            why = error.strerror if isinstance(error, OSError) else "it is damaged"
            self.notice = f"saved filters can't be read: {places.shown(self.path)}: {why}"
            return {}

    def _write(self, filters: dict[str, str]) -> None:
        if self.path is not None:
            self._put(self.path, filters)
        self._saved = filters

    def _put(self, path: Path, filters: dict[str, str]) -> None:
        try:
            if self._damaged:  # what somebody wrote is not ours to throw away
                path.replace(path.with_suffix(".damaged"))
                self._damaged = False
            text = msgspec.json.format(msgspec.json.encode(filters), indent=1) + b"\n"
            places.write_private(path, text)
        except (OSError, UnicodeEncodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise FilterError(f"{places.shown(path)}: {why}") from None
