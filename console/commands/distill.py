"""`socketscope distill`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
@click.argument("url", default="", required=False)
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Where the script goes.")
@click.option("--learn", is_flag=True, help="Play it twice, against URL or --app, and relax what differed.")
@click.option("--app", default="", metavar="TARGET", help="Host module:attribute, or demo, for --learn.")
@click.option(
    "--app-dir", default=".", show_default=True, type=click.Path(), help="Folder in which TARGET's module is looked up."
)
@click.option("--factory", is_flag=True, help="TARGET is a function that returns the app.")
@click.option("--env-file", default="", type=click.Path(), help="File of environment variables for the app.")
def distill(recording: Path, **options: Any) -> None:
    """Make a script of RECORDING: what its clients did, and what came of it.

    Actors are named after what identifies them. Ids are references, masked secrets are variables of the environment,
    what looks like a time or a random id is a matcher. --learn finds out what else differs from run to run.

    \b
      socketscope distill session.siorec -o session.sio.yaml
      socketscope distill session.siorec -o session.sio.yaml --learn --app main:app
    """
    from console.commands import distilling

    sys.exit(distilling.run(recording, **options))
