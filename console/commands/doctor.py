"""`socketscope doctor`: why a client can't connect."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import click

from console.commands.completing import servers
from console.commands.reaching import connecting, take_targets

if TYPE_CHECKING:
    from console.doctor.finding import Finding

OK, UNREACHABLE = 0, 3

_MARKS = {"ok": ("✓", "green"), "note": ("·", "bright_black"), "warning": ("!", "yellow"), "error": ("✗", "red")}


@click.command(
    short_help="Why can't my client connect?",
    epilog="Exit codes: 0 a client can connect, 2 usage, 3 it can't.",
)
@click.argument("url", metavar="URL", shell_complete=servers)
@click.option("-n", "--namespace", default="/", show_default=True, metavar="NAME", help="The namespace to connect to.")
@click.option("--auth", metavar="JSON", help="What to send as auth.")
@click.option("--origin", metavar="ORIGIN", help="The origin of the page that connects: checks CORS.")
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
@connecting
def doctor(url: str, namespace: str, auth: str | None, origin: str | None, as_json: bool, **options: Any) -> None:
    """Find out why a client can't connect: name, port, TLS, path, version, CORS, polling, sticky sessions, WebSocket,
    the upgrade to it, namespace. Each finding is one line, with what to change.

    \b
      socketscope doctor https://chat.example.com --origin https://www.example.com
      socketscope doctor localhost:3000 --namespace /chat --auth '{"token": "abc"}'
      socketscope doctor localhost:8000 --path /ws/socket.io/ --json
    """
    import msgspec

    from console.doctor.session import can_connect, examine

    payload: Any = None
    if auth is not None:
        try:
            payload = msgspec.json.decode(auth)
        except msgspec.DecodeError as error:
            raise click.UsageError(f"--auth is not JSON: {error}") from error
        if not isinstance(payload, dict):
            raise click.UsageError("--auth is no object: clients send one")
    (target, *_) = take_targets([url], {**options, "namespace": namespace})
    found: list[Finding] = []

    async def main() -> None:
        async for finding in examine(target, origin=origin or "", auth=payload):
            found.append(finding)
            _tell(finding, as_json=as_json)

    asyncio.run(main())
    well = can_connect(found)
    if not as_json:
        wrong = sum(finding.level in ("error", "warning") for finding in found)
        text = "a client can connect" if well else "a client can't connect"
        click.echo(f"{text}; {wrong} to look at" if well and wrong else text)
    sys.exit(OK if well else UNREACHABLE)


def _tell(finding: Finding, *, as_json: bool) -> None:
    import msgspec

    from console.export.harmless import json_text
    from console.text import safe

    if as_json:
        click.echo(json_text({"step": finding.step, "level": finding.level, **msgspec.to_builtins(finding)}))
        return
    mark, colour = _MARKS[finding.level]
    fix = f": {finding.fix}" if finding.fix else ""
    click.echo(f"{click.style(mark, fg=colour)} {finding.step:<10} {safe(finding.text + fix)}")
