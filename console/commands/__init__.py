"""The commands, one module a group; each is imported when it is asked for, so that none slows the others down."""

from __future__ import annotations

import importlib

import click

#: Command → where it is.
COMMANDS: dict[str, str] = {
    "attach": "console.commands.attach:attach",
    **{name: f"console.commands.asking:{name}" for name in ("sockets", "rooms", "events")},
    **{name: f"console.commands.acting:{name}" for name in ("emit", "join", "leave", "disconnect")},
    "doctor": "console.commands.doctor:doctor",
    "completion": "console.commands.completion:completion",
    "config": "console.commands.config:config",
    "import": "console.commands.recordings:import_",
    "open": "console.commands.recordings:open_",
    "distill": "console.commands.distill:distill",
    "replay": "console.commands.replay:replay",
}


class LazyGroup(click.Group):
    """A group that also has the commands of `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name]} is no command")
        return command
