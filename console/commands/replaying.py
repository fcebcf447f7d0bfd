"""Replaying without the console: progress, report, exit code."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from console import text
from console.commands.target import target as meant
from console.replay import junit, lines, parse, printer, record
from console.replay.model import Case, Script, Step
from console.replay.outcome import CaseResult, Exit, Failed, Report, Status, StepResult
from console.replay.parse import InvalidScript
from console.replay.run import Options, replay, selected, target
from server_core.host_config import HostConfig
from server_core.recording import RecordingError, is_recording

_STYLES = {Status.PASSED: "green", Status.FAILED: "red", Status.ERROR: "red", Status.SKIPPED: "dim"}
_MARKS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.ERROR: "✗", Status.SKIPPED: "-"}


def print_schema() -> None:
    from console.replay.schema import schema

    click.echo(json.dumps(schema(), indent=2))


def run(script: Path, url: str, **options: Any) -> int:
    """Replay a script; the exit code."""
    watched = not any(options[name] for name in ("headless", "check", "as_json", "junit", "record_missing"))
    settings = options.pop("settings")
    if watched and interactive():
        return _watch(script, _options(url, options), settings)
    try:
        loaded = load(script)
    except RecordingError as error:
        click.echo(f"socketscope: {text.safe(str(error))}", err=True)
        return Exit.USAGE
    except InvalidScript as invalid:
        click.echo("\n".join(text.safe(line) for line in str(invalid).splitlines()), err=True)
        return Exit.USAGE
    if options["check"]:
        if not options["as_json"]:
            steps = sum(len(case.steps) for case in loaded.cases)
            click.echo(f"{script}: {text.count(len(loaded.cases), 'case')}, {text.count(steps, 'step')}: fine")
        return Exit.PASSED
    return _report(loaded, _options(url, options), options)


def load(script: Path) -> Script:
    """The script of a file: a recording is distilled; InvalidScript, RecordingError."""
    if not is_recording(script):
        return parse.load(script)
    from console.commands import distilling

    found = distilling.distilled(script)
    distilling.tell(found)
    return found.script


def _options(url: str, given: dict[str, Any]) -> Options:
    app = None
    if given["app"]:
        hosting = {name: given[name] for name in ("app_dir", "factory", "env_file")}
        app = HostConfig(target=meant(given["app"]), port=0, **hosting)
    return Options(
        url=url,
        app=app,
        speed=given["speed"],
        only=given["only"],
        tags=given["tags"],
        skip_console=given["skip_console"],
        keep=None if given["no_keep"] else Path(given["keep"]),
        record_missing=given["record_missing"],
        show_secrets=given["show_secrets"],
    )


def _report(script: Script, options: Options, given: dict[str, Any]) -> int:
    quiet = bool(given["as_json"])
    progress = Progress(script, options, quiet=quiet)
    with progress:
        report = asyncio.run(_until_signal(replay(script, options, progress, progress)))
    if options.record_missing:
        filled = record.fill(report)
        for path, count in filled.files.items():
            click.echo(f"{path}: {text.count(count, 'value')} filled in: review them", err=True)
        for place in filled.left:
            click.echo(f"{place}: $missing is left: of such a step nothing is filled in", err=True)
    code = report.exit
    if junit_file := given["junit"]:
        try:
            junit_file.write_bytes(junit.xml(report, show_secrets=options.show_secrets))
        except OSError as error:
            click.echo(f"socketscope: can't write {junit_file}: {error.strerror}", err=True)
            code = Exit.USAGE
    if quiet:
        click.echo(json.dumps(lines.as_json(report, script, show_secrets=options.show_secrets), indent=2))
    else:
        _print(report, show_secrets=options.show_secrets)
    return code


async def _until_signal(work: Any) -> Report:
    """The report; SIGINT and SIGTERM end the replay, and it says what came of it until then."""
    task: asyncio.Task[Report] = asyncio.ensure_future(work)
    with contextlib.suppress(NotImplementedError):  # Windows
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await task


def _print(report: Report, *, show_secrets: bool) -> None:
    """Failures, load and the summary; no line of them is ever wrapped."""
    out: list[str] = []
    for case in report.cases:
        for load in (step.load for step in case.loads):
            out += [*(lines.load_lines(load) if load else ()), ""]
    for case in report.cases:
        if case.failure:
            out += [*lines.failure_lines(case, show_secrets=show_secrets), ""]
    out.append(lines.summary(report))
    click.echo("\n".join(out))


class Progress:
    """A live line on a terminal, a line for each case elsewhere; on stderr, so that stdout is the report's."""

    def __init__(self, script: Script, options: Options, *, quiet: bool) -> None:
        self._console = Console(stderr=True, highlight=False, quiet=quiet)
        self._cases = [case for case in script.cases if selected(case, options)]
        self._live = Live(self, console=self._console, refresh_per_second=10, transient=True, auto_refresh=True)
        self._shown = self._console.is_terminal and not quiet
        self._case = ""
        self._number = 0
        self._done = 0
        self._step = ""

    def __enter__(self) -> Progress:
        if self._shown:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._live.stop()

    def __rich__(self) -> Text:
        head = f"{self._number}/{len(self._cases)} {self._case}  step {self._done + 1}  "
        return Text(text.cut(text.safe(head + self._step), self._console.width), no_wrap=True, overflow="ellipsis")

    def case_started(self, case: Case) -> None:
        self._number += 1
        self._case, self._done, self._step = case.name, 0, ""

    def case_ended(self, result: CaseResult) -> None:
        line = Text(f"{_MARKS[result.status]} ", _STYLES[result.status])
        line.append(text.safe(result.case.name), "default")
        line.append(f"  {text.seconds(result.seconds)}", "dim")
        self._console.print(line, soft_wrap=True)

    def started(self, step: Step, lane: str) -> None:
        if self._shown:
            self._step = printer.step(step) if step.verb else ""

    def ended(self, result: StepResult) -> None:
        self._done += 1

    async def gate(self, step: Step, lane: str) -> None:
        pass


def _watch(script: Path, options: Options, settings: Any) -> int:
    """Open the console on the script, with the server that it is played against; the exit code."""
    from console.config.error import ConfigError
    from console.link.base import Link
    from console.link.hosted import HostedLink
    from console.replay.seen import SeenLink
    from console.terminal import show
    from server_core.listen import ListenError

    try:
        url = "" if options.app else target(load(script), options)
        link: Link = HostedLink(options.app) if options.app else SeenLink(url)
        return show(link, settings(), script=script, replaying=options)
    except (ListenError, ConfigError, RecordingError, InvalidScript, Failed) as error:
        click.echo("\n".join(f"socketscope: {text.safe(line)}" for line in str(error).splitlines()), err=True)
        return Exit.USAGE


def interactive() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
