"""Playing the steps of one case."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Protocol

from console.replay import model, values
from console.replay.actors import Actor
from console.replay.clients import ClientSteps
from console.replay.hosting import Server
from console.replay.model import Case, Script, Step
from console.replay.operator import OperatorSteps
from console.replay.outcome import Failed, Latency, Load, Status, StepResult, Unplayable
from console.replay.pace import Pace
from console.replay.record import open_ended
from console.replay.requests import request
from console.replay.scope import Scope
from console.replay.values import Undefined, Value
from console.replay.witness import Witness

#: Failures of simulated clients that are told one by one.
_TOLD = 5


class Observer(Protocol):
    """Whoever watches a replay, and may hold it."""

    def started(self, step: Step, lane: str) -> None:
        """A step begins."""
        ...

    def ended(self, result: StepResult) -> None:
        """A step is over."""
        ...

    async def gate(self, step: Step, lane: str) -> None:
        """Returns when the step may begin."""
        ...


class Quiet:
    """Watches nothing, and holds nothing."""

    def started(self, step: Step, lane: str) -> None:
        pass

    def ended(self, result: StepResult) -> None:
        pass

    async def gate(self, step: Step, lane: str) -> None:
        pass


class Stop(Exception):
    """A step of this stage failed: nothing more of it is played."""


class Stage:
    """Where steps play: the case itself, or one simulated client of it. Each has its own actors and captures."""

    def __init__(
        self,
        script: Script,
        case: Case,
        url: str,
        *,
        pace: Pace | None = None,
        host: Server | None = None,
        observer: Observer | None = None,
        environment: Mapping[str, str] | None = None,
        skip_console: bool = False,
        record_missing: bool = False,
        lenient: bool = False,
        witness: Witness | None = None,
        outer: Stage | None = None,
    ) -> None:
        """Without a `pace` there are no gaps. `record_missing` lets anything come where `$missing` stands."""
        self.script = script
        self.defaults = script.defaults
        self.case = case
        self.url = url
        self.pace: Pace = pace or Pace()
        self.host = host
        self.observer: Observer = observer or Quiet()
        self.skip_console = skip_console
        self.record_missing = record_missing
        self.lenient = lenient
        self.witness: Witness = outer.witness if outer else witness or Witness(url)
        self.scope: Scope = Scope(outer.scope if outer else None, environment)
        self.actors: dict[str, Actor] = {}
        self.results: list[StepResult] = []
        self.failed: StepResult | None = None
        self.load: Load | None = None
        #: The step that began last.
        self.playing: Step | None = None
        self._outer = outer
        self._began: float = outer._began if outer else time.monotonic()
        self._clients = ClientSteps(self)
        self._operator = OperatorSteps(self)

    def define(self, variables: Mapping[str, Value]) -> None:
        """Set variables, each of which may refer to those before it; Unplayable."""
        for name, value in variables.items():
            self.scope.variables[name] = self.resolve(value)

    def resolve(self, value: Value) -> Value:
        """A value with what is known in place of references; Unplayable where nothing is."""
        try:
            return values.resolve(value, self.scope.look_up)
        except Undefined as error:
            raise Unplayable(str(error)) from None

    def differs(self, pattern: Value, got: Value, bound: dict[str, Value] | None = None) -> str | None:
        """None when what came matches a resolved pattern; otherwise the first difference. Fills `bound`."""
        if self.record_missing:
            pattern, got = open_ended(pattern, got)
        return values.match(pattern, got, {} if bound is None else bound)

    def actor(self, name: str) -> Actor:
        """An actor of this stage, or of one around it."""
        stage: Stage | None = self
        while stage is not None:
            if name in stage.actors:
                return stage.actors[name]
            stage = stage._outer
        raise Unplayable(f"{name} has not connected yet")

    def new_actor(self, name: str) -> Actor:
        """The actor of this name that this stage has, or a new one."""
        actor = self.actors.get(name)
        if actor is None:
            actor = self.actors[name] = Actor(name, self.witness, lambda: self.playing)
            self.scope.actors[name] = actor
        return actor

    def timeout(self, step: Step) -> float:
        return self.defaults.timeout if step.within is None else step.within

    async def play(self) -> None:
        """Play the case; `results` and `failed` say what came of it."""
        try:
            self.define(self.script.vars)
            self.define(self.case.vars)
        except Unplayable as failure:
            self._note(StepResult(_first(self.case), Status.ERROR, failure=failure))
            return
        try:
            await Lane(self).steps(self.case.steps)
            await self._nothing_unexpected()
        except Stop:
            pass

    async def close(self) -> None:
        """End all actors' connections."""
        actors = list(self.actors.values())
        await asyncio.gather(*(actor.end() for actor in actors), return_exceptions=True)

    async def _nothing_unexpected(self) -> None:
        wanted = self.case.unexpected or self.defaults.unexpected
        if wanted != "fail" or not self.case.steps:
            return
        await self.settle_all()
        last = self.case.steps[-1]
        for actor in self.actors.values():
            left = [each for each in actor.inbox.open() if each.event.name not in self.defaults.exempt]
            if left:
                step = left[0].step if isinstance(left[0].step, Step) else last
                failure = self._clients.unexpected(actor, left)
                self._note(StepResult(step, Status.FAILED, self.elapsed(), failure=failure))
                return

    async def settle_all(self) -> None:
        """All that was sent has reached the server, and what it sent at once has come."""
        connected = [actor for actor in self.actors.values() if actor.is_connected]
        for _ in range(2):
            await asyncio.gather(*(actor.settle() for actor in connected))

    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def _note(self, result: StepResult) -> None:
        result.ended = time.time_ns()
        self.results.append(result)
        if result.failure and not self.failed:
            self.failed = result
        self.observer.ended(result)

    # what steps do

    async def perform(self, step: Step, lane: Lane, result: StepResult) -> None:
        """Do what a step says; Failed says what is wrong."""
        match step:
            case model.Wait():
                await self.pace.gap(step.seconds)
            case model.Parallel():
                await self._parallel(step, lane)
            case model.Repeat() if step.clients:
                result.load = await self._crowd(step)
            case model.Repeat():
                for index in range(step.times):
                    self.scope.variables["index"] = index + 1
                    await lane.steps(step.steps)
            case model.Include():
                self.define(step.vars)
                await lane.steps(step.steps)
            case model.Http():
                await request(self, step, result)
            case model.Console() | model.ExpectSocket() | model.ExpectRecord():
                await self._operator.perform(step, result)
            case _:
                await self._clients.perform(step, result)

    async def _parallel(self, step: model.Parallel, lane: Lane) -> None:
        await lane.settle()
        lanes = [Lane(self, name) for name in step.lanes]
        tasks = [
            asyncio.ensure_future(each.steps(steps)) for each, steps in zip(lanes, step.lanes.values(), strict=True)
        ]
        await _all(tasks)
        for each in lanes:
            await each.settle()

    async def _crowd(self, step: model.Repeat) -> Load:
        """Simulated clients that play the steps, each on a stage of its own."""
        load = Load(clients=step.clients)
        failures: list[StepResult] = []
        began = time.monotonic()

        async def client(number: int) -> None:
            await asyncio.sleep(step.ramp * number / step.clients)
            stage = Stage(
                self.script,
                self.case,
                self.url,
                pace=self.pace,
                host=self.host,
                skip_console=self.skip_console,
                record_missing=self.record_missing,
                lenient=self.lenient,
                outer=self,
            )
            stage.load = load
            stage.scope.variables["client"] = stage.scope.variables["index"] = number + 1
            try:
                lane = Lane(stage, f"client {number + 1}")
                for index in range(step.times):
                    stage.scope.variables["index"] = index + 1 if step.times > 1 else number + 1
                    await lane.steps(step.steps)
            except Stop:
                load.errors += 1
                if stage.failed:
                    failures.append(stage.failed)
            finally:
                await stage.close()

        await _all([asyncio.ensure_future(client(number)) for number in range(step.clients)])
        load.seconds = time.monotonic() - began
        if load.errors > step.allowed_errors:
            first = failures[0]
            failure = first.failure
            notes = tuple(f"{each.lane}: {each.failure}" for each in failures[1:_TOLD])
            message = f"{load.errors} of {step.clients} clients failed; {first.lane}: {failure}"
            raise CrowdFailed(message, first, load, notes)
        return load


class CrowdFailed(Failed):
    """More simulated clients failed than may."""

    def __init__(self, message: str, first: StepResult, load: Load, notes: tuple[str, ...]) -> None:
        failure = first.failure
        if failure is None:
            super().__init__(message, notes=notes)
        else:
            super().__init__(message, expected=failure.expected, got=failure.got, differs=failure.differs, notes=notes)
            self.exit = failure.exit
        self.first = first
        self.load = load


async def _all(tasks: list[asyncio.Task[None]]) -> None:
    """Wait for all; when one fails, or this is cancelled, none goes on."""
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Lane:
    """Steps one after another; what one does reaches the server before what the next does."""

    def __init__(self, stage: Stage, name: str = "") -> None:
        self._stage = stage
        self.name = name
        #: Who sent something that nothing yet shows to have reached the server.
        self._sent: Actor | None = None

    async def steps(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            await self._step(step)

    async def settle(self) -> None:
        """What was sent has reached the server."""
        actor, self._sent = self._sent, None
        if actor is not None:
            await actor.settle()

    async def _step(self, step: Step) -> None:
        stage = self._stage
        if stage.skip_console and model.needs_console(step):
            stage._note(StepResult(step, Status.SKIPPED, stage.elapsed(), lane=self.name))
            return
        await stage.observer.gate(step, self.name)
        await stage.pace.gap(step.after)
        if self._sent is not None and _acts(step, self._sent):
            await self.settle()
        stage.playing = step
        stage.observer.started(step, self.name)
        result = StepResult(step, Status.PASSED, stage.elapsed(), lane=self.name)
        began = time.perf_counter()
        try:
            await stage.perform(step, self, result)
        except CrowdFailed as failure:
            result.failure, result.load = failure, failure.load
        except Failed as failure:
            result.failure = failure
        result.seconds = time.perf_counter() - began
        if stage.load is not None:
            self._measure(stage.load, step, result)
        if result.failure:
            result.status = Status.FAILED if result.failure.exit == 1 else Status.ERROR
        stage._note(result)
        if result.failure:
            raise Stop
        if isinstance(step, model.Emit | model.Disconnect) and getattr(step, "ack", None) is None:
            self._sent = stage.actor(step.actor)

    def _measure(self, load: Load, step: Step, result: StepResult) -> None:
        if what := _measured(step):
            row: Latency = load.row(what)
            if result.failure:
                row.errors += 1
            else:
                row.seconds.append(result.seconds)


def _measured(step: Step) -> str:
    """The row of a load's summary to which a step belongs; "" for none."""
    match step:
        case model.Connect():
            return "connect"
        case model.Emit() if step.ack is not None:
            return f"{step.values[0]} → ack"
        case model.Expect():
            return f"expect {step.values[0]}"
        case model.Http():
            return f"{step.method.upper()} {step.url}"
    return ""


def _acts(step: Step, last: Actor) -> bool:
    """Whether a step does something that must come after what `last` sent."""
    if isinstance(step, model.Never | model.NothingElse | model.ExpectSocket | model.ExpectRecord):
        return True
    if isinstance(step, model.Connect | model.Emit | model.Disconnect):
        return step.actor != last.name
    return not isinstance(
        step,
        model.Expect
        | model.ExpectAck
        | model.ExpectDisconnect
        | model.ExpectTransport
        | model.Wait
        | model.Repeat
        | model.Include,
    )


def _first(case: Case) -> Step:
    return case.steps[0] if case.steps else Step(at=case.at)
