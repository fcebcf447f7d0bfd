"""The commands."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from console.commands import LazyGroup
from console.commands.completing import servers
from console.commands.completion import VARIABLE
from console.commands.reaching import reaching, take_targets
from console.commands.target import DEMO, DEMO_NAME
from console.commands.target import target as meant
from console.commands.viewing import take_settings, viewing
from console.config.error import ConfigError

if TYPE_CHECKING:
    from console.link.changes import ReloadRules
    from server_core.host_config import HostConfig

OK, USAGE, INTERNAL = 0, 2, 4

F = TypeVar("F", bound=Callable[..., Any])


def _hosting(command: F) -> F:
    """The options of whatever hosts a target beside a console."""
    options = (
        click.option("--headless", is_flag=True, help="Host without the console; the app keeps the terminal."),
        click.option(
            "--record", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a recording."
        ),
        click.option("--reload", is_flag=True, help="Start the server again when its Python files change."),
        click.option(
            "--reload-dir",
            multiple=True,
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            help="Folder to watch instead of the current one; may be given several times.",
        ),
        click.option("--reload-include", multiple=True, metavar="PATTERN", help="Files that count beside *.py."),
        click.option("--reload-exclude", multiple=True, metavar="PATTERN", help="Files or folders that do not count."),
    )
    for option in reversed(options):
        command = option(command)
    return _serving(command)


def _serving(command: F) -> F:
    """The options of whatever hosts a target; most are uvicorn's, by its names."""
    options = (
        click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
        click.option("--port", default=8000, show_default=True, help="Port to listen on; 0 picks a free one."),
        click.option("--read-only", is_flag=True, help="Let the console watch, and refuse its commands."),
        click.option("--traffic/--no-traffic", default=True, help="Simulated clients for the demo app."),
        click.option("--show-secrets", is_flag=True, help="Show tokens, passwords and cookies unmasked."),
        click.option("--factory", is_flag=True, help="TARGET is a function that returns the app."),
        click.option(
            "--app-dir",
            default=".",
            show_default=True,
            type=click.Path(),
            help="Folder in which TARGET's module is looked up.",
        ),
        click.option("--env-file", default="", type=click.Path(), help="File of environment variables for the app."),
        click.option(
            "--log-level",
            type=click.Choice(["critical", "error", "warning", "info", "debug", "trace"]),
            default="info",
            show_default=True,
            help="What the web server logs.",
        ),
        click.option("--ssl-keyfile", default="", type=click.Path(), help="TLS key."),
        click.option("--ssl-certfile", default="", type=click.Path(), help="TLS certificate."),
        click.option("--ssl-keyfile-password", default="", help="Password of the TLS key."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Press ? in the console for its keys.",
)
@_hosting
@viewing
@click.version_option(package_name="socketscope")
@click.pass_context
def cli(context: click.Context, /, **options: Any) -> None:
    """The terminal debugging console for Socket.IO.

    Without a command: hosts the demo app and opens the console on it.

    \b
      socketscope                      the demo, with simulated clients
      socketscope --no-traffic         the demo, silent
      socketscope run main:app         your own server
      socketscope run main:app --headless --record session.siorec
      socketscope attach localhost:3000    a server that runs already
    """
    if context.invoked_subcommand is None:
        sys.exit(_host(DEMO, options))


@cli.command()
@click.argument("target", default=DEMO_NAME, required=False)
@_hosting
@viewing
def run(target: str, **options: Any) -> None:
    """Host TARGET and open the console on it.

    TARGET is module:attribute, looked up from the current folder: a server_core.Server, a socketio.AsyncServer, a
    socketio.ASGIApp, or an ASGI app (FastAPI, Starlette) that holds one. Without it, or as demo, the
    demo app.

    \b
      socketscope run main:app --port 5000
      socketscope run main:app --reload --reload-include "*.html"
      socketscope run main:make_app --factory
      socketscope run main:sio --headless --record session.siorec
    """
    sys.exit(_host(meant(target), options))


@cli.command()
@click.argument("source", metavar="URL|TARGET", shell_complete=servers)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    required=True,
    help="The recording; .siorec.zst compresses it.",
)
@_serving
@reaching
def record(source: str, output: Path, **options: Any) -> None:
    """Record all that happens on a server, without the console, until SIGINT or SIGTERM.

    A server that runs already is named by its URL (options as for attach), one to be hosted by its TARGET (as for run).

    \b
      socketscope record main:app -o session.siorec
      socketscope record http://localhost:3000 --user admin -o session.siorec.zst
    """
    show_secrets = options.pop("show_secrets")
    if "://" in source or source.rpartition(":")[2].isdigit():
        from console.commands.recordings import record_server

        sys.exit(record_server(source, output, take_targets([source], options), show_secrets=show_secrets))
    take_targets([], options)
    options["traffic"] = options["traffic"] and meant(source) == DEMO
    from server_core.host_config import HostConfig

    sys.exit(_host_headless(HostConfig(target=meant(source), **options), output, show_secrets=show_secrets))


def _host(target: str, options: dict[str, Any]) -> int:
    """Host a target, with the console or without; the exit code."""
    from server_core.host_config import HostConfig

    headless, record, show_secrets = (options.pop(name) for name in ("headless", "record", "show_secrets"))
    try:
        rules = _take_reload(options)
    except click.UsageError as error:
        return _fail(error.format_message())
    settings = take_settings(options, show_secrets=show_secrets)
    options["traffic"] = options["traffic"] and target == DEMO
    config = HostConfig(target=target, **options)
    if headless and rules:
        from console.headless import run_reloading

        return run_reloading(config, rules, record, show_secrets=show_secrets)
    if headless:
        return _host_headless(config, record, show_secrets=show_secrets)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _fail("the console needs a terminal: use --headless to host without one")

    gc.disable()  # until there is a screen: what is loaded until then stays
    from console.terminal import show
    from server_core.listen import ListenError
    from server_core.recording import Recorder, RecordingError

    try:
        from console.link.hosted import HostedLink

        opened_with = settings()
        link = HostedLink(config, reload=rules)
        if record:
            link.recorder = Recorder(record, target=target, url=link.url, show_secrets=show_secrets)
    except (ListenError, RecordingError, ConfigError) as error:
        return _fail(str(error))
    return show(link, opened_with)


def _take_reload(options: dict[str, Any]) -> ReloadRules | None:
    """What `--reload` and its companions say, taken out of the options."""
    wanted = options.pop("reload", False)
    dirs, include, exclude = (options.pop(f"reload_{name}", ()) for name in ("dir", "include", "exclude"))
    if not wanted:
        if dirs or include or exclude:
            raise click.UsageError("--reload-dir, --reload-include and --reload-exclude need --reload")
        return None
    from console.link.changes import ReloadRules

    return ReloadRules(dirs or (Path(), Path(options["app_dir"])), include, exclude)


def _host_headless(config: HostConfig, record: Path | None, *, show_secrets: bool) -> int:
    """Host a target without the console; the exit code."""
    from server_core.host import run_headless

    return run_headless(config, record, show_secrets=show_secrets)


def _fail(text: str) -> int:
    for line in text.splitlines():
        click.echo(f"socketscope: {line}", err=True)
    return USAGE


def main() -> None:
    """The `socketscope` command: whatever goes wrong within it ends in one line, never in a traceback."""
    try:
        cli(complete_var=VARIABLE)
    except Exception as error:  # noqa: BLE001  the last resort
        descriptor, path = tempfile.mkstemp(prefix="socketscope-", suffix=".log")
        with os.fdopen(descriptor, "w") as file:
            traceback.print_exc(file=file)
        click.echo(f"socketscope: internal error: {type(error).__name__}: {error} (traceback in {path})", err=True)
        sys.exit(INTERNAL)
