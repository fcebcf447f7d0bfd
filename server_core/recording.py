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

from server_core.blocks import ZSTD_SUFFIX, RecordingError, open_blocks, zstandard
from server_core.records import SCHEMA_VERSION, AnyRecord, Record, Sync, decode_line, decode_lines, encode_lines
from server_core.redact import Redactor
from server_core.sink import sink
from server_core.syncs import SYNC_EVERY, Syncs

__all__ = ["FORMAT", "Header", "Recorder", "Recording", "RecordingError", "is_recording", "parse_header", "read"]

FORMAT = "siorec"


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
    """Writes records to a file, secrets masked, at once: a process that is killed loses nothing that was handed in, or,
    where the file is compressed, what came in the last half second.

    Every now and then it adds a sync of each server, so that a fold can start there. An error while writing ends the
    recording, never whoever records: `error` says what happened.
    """

    def __init__(
        self,
        path: Path,
        *,
        target: str = "",
        url: str = "",
        show_secrets: bool = False,
        from_sync: bool = False,
        sync_every: int = SYNC_EVERY,
    ) -> None:
        """`from_sync` leaves out what a server says before its first sync: for whoever starts in mid-stream."""
        self.path = path
        self.error = ""
        redactor = None if show_secrets else Redactor(secrets.token_bytes(16))
        self._redactor = redactor
        self._syncs = Syncs(redactor, from_sync=from_sync, every=sync_every)
        self._lock = threading.Lock()
        if path.suffix == ZSTD_SUFFIX:
            zstandard()  # refuses before there is a file
        self._sink = sink(path, _create(path))
        header = Header(
            socketscope=FORMAT,
            version=SCHEMA_VERSION,
            created=datetime.now(UTC).isoformat(timespec="milliseconds"),
            by=f"socketscope {version('socketscope')}",
            target=target,
            url=url,
        )
        self._put(msgspec.json.encode(header) + b"\n", 1)
        if self.error:
            raise RecordingError(self.error)

    @property
    def bytes_written(self) -> int:
        """Bytes of the file."""
        return self._sink.written

    def write(self, records: Sequence[Record]) -> None:
        """Append records, in order; from any thread."""
        redact = self._redactor
        with self._lock:
            if self.error or not records:
                return
            records = self._syncs.take(records)
            self._put(encode_lines([redact.record(record) for record in records] if redact else records), len(records))
            if syncs := self._syncs.due():
                lines = encode_lines(syncs)
                self._syncs.written(len(lines))
                self._put(lines, len(syncs))

    def syncs(self) -> list[Sync]:
        """A sync of each server as it is now, unmasked: with these another recorder can go on."""
        with self._lock:
            return self._syncs.now()

    def close(self) -> None:
        with self._lock:
            try:
                self._sink.close()
            except OSError as error:
                self.error = self._ended(error)

    def _put(self, lines: bytes, count: int) -> None:
        self._syncs.wrote(len(lines))
        try:
            self._sink.put(lines, count)
        except OSError as error:
            self.error = self._ended(error)

    def _ended(self, error: OSError) -> str:
        return f"the recording {self.path} ended early: {error.strerror}"


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
        blocks = open_blocks(path)
    except RecordingError:
        return False
    try:
        found = next(blocks.scan(), None)
        parse_header(found.data.partition(b"\n")[0] if found else b"")
    except (OSError, RecordingError):
        return False
    finally:
        blocks.close()
    return True


class Recording(msgspec.Struct, frozen=True):
    """What could be read of a recording."""

    header: Header
    records: list[AnyRecord]
    #: Numbers, from 1, of the lines that hold no record; a block of a compressed one that can't be read is one line.
    damaged: list[int]
    #: Whether the last line was cut short: the writer was ended in the middle of it.
    truncated: bool


def read(path: Path) -> Recording:
    """All that can be read of a recording, at once; RecordingError when it is none, or of a newer version."""
    blocks = open_blocks(path)
    header: Header | None = None
    records: list[AnyRecord] = []
    damaged: list[int] = []
    number, last = 1, b""
    try:
        for found in blocks.scan():
            if found.damaged or last:  # a line's beginning, and what follows is none of it
                damaged.append(number)
                number += 1
            *lines, last = found.data.split(b"\n")
            if header is None:
                header = parse_header(lines.pop(0) if lines else last)
                number += 1
            for line in lines:
                if (record := parse_line(line)) is not None:
                    records.append(record)
                elif line:
                    damaged.append(number)
                number += 1
    except OSError as error:
        raise RecordingError(f"can't read {path}: {error.strerror}") from error
    finally:
        blocks.close()
    if header is None:
        header = parse_header(b"")
    return Recording(header, records, damaged, truncated=bool(last))


def parse_line(line: bytes) -> AnyRecord | None:
    """The record of a line, None where it holds none."""
    try:
        return decode_line(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def parse_lines(lines: Sequence[bytes]) -> list[AnyRecord] | None:
    """The records of lines, None where one of them holds none."""
    try:
        records = decode_lines(b"\n".join(lines))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return records if len(records) == len(lines) else None


def parse_header(line: bytes) -> Header:
    """The header that a first line is; RecordingError when it is none, or of a newer version."""
    try:
        header = msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RecordingError("this is no recording: its first line is no header") from None
    if header.socketscope != FORMAT:
        raise RecordingError("this is no recording: its first line is no header")
    if header.version > SCHEMA_VERSION:
        raise RecordingError(f"this recording is of version {header.version}, newer than this socketscope can read")
    return header
