"""`socketscope replay`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from console.commands.viewing import take_settings, viewing

#: Where the recordings of failed cases go, beneath the current folder.
KEEP = "replay-failures"


def _speed(_context: click.Context, _option: click.Parameter, value: str) -> float | None:
    if value == "max":
        return None
    try:
        speed = float(value)
    except ValueError:
        speed = 0.0
    if not 0.001 <= speed <= 100_000:
        raise click.BadParameter("a number, 1 for the script's own pace, or max")
    return speed


@click.command()
@click.argument("script", type=click.Path(path_type=Path), required=False)
@click.argument("url", default="", required=False)
@click.option("--app", default="", metavar="TARGET", help="Host module:attribute, or demo, fresh for each case.")
@click.option(
    "--app-dir", default=".", show_default=True, type=click.Path(), help="Folder in which TARGET's module is looked up."
)
@click.option("--factory", is_flag=True, help="TARGET is a function that returns the app.")
@click.option("--env-file", default="", type=click.Path(), help="File of environment variables for the app.")
@click.option("--headless", is_flag=True, help="Without the console: progress, a report, an exit code.")
@click.option("--speed", default="max", callback=_speed, show_default=True, help="1, N times as fast, or max.")
@click.option(
    "--only", multiple=True, metavar="CASE", help="Play the cases whose name has this; * stands for anything."
)
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Play the cases with this tag.")
@click.option("--skip-console", is_flag=True, help="Leave out the steps that only a hosted server can do.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write JUnit XML.")
@click.option("--json", "as_json", is_flag=True, help="The report as JSON on stdout.")
@click.option(
    "--keep",
    default=KEEP,
    show_default=True,
    type=click.Path(),
    metavar="FOLDER",
    help="Where recordings of failures go.",
)
@click.option("--no-keep", is_flag=True, help="Keep no recordings of failures.")
@click.option("--check", is_flag=True, help="Say what is wrong with the script, and play nothing.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of scripts, for editors.")
@click.option("--record-missing", is_flag=True, help="Write what came where the script has $missing.")
@click.option("--show-secrets", is_flag=True, help="Show tokens, passwords and cookies unmasked.")
@viewing
def replay(script: Path | None, url: str, **options: Any) -> None:
    """Play SCRIPT against URL, or against a server that --app hosts.

    On a terminal it opens in the console, to be played, paused and stepped through; --headless plays it at once.

    SCRIPT is a *.sio.yaml file, or a recording (*.siorec), which is distilled first. The URL may be left to the
    environment (SOCKETSCOPE_TARGET) or to the script's own target.

    \b
      socketscope replay chat.sio.yaml http://127.0.0.1:8000
      socketscope replay chat.sio.yaml --app main:app --headless --junit report.xml
      socketscope replay chat.sio.yaml --check
      socketscope replay session.siorec --app main:app --speed 1

    \b
    Exit codes: 0 passed, 1 an expectation failed, 2 usage or an invalid script, 3 target unreachable,
    4 internal error, 5 nothing ran, 130 interrupted.

    \b
    A script:
      sio: 1
      target: ${TARGET:-http://127.0.0.1:8000}
      cases:
        - name: a private message reaches only its addressee
          tags: [smoke]
          steps:
            - alice: {connect: {auth: {name: alice}}}
            - bob: {connect: {auth: {name: bob}, transports: [polling, websocket]}}
            - alice: {emit: [private message, $bob.id, hi]}
            - bob: {expect: [private message, $alice.id, !sub {text: hi}], within: 1s}
            - alice: {never: {event: private message, for: 300ms}}

    \b
    Steps of a client: connect (expect-refused), emit (ack, id), expect (nth, strict, reply), expect-ack,
      never, allow, nothing-else, expect-disconnect, expect-transport, disconnect, drop
    Several at once: {each: [alice, bob], expect: [...]}
    Other steps: http, wait, parallel, repeat, include
    With --app: console (emit, join, leave, disconnect, drop, simulate, set, delete,
      expect-socket, expect-gone, expect-exception, expect-record)
    Beside any step: within (its time), after (a gap that --speed scales)
    Values: $name, $alice.id, ${VAR:-default}, $$ for a dollar, !b64
    Matchers: $any, !type string|int|number|bool|null|list|map|binary, !re, !sub, !bind name
    All of it: console/replay/FORMAT.md, and --schema.
    """
    from console.commands import replaying

    options["settings"] = take_settings(options, show_secrets=options["show_secrets"])
    if options.pop("schema"):
        replaying.print_schema()
        return
    if script is None:
        raise click.UsageError("Missing argument 'SCRIPT'.")
    sys.exit(replaying.run(script, url, **options))
