"""A command on a pty, fed by keys: how long until what they do is painted."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
import time
from fcntl import ioctl

LINES, COLUMNS = 40, 140
#: Seconds until the first paint, and until a key shows.
PATIENCE = 60.0
_ASKS_FOR_FRAMES, _HAS_FRAMES = b"\x1b[?2026$p", b"\x1b[?2026;2$y"


class Pty:
    """A command on a pty; what it paints is looked at, not drawn."""

    def __init__(self, command: list[str], home: str, more: dict[str, str] | None = None) -> None:
        self._master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        keep = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV") if name in os.environ}
        environ = keep | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "HOME": home, "LANG": "C.UTF-8"}
        environ |= more or {}
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True
        )
        os.close(slave)
        self.pid = self._process.pid
        self._tail = b""
        self._wanted: bytes | None = None
        self._found = threading.Event()
        self.painted = 0.0
        self.bytes = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self._master, 65_536):
                now = time.perf_counter()
                self.bytes += len(data)
                text = self._tail + data
                if _ASKS_FOR_FRAMES in text and _ASKS_FOR_FRAMES not in self._tail:
                    os.write(self._master, _HAS_FRAMES)
                if self._wanted and self._wanted in text:
                    self._wanted, self.painted = None, now
                    self._found.set()
                self._tail = text[-256:]

    def press(self, keys: str, shows: str = "") -> float:
        """Write keys; the seconds until the text that they make was painted."""
        if shows:
            self._found.clear()
            self._wanted = shows.encode()
        start = time.perf_counter()
        os.write(self._master, keys.encode())
        if not shows:
            return 0.0
        if not self._found.wait(PATIENCE):
            raise RuntimeError(f"{shows!r} was never painted")
        return self.painted - start

    def wait(self, shows: str) -> float:
        """Seconds from the start until a text was painted."""
        self._found.clear()
        self._wanted = shows.encode()
        if shows.encode() not in self._tail and not self._found.wait(PATIENCE):
            raise RuntimeError(f"{shows!r} was never painted")
        return self.painted - self.started

    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)


def p95(took: list[float]) -> float:
    """What 95 of 100 do not exceed."""
    return sorted(took)[int(len(took) * 0.95)]
