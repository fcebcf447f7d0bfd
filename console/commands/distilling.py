"""Making a script of a recording."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import click

from console import text
from console.commands.target import target as meant
from console.replay import lines, printer
from console.replay.distill import Distilled, distill
from console.replay.learn import learn
from console.replay.model import Script
from console.replay.outcome import Exit
from console.replay.run import Options
from console.replay.symbols import environment
from server_core.host_config import HostConfig
from server_core.recording import RecordingError, read


def distilled(path: Path) -> Distilled:
    """The script of a recording; RecordingError when it is none."""
    try:
        recording = read(path)
    except RecordingError as error:
        if str(path) in str(error):
            raise
        raise RecordingError(f"{path}: {error}") from error
    found = distill(recording.records, file=str(path), name=path.name.partition(".")[0] or "as recorded")
    if recording.damaged:
        found.notes.append(f"{text.count(len(recording.damaged), 'line')} of the recording hold no record")
    return found


def run(recording: Path, **options: Any) -> int:
    """Write the script; the exit code."""
    try:
        found = distilled(recording)
    except RecordingError as error:
        click.echo(f"socketscope: {text.safe(str(error))}", err=True)
        return Exit.USAGE
    tell(found)
    script = found.script
    code = 0
    if options["learn"]:
        script, code = _learn(script, options)
    written = printer.script(script)
    if not options["output"]:
        click.echo(written, nl=False)
        return code
    try:
        options["output"].write_text(written, encoding="utf-8")
    except OSError as error:
        click.echo(f"socketscope: can't write {options['output']}: {error.strerror}", err=True)
        return Exit.USAGE
    steps = sum(len(case.steps) for case in script.cases)
    click.echo(f"{options['output']}: {text.count(steps, 'step')}", err=True)
    return code


def tell(found: Distilled) -> None:
    """Say what the script could not keep, and what it needs."""
    if not any(case.steps for case in found.script.cases):
        click.echo("note: there is nothing in it that a client could play", err=True)
    for note in found.notes:
        click.echo(f"note: {text.safe(note)}", err=True)
    if needed := sorted(environment(found.script)):
        missing = [name for name in needed if name not in os.environ]
        if missing:
            click.echo(f"note: masked secrets: set {', '.join(missing)} in the environment", err=True)


def _learn(script: Script, options: dict[str, Any]) -> tuple[Script, int]:
    app = None
    if options["app"]:
        app = HostConfig(
            target=meant(options["app"]),
            port=0,
            app_dir=options["app_dir"],
            factory=options["factory"],
            env_file=options["env_file"],
        )
    script, relaxed, report = asyncio.run(learn(script, Options(url=options["url"], app=app)))
    for line in relaxed or ["nothing differed"]:
        click.echo(f"learned: {text.safe(line)}", err=True)
    for case in report.cases:
        if case.failure:
            click.echo("\n".join(lines.failure_lines(case)), err=True)
    return script, int(report.exit)
