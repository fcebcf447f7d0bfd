"""The settings with which a console opens: the file's, then the command line's, checked against what there is."""

from __future__ import annotations

from pathlib import Path

import msgspec

from console import frames
from console.config.error import ConfigError
from console.config.load import Config, check, load
from console.settings import Settings


def settings(
    path: Path | None = None, *, theme: str | None = None, restore: bool | None = None, show_secrets: bool = False
) -> Settings:
    """What the file says, unless the command line says otherwise; ConfigError where it makes no sense."""
    config = load(path)
    if problems := check_all(config):
        raise ConfigError(problems)
    said = {"theme": theme, "restore": restore, "show_secrets": show_secrets or None}
    changed = msgspec.structs.replace(
        config.settings, **{name: value for name, value in said.items() if value is not None}
    )
    if theme and (problems := check_all(Config(changed))):
        raise ConfigError(problem.replace("settings: theme", "--theme") for problem in problems)
    return changed


def check_all(config: Config) -> list[str]:
    """What the settings name that this console has not."""
    frames.load()
    from console.actions.table import ACTIONS
    from console.state.clients import ClientListing
    from console.state.rooms import RoomListing
    from console.state.servers import ServerListing
    from console.state.sockets import SocketListing
    from console.themes import KNOWN

    keys = {action.id: action.key for action in ACTIONS.values()}
    views = {
        "sockets": tuple(SocketListing.KEYS),
        "rooms": tuple(RoomListing.KEYS),
        "clients": (*ClientListing.KEYS, "rtts", "agent"),
        "servers": (*ServerListing.KEYS, "url"),
    }
    return check(config, views=views, actions=keys, themes=KNOWN)
