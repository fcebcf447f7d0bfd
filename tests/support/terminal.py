"""A terminal that a test holds: a command on a real pty, its screen as a person would see it."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyte

from tests.support import processes
from tests.support.waiting import Changed

#: Seconds to wait for anything before a test is given up.
TIMEOUT = 20.0

#: What keys send, by the names that Textual gives them.
KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "backspace": "\x7f",
    "delete": "\x1b[3~",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "space": " ",
    "f1": "\x1bOP",
}

#: Makes the pty the controlling terminal of the command, so that closing it hangs up; then becomes the command.
_LOGIN = """
import os, signal, sys
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    signal.signal(number, signal.SIG_DFL)  # the tests may run under nohup, or behind a shell
os.login_tty(0)
os.execvpe(sys.argv[1], sys.argv[1:], os.environ)
"""

_BEGIN_FRAME, _END_FRAME = b"\x1b[?2026h", b"\x1b[?2026l"
_ASKS_FOR_FRAMES, _HAS_FRAMES = b"\x1b[?2026$p", b"\x1b[?2026;2$y"

#: Asks for keys that can be told apart, and what escape is then. Else it is what other keys begin with: on a busy
#: machine, escape and the key after it are one, however long a test waits between them.
_ASKS_FOR_KEYS, _ESCAPE = re.compile(rb"\x1b\[>\d+u"), "\x1b[27u"

#: Sequences that pyte does not know, and would show: private CSI (keyboard protocols), DCS and APC strings.
_UNKNOWN = re.compile(rb"\x1b\[[<=>][0-9;:]*[A-Za-z]|\x1b[P_^][^\x1b]*\x1b\\\\")
#: A sequence whose end has not come yet.
_UNFINISHED = re.compile(rb"\x1b(\[[<=>?]?[0-9;:]*\$?|[P_^][^\x1b]*\x1b?)?\Z")


class TerminalError(Exception):
    """The screen did not show, or the command did not do, what was waited for."""


class Terminal:
    """`async with Terminal(["socketscope"]) as terminal: await terminal.wait_for("lobby")`.

    Whole frames only: it tells the command that it knows synchronized output, and draws a frame once all of it came.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        lines: int = 40,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self._command = list(command)
        self._cwd = cwd
        #: In the environment of the command and of all that it starts.
        self.mark = processes.new_mark()
        without = ("NO_COLOR", "COLUMNS", "LINES", "TEXTUAL", "CI")
        self._env = {name: value for name, value in os.environ.items() if name not in without}
        self._env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", processes.MARK: self.mark, **(env or {})}
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._unfinished = b""
        self._lock = threading.RLock()
        self._changed = Changed()
        self._output = bytearray()
        self._master = -1
        #: Its closing tells the reader to hang up.
        self._wake = -1
        self._reader: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        self._open()
        return self

    def _open(self) -> None:
        self._master, slave = pty.openpty()
        self._set_size()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _LOGIN.strip(), *self._command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=self._cwd,
            env=self._env,
        )
        os.close(slave)
        wake, self._wake = os.pipe()
        self._reader = threading.Thread(target=self._read, args=(self._master, wake), name="terminal", daemon=True)
        self._reader.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.exit_code is None:
            self.signal(signal.SIGKILL)
            self.process.wait()
        self.hang_up()
        left = await processes.gone(self.mark)
        processes.kill_all(self.mark)
        if left and kind is None:
            raise TerminalError(f"left behind: {left}")

    # in

    def send(self, *keys: str) -> None:
        """Press keys by name: `enter`, `ctrl+s`, `q`."""
        escape = _ESCAPE if _ASKS_FOR_KEYS.search(self.output) else KEYS["escape"]
        self.write("".join(escape if key == "escape" else _to_input(key) for key in keys))

    def type(self, text: str) -> None:
        """Type text, character by character."""
        self.write(text)

    def write(self, text: str) -> None:
        """Send these bytes, whatever they are."""
        os.write(self._master, text.encode())

    def resize(self, columns: int, lines: int) -> None:
        with self._lock:
            self.screen.resize(lines, columns)
        self._set_size()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """Close the terminal, as closing its window does."""
        if self._wake >= 0 and self._reader:
            os.close(self._wake)
            self._reader.join()
            self._wake = self._master = -1

    # out

    @property
    def process(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise TerminalError("the terminal is not open: use `async with`")
        return self._process

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def exit_code(self) -> int | None:
        return self.process.poll()

    @property
    def output(self) -> bytes:
        """Every byte that the command wrote."""
        with self._lock:
            return bytes(self._output)

    def rows(self) -> list[str]:
        """The screen's lines, without what is blank at their ends."""
        with self._lock:
            return [line.rstrip() for line in self.screen.display]

    def text(self) -> str:
        """The screen's lines as one string."""
        return "\n".join(self.rows())

    def row(self, containing: str) -> str:
        """The first line that contains this, "" when none does."""
        return next((line for line in self.rows() if containing in line), "")

    async def wait_for(self, wanted: str | re.Pattern[str] | Callable[[str], Any], timeout: float = TIMEOUT) -> str:
        """The screen's text as soon as it has this text, matches this pattern or makes this function true."""

        def check() -> str | None:
            with self._lock:  # what a function looks at is the same as its text
                text = self.text()
                if isinstance(wanted, str):
                    found = wanted in text
                elif isinstance(wanted, re.Pattern):
                    found = wanted.search(text) is not None
                else:
                    found = bool(wanted(text))
                return text if found else None

        found = await self._changed.until(check, timeout)
        if found is None:
            code = self.exit_code
            state = "still runs" if code is None else f"ended with {code}"
            raise TerminalError(f"no {wanted!r} in {timeout} s; the command {state}; the screen:\n{self.text()}")
        return found

    async def wait_cursor(self, row: str, timeout: float = TIMEOUT) -> None:
        """Wait until the cursor is on the line that contains this text: the field has the focus, and gets the keys."""

        def there(_text: str) -> bool:
            return row in self.screen.display[self.screen.cursor.y]

        await self.wait_for(there, timeout)

    async def wait_redrawn(self, text: str, key: str, timeout: float = TIMEOUT) -> None:
        """Press a key and wait until the line that contains this text looks different, be it in its colours only."""
        before = self._looks(text)
        self.send(key)
        await self.wait_for(lambda _: self._looks(text) != before, timeout)

    def _looks(self, text: str) -> list[pyte.screens.Char]:
        with self._lock:
            for y, line in enumerate(self.screen.display):
                if text in line:
                    return [self.screen.buffer[y][x] for x in range(self.screen.columns)]
        return []

    async def wait_gone(self, text: str, timeout: float = TIMEOUT) -> str:
        """The screen's text as soon as it has this text no more."""
        return await self.wait_for(lambda screen: text not in screen, timeout)

    async def wait_quiet(self, quiet: float = 0.4, timeout: float = TIMEOUT) -> None:
        """Wait until nothing was written for `quiet` seconds, or `timeout` is over: for pictures, not for tests."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        seen = -1
        while seen != len(self.output) and loop.time() < end:
            seen = len(self.output)
            await self._changed.until(lambda seen=seen: len(self.output) != seen, quiet)  # type: ignore[misc]

    async def wait_exit(self, timeout: float = TIMEOUT) -> int:
        """The command's exit code."""
        try:
            return await asyncio.to_thread(self.process.wait, timeout)
        except subprocess.TimeoutExpired:
            raise TerminalError(f"still runs after {timeout} s; the screen:\n{self.text()}") from None

    # the pty

    def _set_size(self) -> None:
        size = struct.pack("HHHH", self.screen.lines, self.screen.columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def _read(self, master: int, wake: int) -> None:
        """Keep the screen up to date until the terminal is closed, by us or because nobody has it any more."""
        while True:
            readable, _, _ = select.select([master, wake], [], [])
            if wake in readable:
                break
            try:
                data = os.read(master, 65_536)
            except OSError:
                data = b""
            if not data:
                break
            self._feed(data)
            if _ASKS_FOR_FRAMES in data:
                with contextlib.suppress(OSError):
                    os.write(master, _HAS_FRAMES)
            self._changed.notify()
        self._feed(b"", last=True)
        os.close(wake)
        os.close(master)
        self._changed.notify()

    def _feed(self, data: bytes, *, last: bool = False) -> None:
        with self._lock:
            self._output += data
            known = _UNKNOWN.sub(b"", self._unfinished + data)
            end = len(known) if last else _drawable(known)
            self._unfinished = known[end:]
            self._stream.feed(known[:end])


def _drawable(output: bytes) -> int:
    """How much of it neither ends within a frame nor within a sequence."""
    frame = output.rfind(_BEGIN_FRAME)
    if frame > output.rfind(_END_FRAME):
        return frame
    unfinished = _UNFINISHED.search(output)
    return unfinished.start() if unfinished else len(output)


def _to_input(key: str) -> str:
    if key in KEYS:
        return KEYS[key]
    if key.startswith("ctrl+") and len(key) == 6:
        return chr(ord(key[-1].upper()) & 0x1F)
    if len(key) != 1:
        raise TerminalError(f"no key is called {key!r}; to type text, use type()")
    return key
