"""Keeps every session in a folder, so that what happened can be asked for later, also after a crash."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from server_core.blocks import ZSTD_SUFFIX, RecordingError, zstandard
from server_core.recording import Recorder
from server_core.records import Record

#: A session begins another file when it has this share of all bytes that may be kept.
SHARE = 4


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much is kept: the oldest files go first."""

    files: int = 20
    #: Bytes of all files.
    size: int = 500_000_000
    days: float = 14.0


class Keeper:
    """Writes a session to the folder, secrets masked; a long one to several files, each of which can be opened."""

    def __init__(self, folder: Path, title: str, url: str, limits: Limits) -> None:
        """RecordingError when nothing can be written there."""
        self._folder = folder
        self._title = title
        self._url = url
        self._limits = limits
        self._number = 0
        self._held = -1
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise RecordingError(f"can't keep sessions in {folder}: {error.strerror}") from error
        self._recorder = self._begin()

    @property
    def path(self) -> Path:
        """The file that is being written."""
        return self._recorder.path

    @property
    def error(self) -> str:
        """Why nothing is kept any more; empty while all is well."""
        return self._recorder.error

    def write(self, records: Sequence[Record]) -> None:
        self._recorder.write(records)
        if not self.error and self._recorder.bytes_written * SHARE > self._limits.size:
            before = self._recorder
            syncs = before.syncs()
            self.close()
            try:
                self._recorder = self._begin()
            except RecordingError as error:
                before.error = str(error)
                return
            self._recorder.write(syncs)

    def close(self) -> None:
        self._recorder.close()
        if self._held >= 0:
            os.close(self._held)
            self._held = -1

    def _begin(self) -> Recorder:
        name = re.sub(r"[^\w.-]+", "-", self._title).strip("-.")[:60] or "session"
        self._number += 1
        stamp = time.strftime("%Y%m%d-%H%M%S")
        path = self._folder / f"{name}-{stamp}-{os.getpid()}-{self._number}{_suffix()}"
        recorder = Recorder(path, target=self._title, url=self._url, from_sync=True)
        self._held = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(self._held, fcntl.LOCK_SH)  # it is in use: no other console removes it
        prune(self._folder, self._limits)
        return recorder


def kept(folder: Path) -> list[Path]:
    """The sessions in a folder, the newest first."""
    found = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path.name.endswith((".siorec", f".siorec{ZSTD_SUFFIX}")):
                with contextlib.suppress(OSError):
                    found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found, reverse=True)]


def prune(folder: Path, limits: Limits) -> None:
    """Remove what is more than the limits, the oldest first; what a console writes now stays."""
    oldest = time.time() - limits.days * 86_400
    size = 0
    for number, path in enumerate(kept(folder)):
        with contextlib.suppress(OSError):
            about = path.stat()
            size += about.st_size
            if (number >= limits.files or size > limits.size or about.st_mtime < oldest) and not _in_use(path):
                path.unlink()


def _in_use(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _suffix() -> str:
    try:
        zstandard()
    except RecordingError:
        return ".siorec"
    return f".siorec{ZSTD_SUFFIX}"
