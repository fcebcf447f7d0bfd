"""What `socketscope config` says and does."""

from __future__ import annotations

import os
from pathlib import Path

from console import places
from console.config.checked import check_all
from console.config.error import ConfigError
from console.config.example import effective, example
from console.config.load import load


def show(path: Path | None = None) -> str:
    """Where the settings are, and those in force, as TOML; ConfigError where they make no sense."""
    config = load(path)
    if problems := check_all(config):
        raise ConfigError(problems)
    file = places.shown(path or places.config_file())
    where = file if config.path else f"{file} (not there: socketscope config --init writes it)"
    return f"# settings: {where}\n# remembered between starts: {places.shown(places.state_folder())}\n\n" + effective(
        config.settings
    )


def init(path: Path | None = None) -> str:
    """Write the example where the config file goes, and say where that is."""
    path = path or places.config_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(example())
    except FileExistsError:
        raise ConfigError([f"{places.shown(path)} is there already: it is left as it is"]) from None
    except OSError as error:
        raise ConfigError([f"{places.shown(path)} can't be written: {error.strerror or error}"]) from None
    return f"{places.shown(path)} is written\n"


def keys() -> str:
    """Every action by its id, as lines that fit into the config file."""
    from console.actions.table import ACTIONS

    width = max(len(action.id) for action in ACTIONS.values()) + 2
    rows = (f"{_quoted(action.id):{width}} = {_quoted(action.key):16} # {action.help}" for action in ACTIONS.values())
    return "[keys]\n" + "\n".join(rows) + "\n"


def _quoted(text: str) -> str:
    return f'"{text}"'
