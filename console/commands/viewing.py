"""The options of whatever opens the console, and the settings that come of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from console.commands.completing import themes

if TYPE_CHECKING:
    from console.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

config_option = click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Settings, in place of the usual file (socketscope config says which).",
)


def viewing(command: F) -> F:
    """Give a command the options of the console; `take_settings` takes them out again."""
    options = (
        config_option,
        click.option(
            "--theme",
            metavar="NAME",
            shell_complete=themes,
            help="dark, light, ansi, high-contrast, or one of Textual's.",
        ),
        click.option(
            "--restore/--no-restore",
            default=None,
            help="Start with the filter, view and order that this target had last.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def take_settings(options: dict[str, Any], *, show_secrets: bool = False) -> Callable[[], Settings]:
    """Take the options of `viewing` out of a command's; what is returned reads the settings, or raises ConfigError."""
    named = {name: options.pop(name) for name in ("theme", "restore")}
    file = options.pop("config_file")

    def read() -> Settings:
        from console.config.checked import settings

        return settings(file, **named, show_secrets=show_secrets)

    return read
