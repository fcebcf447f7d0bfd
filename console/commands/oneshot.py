"""What the commands share that ask a server something, or have it do one thing, and end."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from console.commands.completing import queries
from console.commands.reaching import take_targets
from console.config.error import ConfigError

if TYPE_CHECKING:
    from console.commands.glance import Glance
    from console.query.nodes import Query

OK, USAGE, UNREACHABLE, NOTHING = 0, 2, 3, 5

F = TypeVar("F", bound=Callable[..., Any])

as_json_option = click.option("--json", "as_json", is_flag=True, help="JSON on stdout; messages go to stderr.")
secrets_option = click.option("--show-secrets", is_flag=True, help="Show tokens, passwords and cookies unmasked.")
where_option = click.option(
    "-w",
    "--where",
    metavar="QUERY",
    shell_complete=queries,
    help="The sockets that a query takes, as in the console's filter; @name is one that was saved.",
)
nsp_option = click.option("--nsp", default="/", show_default=True, metavar="NAME", help="Namespace of the sockets.")

EXIT_CODES = (
    "Exit codes: 0 done, 2 usage, 3 the server can't be reached or refuses, 5 there is no such socket, or nothing was "
    "done, 130 interrupted where it asked."
)


class End(Exception):
    """The command ends with this exit code, and this message on stderr."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(message)
        self.code = code


def add_options(*options: Callable[[F], F]) -> Callable[[F], F]:
    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def read_query(text: str | None) -> Query | None:
    if text is None:
        return None
    from console.query.errors import QueryError
    from console.query.parse import parse

    try:
        query = parse(text, saved_filters() if "@" in text else {})
    except (QueryError, ConfigError) as error:
        raise click.UsageError(f"--where: {error}") from error
    if query is None:
        raise click.UsageError("--where: the query is empty")
    return query


def saved_filters() -> Mapping[str, str]:
    """The filters that a person saved, here or in the console."""
    from console import places
    from console.config.load import load
    from console.memory.filters import SavedFilters

    return SavedFilters(load().settings.filters, places.state_folder())


def run(
    url: str,
    options: dict[str, Any],
    work: Callable[[Glance], Coroutine[Any, Any, None]],
    *,
    show_secrets: bool = False,
) -> None:
    """Attach, work, and end with an exit code."""
    target, *more = take_targets([url], options)
    if more:
        raise click.UsageError(f"{url} names {1 + len(more)} servers: this command asks one")
    from console.commands.glance import Unreachable, glance

    async def main() -> None:
        task = asyncio.current_task()
        if task:
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        async with glance(target, show_secrets=show_secrets) as found:
            await work(found)

    try:
        asyncio.run(main())
    except asyncio.CancelledError:
        sys.exit(OK)
    except BrokenPipeError:  # `| head`
        sys.stderr.close()
        sys.exit(OK)
    except Unreachable as error:
        _fail(str(error), UNREACHABLE)
    except End as end:
        _fail(str(end), end.code)


def _fail(text: str, code: int) -> None:
    from console.text import safe

    if text:
        click.echo(f"socketscope: {safe(text)}", err=True)
    sys.exit(code)
