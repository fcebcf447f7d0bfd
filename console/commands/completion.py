"""`socketscope completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

NAME, VARIABLE = "socketscope", "_SOCKETSCOPE_COMPLETE"


@click.command(short_help="Print what has a shell complete this command.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the code that has a shell complete socketscope: commands, options, files, servers of the config file, and
    the fields of a query.

    \b
      eval "$(socketscope completion bash)"        in ~/.bashrc
      eval "$(socketscope completion zsh)"         in ~/.zshrc, after compinit
      socketscope completion fish > ~/.config/fish/completions/socketscope.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell} can't be completed by this version of click")
    click.echo(kind(context.find_root().command, {}, NAME, VARIABLE).source())
