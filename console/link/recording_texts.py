"""What stands in the records of a file alone, kept beside it, so that looking for a text decodes none of them."""

from __future__ import annotations

import tempfile
import threading
import zlib
from array import array
from collections.abc import Sequence

from console.state.texts import join

#: Bytes that are kept in memory; from there on all of it is in a file without a name.
MAX_IN_MEMORY = 64 * 1024 * 1024


class BlockTexts:
    """The own lines of each block's records, compressed: about a dozen bytes for a short payload."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(MAX_IN_MEMORY)  # noqa: SIM115  close() ends it
        #: Where each block's lines end.
        self._ends = array("Q")
        #: The system has no room for more.
        self._full = False
        self._lock = threading.Lock()

    def add(self, lines: Sequence[str]) -> None:
        """The lines of the next block."""
        if self._full:
            return
        packed = zlib.compress(join(lines), 1)
        try:
            with self._lock:
                self._file.seek(0, 2)
                self._file.write(packed)
                self._ends.append(self._file.tell())
        except OSError:
            self._full = True

    def of(self, block: int) -> bytes | None:
        """The lines of a block, joined, None where they were not kept."""
        if block >= len(self._ends):
            return None
        start = self._ends[block - 1] if block else 0
        try:
            with self._lock:
                self._file.seek(start)
                packed = self._file.read(self._ends[block] - start)
        except OSError:
            return None
        return zlib.decompress(packed)

    def close(self) -> None:
        self._file.close()
