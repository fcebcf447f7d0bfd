"""A replay that somebody watches: its script, where it is, and what holds it."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable, Iterator
from dataclasses import replace as changed
from pathlib import Path
from typing import NamedTuple

from console.replay import model, parse
from console.replay.hosting import Server
from console.replay.model import Case, Script, Step
from console.replay.outcome import CaseResult, Report, Status, StepResult
from console.replay.pace import Pace
from console.replay.parse import InvalidScript
from console.replay.run import Options, replay
from console.replay.saves import Stamp, saves, stamp
from server_core.recording import RecordingError

#: Speeds to choose from; None: no gaps.
SPEEDS: tuple[float | None, ...] = (0.25, 0.5, 1.0, 2.0, 5.0, 20.0, None)


class Playing(enum.Enum):
    """What a playback does."""

    UNREAD = "not read yet"
    READING = "reading"
    IDLE = "ready"
    RUNNING = "playing"
    HELD = "paused"
    DONE = "done"


class Row(NamedTuple):
    """A line of the script: a case, or a step of it."""

    case: Case
    step: Step | None
    depth: int


class Playback:
    """One script, played as often as wanted once `reload` has read it. All of it on one loop."""

    def __init__(
        self, path: Path, options: Options, load: Callable[[Path], Script] = parse.load, server: Server | None = None
    ) -> None:
        self.path = path
        self._options = options
        self._load = load
        self._server = server
        self.script = Script(cases=())
        #: What is wrong with the script.
        self.errors: list[str] = []
        self.rows: list[Row] = []
        self.results: dict[int, StepResult] = {}
        self.cases: dict[int, CaseResult] = {}
        self.report: Report | None = None
        self.playing = Playing.UNREAD
        #: The step that plays, or is held.
        self.current: Step | None = None
        #: Steps before which it holds, by file and line.
        self.breakpoints: set[tuple[str, int]] = set()
        self._pace = Pace(options.speed)
        #: Changes with whatever there is to draw.
        self.version = 0
        self._task: asyncio.Task[None] | None = None
        self._go = asyncio.Event()
        #: Hold again at the next step.
        self._once = False
        #: The files that the script was read from, as they were then.
        self._stamps: dict[Path, Stamp] = {}
        self._reread = asyncio.Event()

    # the script

    async def reload(self) -> bool:
        """Read the script again; whether it can be played. Reading a long one takes its time, on another thread."""
        before = {path: stamp(path) for path in (self.path, *self._stamps)}
        self.results, self.cases, self.report, self.current = {}, {}, None, None
        self.playing = Playing.READING
        self.version += 1
        try:
            script, self.errors, files = await asyncio.to_thread(self._read)
        except asyncio.CancelledError:
            self.playing = Playing.UNREAD
            raise
        self.script = script or self.script
        self.rows = list(_rows(script)) if script else []
        self._stamps = {path: before.get(path) or stamp(path) for path in (self.path, *files)}
        self.playing = Playing.IDLE
        self.version += 1
        if set(self._stamps) != set(before):
            self._reread.set()
        return script is not None

    def _read(self) -> tuple[Script | None, list[str], list[Path]]:
        """The script, or what is wrong with it; and the files that it is written in."""
        try:
            script = self._load(self.path)
        except InvalidScript as invalid:
            return None, str(invalid).splitlines(), list(map(Path, invalid.files))
        except RecordingError as error:
            return None, [str(error)], []
        return script, [], list(map(Path, script.files))

    def was_saved(self) -> bool:
        """Whether one of the script's files is another one than was read, and the script itself is there."""
        return self.path.exists() and any(stamp(path) != then for path, then in self._stamps.items())

    async def watch(self) -> None:
        """Have what is saved read and played again, at once or when what plays now is over, until cancelled; OSError
        where the system can't watch."""
        while True:
            self._reread = again = asyncio.Event()
            await self.play_saved()
            async for _ in saves(list(self._stamps), again):
                await self.play_saved()
            await again.wait()  # nothing to watch

    async def play_saved(self) -> None:
        """Play the script again if it was saved."""
        while not self.is_busy and self.was_saved():
            if await self.reload():
                self.play()

    # playing

    @property
    def is_on(self) -> bool:
        return self.playing in (Playing.RUNNING, Playing.HELD)

    @property
    def is_busy(self) -> bool:
        """Whether it plays, or is being read."""
        return self.is_on or self.playing is Playing.READING

    def play(self) -> None:
        """Begin, or go on."""
        if self.playing is Playing.HELD:
            self._once = False
            self._release()
        elif not self.is_busy and self.rows:
            self._begin(once=False)

    def pause(self) -> None:
        """Hold before the next step."""
        if self.playing is Playing.RUNNING:
            self._go.clear()

    def step(self) -> None:
        """Play one step, and hold."""
        if self.playing is Playing.HELD:
            self._once = True
            self._release()
        elif not self.is_busy and self.rows:
            self._begin(once=True)

    async def stop(self) -> None:
        """End it, wherever it is."""
        task, self._task = self._task, None
        if task and not task.done():
            task.cancel()
            await asyncio.wait((task,))

    @property
    def show_secrets(self) -> bool:
        return self._options.show_secrets

    @property
    def speed(self) -> float | None:
        """By how much gaps are shorter; None: there are none."""
        return self._pace.speed

    @speed.setter
    def speed(self, speed: float | None) -> None:
        self._pace.speed = speed

    def faster(self, by: int) -> None:
        """Choose another speed, for the gaps that are still to come."""
        at = len(SPEEDS) - 1
        if self.speed is not None:
            at = min(range(at), key=lambda each: abs((SPEEDS[each] or 0.0) - (self.speed or 0.0)))
        self.speed = SPEEDS[max(0, min(at + by, len(SPEEDS) - 1))]
        self.version += 1

    def toggle_breakpoint(self, step: Step) -> None:
        place = step.at.file, step.at.line
        self.breakpoints ^= {place}
        self.version += 1

    def holds_at(self, step: Step) -> bool:
        return (step.at.file, step.at.line) in self.breakpoints

    def _begin(self, *, once: bool) -> None:
        self.results, self.cases, self.report = {}, {}, None
        self._once = once
        self._go.set()
        self.playing = Playing.RUNNING
        self.version += 1
        self._task = asyncio.ensure_future(self._run())

    def _release(self) -> None:
        self.playing = Playing.RUNNING
        self._go.set()
        self.version += 1

    async def _run(self) -> None:
        options = changed(self._options, pace=self._pace, server=self._server)
        try:
            self.report = await replay(self.script, options, self, self)
            self.cases = {id(result.case): result for result in self.report.cases}
        finally:
            self.playing, self.current = Playing.DONE, None
            self.version += 1
        await self.play_saved()

    # what the replay says

    async def gate(self, step: Step, lane: str) -> None:
        self.current = step
        if self.holds_at(step):
            self._go.clear()
        if not self._go.is_set():
            self.playing = Playing.HELD
            self.version += 1
            await self._go.wait()
        if self._once:
            self._once = False
            self._go.clear()

    def started(self, step: Step, lane: str) -> None:
        self.current = step
        self.version += 1

    def ended(self, result: StepResult) -> None:
        self.results[id(result.step)] = result
        self.version += 1

    def case_started(self, case: Case) -> None:
        self.version += 1

    def case_ended(self, result: CaseResult) -> None:
        self.cases[id(result.case)] = result
        self.version += 1

    # what there is to see

    def status(self, row: Row) -> Status | None:
        """What came of a row; None while nothing has."""
        if row.step is None:
            case = self.cases.get(id(row.case))
            return case.status if case else None
        result = self.results.get(id(row.step))
        return result.status if result else None

    def failed_row(self) -> int | None:
        """The number of the first row that failed."""
        for number, row in enumerate(self.rows):
            if row.step is not None and self.status(row) in (Status.FAILED, Status.ERROR):
                return number
        return None

    def current_row(self) -> int | None:
        return next((number for number, row in enumerate(self.rows) if row.step is self.current and row.step), None)

    def summary(self) -> str:
        """Where it is, in a few words."""
        done = sum(1 for row in self.rows if row.step is not None and self.status(row) is not None)
        steps = sum(1 for row in self.rows if row.step is not None)
        return f"{done} of {steps} steps"


def _rows(script: Script) -> Iterator[Row]:
    for case in script.cases:
        yield Row(case, None, 0)
        yield from _steps(case, case.steps, 1)


def _steps(case: Case, steps: tuple[Step, ...], depth: int) -> Iterator[Row]:
    for step in steps:
        yield Row(case, step, depth)
        yield from _steps(case, model.inner(step), depth + 1)
