"""Where a recording's lines go: straight into the file, or into it compressed."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Protocol

from server_core.blocks import ZSTD_SUFFIX, zstandard

#: Lines and bytes of a frame, and seconds that the last of them may wait for it.
FRAME_LINES = 1_000
FRAME_BYTES = 1024 * 1024
FRAME_SECONDS = 0.5
_LEVEL = 1


class Sink(Protocol):
    """Takes whole lines, and writes them to a descriptor; from one thread at a time."""

    @property
    def written(self) -> int:
        """Bytes of the file so far."""
        ...

    def put(self, lines: bytes, count: int) -> None:
        """Write lines; OSError when that fails."""
        ...

    def close(self) -> None:
        """Write what is left and close the descriptor."""
        ...


def sink(path: Path, descriptor: int) -> Sink:
    """The sink for a path: its suffix says whether it compresses."""
    return ZstdSink(descriptor) if path.suffix == ZSTD_SUFFIX else PlainSink(descriptor)


class PlainSink:
    """Writes at once: lines come in batches, so there is nothing to gain by keeping them."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.written = 0

    def put(self, lines: bytes, count: int) -> None:
        while lines and self._descriptor >= 0:
            written = os.write(self._descriptor, lines)
            self.written += written
            lines = lines[written:]

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class ZstdSink:
    """Writes independent frames: each can be read without the others, and whatever ends us loses at most one."""

    def __init__(self, descriptor: int) -> None:
        self._zstandard = zstandard()
        self._compressor = self._zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
        self._plain = PlainSink(descriptor)
        self._lock = threading.Lock()
        self._pending: list[bytes] = []
        self._lines = self._bytes = 0
        self._error: OSError | None = None
        self._ended = threading.Event()
        self._timer = threading.Thread(target=self._flush_by_time, name="recording", daemon=True)
        self._timer.start()

    @property
    def written(self) -> int:
        return self._plain.written

    def put(self, lines: bytes, count: int) -> None:
        with self._lock:
            if self._error:
                raise self._error
            first = not self._plain.written and not self._pending
            self._pending.append(lines)
            self._lines += count
            self._bytes += len(lines)
            if first or self._lines >= FRAME_LINES or self._bytes >= FRAME_BYTES:
                self._flush()

    def close(self) -> None:
        self._ended.set()
        with self._lock:
            try:
                self._flush()
            finally:
                self._plain.close()

    def _flush(self) -> None:
        if self._pending:
            lines = b"".join(self._pending)
            self._pending, self._lines, self._bytes = [], 0, 0
            self._plain.put(self._compressor.compress(lines), 0)

    def _flush_by_time(self) -> None:
        while not self._ended.wait(FRAME_SECONDS):
            with self._lock:
                try:
                    self._flush()
                except OSError as error:  # told to whoever writes next
                    self._error = error
                    return
