"""`socketscope open`, `record` and `import`."""

from __future__ import annotations

import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.commands.completing import queries
from console.commands.viewing import take_settings, viewing
from console.config.error import ConfigError

if TYPE_CHECKING:
    from console.settings import Settings
    from console.wire.target import Target

USAGE, UNREACHABLE = 2, 3
#: Seconds in which what a server has told already still arrives.
LAST = 0.15


@click.command("open")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--summary", is_flag=True, help="Print what is in it, without a screen.")
@click.option("--json", "as_json", is_flag=True, help="The summary as JSON.")
@click.option(
    "--export",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT",
    help="Write its events, without a screen: .ndjson, .json, .csv or .html.",
)
@click.option(
    "--filter",
    "query",
    default="",
    metavar="TEXT",
    shell_complete=queries,
    help="Which events to export, as / takes them.",
)
@click.option("--show-secrets", is_flag=True, help="Show tokens, passwords and cookies unmasked.")
@viewing
def open_(
    file: Path | None, summary: bool, as_json: bool, export: Path | None, query: str, show_secrets: bool, **options: Any
) -> None:
    """Open a recording, or a HAR file, in the same screens, without a server.

    Without FILE, the session that was kept last: the setting keep_sessions keeps them.

    \b
      socketscope open session.siorec
      socketscope open session.siorec --summary --json
      socketscope open session.siorec --export report.html --filter 'ack>200ms'
      socketscope open localhost.har
    """
    from console.har.entries import HarError
    from server_core.recording import RecordingError

    settings = take_settings(options, show_secrets=show_secrets)
    if query and not export:
        raise click.UsageError("--filter is for --export; in the console, / filters")
    try:
        file = file or _last_kept()
        if export:
            sys.exit(_export(file, export, query, show_secrets=show_secrets))
        sys.exit(_summarize(file, as_json=as_json) if summary or as_json else _show(file, settings))
    except (RecordingError, HarError) as error:
        told = str(error)
        sys.exit(_fail(told if file is None or str(file) in told else f"{file}: {told}"))
    except ConfigError as error:
        sys.exit(_fail(str(error)))


def _last_kept() -> Path:
    from console import places
    from console.link.keeper import kept
    from server_core.recording import RecordingError

    found = kept(places.sessions_folder())
    if not found:
        raise RecordingError("no session was kept: name a FILE, or set keep_sessions (socketscope config)")
    return found[0]


def _summarize(file: Path, *, as_json: bool) -> int:
    import msgspec

    from console.link.summary import as_text, summarize

    with _as_recording(file) as path:
        found = msgspec.structs.replace(summarize(path), file=str(file))
        if path != file:  # a HAR file, which nobody has recorded with us
            found = msgspec.structs.replace(found, size=file.stat().st_size, created="", by="")
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2) if as_json else as_text(found))
    return 0


def _export(file: Path, out: Path, query: str, *, show_secrets: bool) -> int:
    from console.export import FORMATS, ExportError, save
    from console.export.sheets import masked, records
    from console.link.extract import load, matching
    from console.link.recording import RecordingLink
    from console.query.errors import QueryError
    from console.query.parse import parse
    from console.text import count

    format = next((each for each in FORMATS if out.suffix == f".{each}"), None)
    if format is None:
        return _fail(f"{out} has no format's suffix: {', '.join(f'.{each}' for each in FORMATS)}")
    try:
        parse(query)
    except QueryError as error:
        return _fail(f"--filter: {error}")
    with _as_recording(file, show_secrets=show_secrets) as path:
        link = RecordingLink(path)
        try:
            session = load(link)
            found = masked(matching(session, query), show_secrets=show_secrets)
            written = save(found, out, format, records(session.state))
        except ExportError as error:
            return _fail(str(error))
        finally:
            link.stop()
    click.echo(f"{count(written, 'event')} in {out}")
    return 0


def _show(file: Path, settings: Callable[[], Settings]) -> int:
    from console.link.recording import RecordingLink

    chosen = settings()
    with _as_recording(file, show_secrets=chosen.show_secrets) as path:
        link = RecordingLink(path, title=file.name)
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            link.stop()
            return _fail("the console needs a terminal: use --summary to see what is in a recording without one")
        from console.terminal import show

        return show(link, chosen, link.session(max_log_lines=chosen.max_log_lines))


def record_server(name: str, output: Path, targets: Sequence[Target], *, show_secrets: bool) -> int:
    """Record servers that run already until SIGINT or SIGTERM; the exit code."""
    from console.link.attached import AttachedLink
    from server_core.recording import Recorder, RecordingError

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    link = AttachedLink(targets)
    link.start()
    if why := next(filter(None, link.first.result()), ""):
        link.stop()
        _fail(why)
        return UNREACHABLE
    try:
        recorder = Recorder(output, target=name, url=link.url, show_secrets=show_secrets, from_sync=True)
    except RecordingError as error:
        link.stop()
        return _fail(str(error))
    link.record(recorder)
    click.echo(f"recording {name} to {output}")
    while not ended.wait(0.2) and not recorder.error:
        link.take()  # the recorder has it
    time.sleep(LAST)
    link.stop()
    return _fail(recorder.error) if recorder.error else 0


def _fail(text: str) -> int:
    for line in text.splitlines():
        click.echo(f"socketscope: {line}", err=True)
    return USAGE


@contextmanager
def _as_recording(file: Path, *, show_secrets: bool = False) -> Iterator[Path]:
    """The file itself, or what a HAR file becomes for as long as it is looked at."""
    if file.suffix != ".har":
        yield file
        return
    from console.har.write import write

    with tempfile.TemporaryDirectory(prefix="socketscope-") as folder:
        recording = Path(folder) / "imported.siorec"
        write(file, recording, show_secrets=show_secrets)
        yield recording


@click.command("import", short_help="Make a recording of a HAR file.")
@click.argument("file", metavar="FILE.har", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    required=True,
    help="The recording; .siorec.zst compresses it.",
)
@click.option("--show-secrets", is_flag=True, help="Write tokens, passwords and cookies unmasked.")
def import_(file: Path, output: Path, show_secrets: bool) -> None:
    """Make a recording of the Socket.IO connections in a HAR file: polling and WebSocket, as the server saw them.

    Chrome, Edge, Playwright and mitmproxy write HAR files with the frames of WebSockets; Firefox and Safari do not.

    \b
      socketscope import localhost.har -o session.siorec
    """
    from console.har.entries import HarError
    from console.har.write import write
    from console.text import count
    from server_core.recording import RecordingError

    try:
        imported = write(file, output, show_secrets=show_secrets)
    except (HarError, RecordingError) as error:
        told = str(error)
        sys.exit(_fail(told if str(file) in told or str(output) in told else f"{file}: {told}"))
    connections, records = count(imported.connections, "connection"), count(len(imported.records), "record")
    click.echo(f"{connections}, {records} in {output}")
    if imported.unreadable:
        click.echo(f"{count(imported.unreadable, 'part')} could not be read", err=True)
