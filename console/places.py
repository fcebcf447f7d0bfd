"""Where the console keeps what is a person's: settings, what it remembers, what it writes."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import PlatformDirs

#: Environment variables that name another config file, and another folder for what is remembered.
CONFIG_VARIABLE, STATE_VARIABLE = "SOCKETSCOPE_CONFIG", "SOCKETSCOPE_STATE"

_dirs = PlatformDirs("socketscope", appauthor=False)


def config_file() -> Path:
    """The config file, whether it is there or not."""
    if named := os.environ.get(CONFIG_VARIABLE):
        return Path(named).expanduser()
    return _dirs.user_config_path / "config.toml"


def state_folder() -> Path:
    """Where what the console remembers between two starts is kept, whether it is there or not."""
    if named := os.environ.get(STATE_VARIABLE):
        return Path(named).expanduser()
    return _dirs.user_state_path


def sessions_folder() -> Path:
    """Where sessions are kept, for those who want that."""
    return state_folder() / "sessions"


def output_folder() -> Path:
    """Where exports and screenshots go unless another place is named: the folder in which the console was started."""
    return Path.cwd()


def shown(path: Path) -> str:
    """A path as people write it, with `~` for their own folder."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return str(path)


def write_private(path: Path, data: bytes) -> None:
    """Put a whole file in place at once, readable by its owner alone; OSError where it can't be."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
