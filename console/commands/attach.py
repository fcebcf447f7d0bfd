"""`socketscope attach`: the console on servers that run already."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from console.commands.completing import servers
from console.commands.reaching import reaching, take_targets
from console.commands.viewing import take_settings, viewing
from console.config.error import ConfigError

UNREACHABLE = 3
USAGE = 2


@click.command(short_help="Open the console on servers that run already.")
@click.argument("urls", nargs=-1, required=True, metavar="URL…", shell_complete=servers)
@reaching
@click.option("--record", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a recording.")
@click.option("--read-only", is_flag=True, help="Watch, and send no command.")
@click.option("--show-secrets", is_flag=True, help="Show tokens, passwords and cookies unmasked.")
@viewing
def attach(urls: tuple[str, ...], record: Path | None, read_only: bool, show_secrets: bool, **options: Any) -> None:
    """Open the console on servers that run already: several URLs are watched as one.

    A server must have an admin namespace: server_core.instrument(io) in Python, stock python-socketio's
    sio.instrument(), or instrument(io, …) of @socket.io/admin-ui in Node.js.

    \b
      socketscope attach http://localhost:3000 --user admin
      socketscope attach https://chat.example.com --token "$TOKEN"
      socketscope attach localhost:3001 localhost:3002 --user admin    the servers of a cluster
      socketscope attach https://localhost:8443 --insecure --path /ws/socket.io/

    Exit codes: 0 done, 2 usage, 3 no server can be reached, or the login is refused.
    """
    settings = take_settings(options, show_secrets=show_secrets)
    targets = take_targets(urls, options)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        _say("the console needs a terminal: socketscope sockets, rooms and events read without one")
        sys.exit(USAGE)

    from console.link.attached import AttachedLink
    from server_core.recording import Recorder, RecordingError

    try:
        opened_with = settings()
        recorder = None
        if record:
            recorder = Recorder(record, target=", ".join(urls), url=targets[0].url, show_secrets=show_secrets)
    except (ConfigError, RecordingError) as error:
        _say(str(error))
        sys.exit(USAGE)
    link = AttachedLink(targets, read_only=read_only)
    link.recorder = recorder
    link.start()
    why = link.first.result()
    for each, reason in zip(link.attachments, why, strict=True):
        if reason:
            _say(reason if len(why) == 1 else f"{each.name}: {reason}")
    if all(why):
        link.stop()
        sys.exit(UNREACHABLE)

    from console.terminal import show

    sys.exit(show(link, opened_with))


def _say(text: str) -> None:
    for line in text.splitlines():
        click.echo(f"socketscope: {line}", err=True)
