"""What a shell offers where a command line is completed, beside commands, options and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def servers(_context: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of servers in the config file."""
    from click.shell_completion import CompletionItem

    from console.commands.reaching import named_targets

    try:
        named = named_targets()
    except click.UsageError:  # it is said when the command runs
        return []
    return [CompletionItem(name, help=text) for name, text in named.items() if name.startswith(incomplete)]


def queries(_context: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Fields of the query language, values of those that have few, and saved filters."""
    from click.shell_completion import CompletionItem

    from console.commands.oneshot import saved_filters
    from console.config.error import ConfigError
    from console.query.complete import completions
    from console.state.state import State

    try:
        saved = list(saved_filters()) if "@" in incomplete else []
    except ConfigError:
        saved = []
    # a shell takes > for a redirection, where the query is not quoted
    return [CompletionItem(text.removesuffix(">")) for text in completions(incomplete, State(), saved)]


def themes(_context: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The themes that are ours."""
    from click.shell_completion import CompletionItem

    names = ("dark", "light", "high-contrast", "ansi")
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
