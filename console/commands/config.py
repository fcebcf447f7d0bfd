"""`socketscope config`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from console.commands.viewing import config_option
from console.config.error import ConfigError


@click.command()
@click.option("--init", is_flag=True, help="Write a config file that explains each setting.")
@click.option("--keys", is_flag=True, help="List the ids of all actions, with their keys.")
@config_option
def config(init: bool, keys: bool, config_file: Path | None) -> None:
    """Say where the settings are, and what is in force.

    \b
      socketscope config               what is set, as TOML
      socketscope config --init        write the file, each setting explained
      socketscope config --keys        what keys can be given to
    """
    from console.config import command

    try:
        text = command.init(config_file) if init else command.keys() if keys else command.show(config_file)
    except ConfigError as error:
        for problem in error.problems:
            click.echo(f"socketscope: {problem}", err=True)
        sys.exit(2)
    click.echo(text, nl=False)
