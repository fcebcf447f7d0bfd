"""Recordings in blocks of whole lines: read in order once, and each again whenever somebody asks.

A plain file is cut into blocks of about a quarter of a megabyte; in a compressed one each zstd frame is a block. Either
way a block can be read without those before it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Protocol

import msgspec

ZSTD_SUFFIX = ".zst"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

#: Bytes of a block of a plain file, and of a line past which it is not looked for an end.
BLOCK = 256 * 1024
MAX_LINE = 64 * 1024 * 1024
#: Bytes past which a frame is not unpacked.
MAX_FRAME = 256 * 1024 * 1024
_PIECE = 64 * 1024


class RecordingError(Exception):
    """A recording that can't be written or read; its text says why, in one line."""


class Block(msgspec.Struct, frozen=True):
    """Where a block stands in the file."""

    offset: int
    length: int


class Found(msgspec.Struct, frozen=True):
    """A block and what is in it."""

    block: Block
    data: bytes
    #: Whether something before it could not be read.
    damaged: bool = False


class Blocks(Protocol):
    """The blocks of one file, as it was when it was opened."""

    #: Bytes of the file.
    size: int

    def scan(self) -> Iterator[Found]:
        """Every block that can be read, in order; the last may end in the middle of a line."""
        ...

    def read(self, block: Block) -> bytes:
        """What is in a block; empty when the file has it no more."""
        ...

    def close(self) -> None: ...


def open_blocks(path: Path) -> Blocks:
    """The blocks of a file, compressed or not; RecordingError when it can't be opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(descriptor).st_size
            magic = os.pread(descriptor, len(ZSTD_MAGIC), 0)
            return _Frames(descriptor, size) if magic == ZSTD_MAGIC else _Lines(descriptor, size)
        except (OSError, RecordingError):
            os.close(descriptor)
            raise
    except OSError as error:
        raise RecordingError(f"can't read {path}: {error.strerror}") from error


def zstandard() -> ModuleType:
    """The package, which only compressed recordings need."""
    try:
        import zstandard as package
    except ImportError:
        raise RecordingError(
            "compressed recordings need the package zstandard: pip install 'socketscope[zstd]'"
        ) from None
    return package


class _Lines:
    """A plain file. It is read, not mapped: what is cut off while we look must not end us."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self.size = size

    def scan(self) -> Iterator[Found]:
        offset = 0
        while offset < self.size:
            length = BLOCK
            while True:
                data = os.pread(self._descriptor, min(length, self.size - offset), offset)
                end = data.rfind(b"\n") + 1
                if end or length >= MAX_LINE or offset + len(data) >= self.size:
                    break
                length *= 4
            if not data:
                return
            if end and offset + len(data) < self.size:
                data = data[:end]
            yield Found(Block(offset, len(data)), data)
            offset += len(data)

    def read(self, block: Block) -> bytes:
        return os.pread(self._descriptor, block.length, block.offset)

    def close(self) -> None:
        os.close(self._descriptor)


class _Frames:
    """A compressed file: zstd frames, one after the other, each of whole lines."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self.size = size
        self._zstandard = zstandard()

    def scan(self) -> Iterator[Found]:
        offset, damaged = 0, False
        while offset < self.size:
            data, length = self._unpack(offset, self.size - offset)
            if data:
                yield Found(Block(offset, length), data, damaged)
                damaged = False
            if data is None:
                damaged = True
                offset = self._next_frame(offset + 1)
            else:
                offset += max(length, 1)
        if damaged:
            yield Found(Block(self.size, 0), b"", damaged=True)

    def read(self, block: Block) -> bytes:
        return self._unpack(block.offset, block.length)[0] or b""

    def close(self) -> None:
        os.close(self._descriptor)

    def _unpack(self, offset: int, available: int) -> tuple[bytes | None, int]:
        """What is in the frame at an offset, and its length in the file; None where there is no frame.

        Of a frame that is cut short, what can be had.
        """
        unpacking = self._zstandard.ZstdDecompressor().decompressobj()
        pieces: list[bytes] = []
        taken = unpacked = 0
        try:
            while taken < available and not unpacking.eof:
                piece = os.pread(self._descriptor, min(_PIECE, available - taken), offset + taken)
                if not piece:
                    break
                taken += len(piece)
                pieces.append(unpacking.decompress(piece))
                unpacked += len(pieces[-1])
                if unpacked > MAX_FRAME:
                    return None, 0
        except self._zstandard.ZstdError:
            return None, 0
        return b"".join(pieces), taken - len(unpacking.unused_data)

    def _next_frame(self, offset: int) -> int:
        """Where the next frame may begin."""
        while offset < self.size:
            data = os.pread(self._descriptor, BLOCK, offset)
            at = data.find(ZSTD_MAGIC)
            if at >= 0:
                return offset + at
            if len(data) < len(ZSTD_MAGIC):
                break
            offset += len(data) - len(ZSTD_MAGIC) + 1
        return self.size
