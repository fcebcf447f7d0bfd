"""Learning what differs from run to run: a distilled script is played, and only what differed is relaxed."""

from __future__ import annotations

from dataclasses import replace as changed
from typing import Any

from console.replay import lines, model, values
from console.replay.model import Case, Script, Step
from console.replay.outcome import NOTHING, Report, StepResult
from console.replay.run import Options, replay
from console.replay.values import ANY, Value

#: How often a script is played.
ROUNDS = 2


async def learn(script: Script, options: Options) -> tuple[Script, list[str], Report]:
    """The script with what differed relaxed, what was, and the last report; a step that fails otherwise ends it."""
    told: list[str] = []
    report = Report(script)
    for _ in range(ROUNDS):
        report = await replay(script, changed(options, lenient=True))
        cases = []
        for case, result in zip(script.cases, report.cases, strict=True):
            differing = {id(each.step): each for each in result.steps if each.recorded is not NOTHING and each.differs}
            cases.append(_relaxed(case, differing, told))
        script = changed(script, cases=tuple(cases))
    return script, told, report


def _relaxed(case: Case, differing: dict[int, StepResult], told: list[str]) -> Case:
    if not differing:
        return case
    return changed(case, steps=tuple(_step(step, differing, told) for step in case.steps))


def _step(step: Step, differing: dict[int, StepResult], told: list[str]) -> Step:
    match step:
        case model.Parallel():
            lanes = {name: tuple(_step(each, differing, told) for each in lane) for name, lane in step.lanes.items()}
            return changed(step, lanes=lanes)
        case model.Repeat():
            return changed(step, steps=tuple(_step(each, differing, told) for each in step.steps))
    result = differing.get(id(step))
    if result is None:
        return step
    where = str(step.at) if step.at.line else " ".join(step.actors)
    match step:
        case model.Expect() | model.ExpectAck():
            return changed(step, values=_value(step.values, result, where, told))
        case model.Emit():
            return changed(step, ack=_value(step.ack, result, f"{where} ack", told))
    return step


def _value(pattern: Value, result: StepResult, where: str, told: list[str]) -> Value:
    return relax(pattern, result.expected, result.recorded, where, told)


def relax(pattern: Value, expected: Value, got: Value, where: str, told: list[str]) -> Value:
    """The pattern with matchers where `expected`, which is the pattern with references resolved, differs from what
    came; each is told as a line."""
    if values.match(expected, got, {}) is None:
        return pattern
    if isinstance(pattern, list) and isinstance(got, list) and isinstance(expected, list) and len(pattern) == len(got):
        trios = enumerate(zip(pattern, expected, got, strict=True))
        return [relax(*trio, f"{where}[{index}]", told) for index, trio in trios]
    if isinstance(pattern, dict) and isinstance(got, dict) and isinstance(expected, dict):
        made: dict[str, Any] = {
            key: relax(item, expected[key], got[key], f"{where}.{key}", told)
            for key, item in pattern.items()
            if key in got
        }
        if set(made) == set(got) and set(made) == set(pattern):
            return made
        told.append(f"{where}: keys came and went: a subset")
        return values.Subset(made)
    kind = values.name_of(got)
    loose: Value = values.OfType(kind) if _same_kind(expected, kind) else ANY
    told.append(f"{where}: {lines.written(expected)} → {lines.written(loose)}, for {lines.written(got)} came")
    return loose


def _same_kind(expected: Value, kind: str) -> bool:
    if isinstance(expected, values.OfType):
        return False
    return values.name_of(expected) == kind
