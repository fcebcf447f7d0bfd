"""Replaying a script: each case on its own, with a fresh server where we host it."""

from __future__ import annotations

import asyncio
import fnmatch
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from console.replay import model, values
from console.replay.hosting import Host, HostError, Server
from console.replay.lines import around
from console.replay.model import Case, Script
from console.replay.outcome import CaseResult, Exit, Failed, Report, Status, Unplayable, Unreachable
from console.replay.pace import Pace
from console.replay.play import Observer, Quiet, Stage
from console.replay.scope import Scope
from console.replay.values import Undefined
from console.replay.witness import Witness
from server_core.host_config import HostConfig
from server_core.recording import Recorder, RecordingError
from server_core.records import AnyRecord

#: Names the target where neither an argument nor the script does.
TARGET_VARIABLE = "SOCKETSCOPE_TARGET"


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to replay."""

    #: Where the server is; "" leaves it to the environment and the script.
    url: str = ""
    #: Host this instead, fresh for each case.
    app: HostConfig | None = None
    #: The server under test, where somebody else hosts it.
    server: Server | None = None
    #: By how much gaps are shorter; None: no gaps.
    speed: float | None = None
    #: The same, where somebody may change it meanwhile.
    pace: Pace | None = None
    #: Names of cases, with `*`, or parts of them; empty: all.
    only: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    #: Leave out what only a hosted server can do.
    skip_console: bool = False
    #: Where the recording of a failed case is kept; None: nowhere.
    keep: Path | None = None
    #: Let anything come where `$missing` stands, to be filled in.
    record_missing: bool = False
    #: Take an event or an ack that came otherwise, and note how it differs.
    lenient: bool = False
    show_secrets: bool = False
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    #: Makes the witness of a case; somebody may look at it meanwhile.
    witness: Callable[[str], Witness] = Witness


class Watcher(Protocol):
    """Whoever watches a whole replay."""

    def case_started(self, case: Case) -> None: ...

    def case_ended(self, result: CaseResult) -> None: ...


class Unwatched:
    def case_started(self, case: Case) -> None:
        pass

    def case_ended(self, result: CaseResult) -> None:
        pass


def selected(case: Case, options: Options) -> bool:
    """Whether a case is to be played."""
    if options.tags and not {*options.tags} & {*case.tags}:
        return False
    name = case.name.casefold()
    wanted = [pattern.casefold() for pattern in options.only]
    return not wanted or any(pattern in name or fnmatch.fnmatchcase(name, pattern) for pattern in wanted)


def target(script: Script, options: Options) -> str:
    """Where the server is: the argument, then the environment, then the script; Unplayable when nobody says."""
    given: object = options.url or options.environment.get(TARGET_VARIABLE) or script.target
    try:
        scope = Scope(environment=options.environment)
        scope.variables.update(script.vars)
        url = values.resolve(given if given is script.target else str(given), scope.look_up)
    except Undefined as error:
        raise Unplayable(f"target: {error}") from None
    if not url:
        raise Unplayable(f"no target: name a URL, host one with --app, or set {TARGET_VARIABLE}")
    if not re.match(r"https?://[^/]", str(url)):
        raise Unplayable(f"the target {str(url)[:200]!r} is no URL: it begins with http:// or https://")
    return str(url)


async def replay(
    script: Script, options: Options, observer: Observer | None = None, watcher: Watcher | None = None
) -> Report:
    """Play the cases that are selected, one after another. Cancelled, it says what came of it until then."""
    watcher = watcher or Unwatched()
    report = Report(script, options.app.target if options.app else "")
    try:
        if not (options.app or options.server) and any(selected(case, options) for case in script.cases):
            report.target = target(script, options)
    except Unplayable as failure:
        report.cases = [CaseResult(case, Status.ERROR, error=failure) for case in script.cases[:1]]
        return report
    for case in script.cases:
        if not selected(case, options):
            report.cases.append(CaseResult(case, Status.SKIPPED))
            continue
        watcher.case_started(case)
        result = CaseResult(case)
        report.cases.append(result)
        try:
            await _Player(script, case, options, report.target, result, observer or Quiet()).play()
        except asyncio.CancelledError:
            report.interrupted = True
            result.status = Status.SKIPPED
            return report
        watcher.case_ended(result)
    return report


class _Player:
    """One case from start to end."""

    def __init__(
        self, script: Script, case: Case, options: Options, url: str, result: CaseResult, observer: Observer
    ) -> None:
        self._script = script
        self._case = case
        self._options = options
        self._url = url
        self._result = result
        self._observer = observer

    async def play(self) -> None:
        began = time.monotonic()
        if self._options.app or self._options.server:
            with tempfile.TemporaryDirectory(prefix="socketscope-") as folder:
                await self._hosted(Path(folder) / "case.siorec")
        else:
            stage = await self._stage(self._url, None)
            if stage.failed:
                records = stage.witness.records()
                self._around(records)
                self._keep(lambda path: self._write(path, stage.url, records))
        self._result.seconds = time.monotonic() - began

    async def _hosted(self, recording: Path) -> None:
        options = self._options
        host = options.server
        if host is None:
            if options.app is None:
                return
            host = Host(options.app, recording if options.keep else None)
        try:
            try:
                await host.start()
            except HostError as error:
                self._fail(Unplayable(str(error)))
                return
            stage = await self._stage(host.url, host)
            if stage.failed:
                await host.quiet()
        finally:
            await host.stop()
        if stage.failed:
            self._around(host.records)
            if options.server is None:
                self._keep(lambda path: shutil.move(recording, path))

    async def _stage(self, url: str, host: Server | None) -> Stage:
        stage = Stage(
            self._script,
            self._case,
            url,
            pace=self._options.pace or Pace(self._options.speed),
            host=host,
            observer=self._observer,
            environment=self._options.environment,
            skip_console=self._options.skip_console,
            record_missing=self._options.record_missing,
            lenient=self._options.lenient,
            witness=self._options.witness(url),
        )
        self._result.steps = stage.results
        try:
            await stage.play()
        finally:
            await stage.close()
        self._result.failed = stage.failed
        if stage.failed:
            failure = stage.failed.failure
            self._result.status = Status.FAILED if failure and failure.exit is Exit.FAILED else Status.ERROR
        return stage

    def _fail(self, failure: Failed) -> None:
        self._result.status, self._result.error = Status.ERROR, failure

    def _around(self, records: list[AnyRecord]) -> None:
        ended = self._result.failed.ended if self._result.failed else 0
        until = [record for record in records if record.time <= ended]  # without how the clients left then
        self._result.around = around(until, show_secrets=self._options.show_secrets)

    def _keep(self, write: Callable[[Path], object]) -> None:
        """Keep the recording of a failure that is about the server, not about reaching it."""
        folder, failure = self._options.keep, self._result.failure
        if folder is None or isinstance(failure, Unplayable | Unreachable):
            return
        path = folder / f"{_slug(Path(self._script.path).name.partition('.')[0])}-{_slug(self._case.name)}.siorec"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write(path)
            self._result.recording = str(path)
        except (OSError, RecordingError) as error:
            self._result.around.append(f"the recording could not be kept: {error}")

    def _write(self, path: Path, url: str, records: list[AnyRecord]) -> None:
        recorder = Recorder(path, target=url, url=url, show_secrets=self._options.show_secrets)
        recorder.write(records)
        recorder.close()


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:60] or "case"


def uses_console(script: Script) -> bool:
    """Whether a case of it has steps that only a hosted server can do."""
    return any(model.needs_console(step) for case in script.cases for step in model.walk(case.steps))
