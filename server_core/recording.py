"""Recordings: `.siorec` files, NDJSON with a header line first, then one record a line."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

from server_core.records import SCHEMA_VERSION, AnyRecord, Record, decode_line, encode_lines
from server_core.redact import Redactor

FORMAT = "siorec"


class RecordingError(Exception):
    """A recording that can't be written or read; its text says why, in one line."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a recording."""

    #: Always `siorec`: what the file is.
    socketscope: str
    version: int
    created: str
    by: str
    target: str = ""
    url: str = ""


class Recorder:
    """Writes records to a file, secrets masked, at once: a process that is killed loses nothing that was handed in.

    An error while writing ends the recording, never whoever records: `error` says what happened.
    """

    def __init__(self, path: Path, *, target: str = "", url: str = "", show_secrets: bool = False) -> None:
        self.path = path
        self.bytes_written = 0
        self.error = ""
        self._redactor = None if show_secrets else Redactor(secrets.token_bytes(16))
        self._lock = threading.Lock()
        self._descriptor = _create(path)
        header = Header(
            socketscope=FORMAT,
            version=SCHEMA_VERSION,
            created=datetime.now(UTC).isoformat(timespec="milliseconds"),
            by=f"socketscope {version('socketscope')}",
            target=target,
            url=url,
        )
        self._put(msgspec.json.encode(header) + b"\n")
        if self.error:
            raise RecordingError(self.error)

    def write(self, records: Sequence[Record]) -> None:
        """Append records, in order; from any thread."""
        if self.error or not records:
            return
        redact = self._redactor
        lines = encode_lines([redact.record(record) for record in records] if redact else records)
        with self._lock:
            self._put(lines)

    def close(self) -> None:
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1

    def _put(self, data: bytes) -> None:
        """Write at once: records come in batches, so there is nothing to gain by keeping them."""
        if self._descriptor < 0:
            return
        try:
            while data:
                written = os.write(self._descriptor, data)
                self.bytes_written += written
                data = data[written:]
        except OSError as error:
            self.error = f"the recording {self.path} ended early: {error.strerror}"


def _create(path: Path) -> int:
    """A descriptor of a new file that only its owner may read; another recording is overwritten, nothing else is."""
    try:
        if path.exists() and path.stat().st_size and not is_recording(path):
            raise RecordingError(f"{path} exists and is no recording: name another file")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.fchmod(descriptor, 0o600)
    except OSError as error:
        raise RecordingError(f"can't write {path}: {error.strerror}") from error
    return descriptor


def is_recording(path: Path) -> bool:
    """Whether a file begins as a recording does."""
    try:
        with path.open("rb") as file:
            _header(file.readline(65_536))
    except (OSError, RecordingError):
        return False
    return True


class Recording(msgspec.Struct, frozen=True):
    """What could be read of a recording."""

    header: Header
    records: list[AnyRecord]
    #: Numbers, from 1, of the lines that hold no record.
    damaged: list[int]
    #: Whether the last line was cut short: the writer was ended in the middle of it.
    truncated: bool


def read(path: Path) -> Recording:
    """All that can be read of a recording; RecordingError when it is none, or of a newer version."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordingError(f"can't read {path}: {error.strerror}") from error
    first, *lines = data.split(b"\n")
    header = _header(first)
    last = lines.pop() if lines else b""  # what follows the last line's end
    records: list[AnyRecord] = []
    damaged: list[int] = []
    for number, line in enumerate(lines, 2):
        if not line:
            continue
        try:
            records.append(decode_line(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            damaged.append(number)
    return Recording(header, records, damaged, truncated=bool(last))


def _header(line: bytes) -> Header:
    try:
        header = msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RecordingError("this is no recording: its first line is no header") from None
    if header.socketscope != FORMAT:
        raise RecordingError("this is no recording: its first line is no header")
    if header.version > SCHEMA_VERSION:
        raise RecordingError(f"this recording is of version {header.version}, newer than this socketscope can read")
    return header
