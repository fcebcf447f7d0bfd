"""A replay in words: what failed, where, and how what came differs from what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from console import text
from console.lines import Reader, clock
from console.replay import printer, values
from console.replay.model import Place, Script, Step
from console.replay.outcome import NOTHING, CaseResult, Failed, Load, Report, Status
from console.replay.values import Value
from console.state.session import Session
from console.state.state import State
from server_core import redact
from server_core.records import AnyRecord

#: Records shown around a failure, and cells of each line.
AROUND = 12
_WIDTH = 160
#: Cells past which values are compared line by line.
_ONE_LINE = 100
#: Lines of a difference.
_MAX_LINES = 60


def around(records: Sequence[AnyRecord], *, show_secrets: bool = False, count: int = AROUND) -> list[str]:
    """The last things that happened, one line each, safe for a terminal."""
    state = State()
    state.apply(records)
    reader = Reader(Session(state), show_secrets=show_secrets)
    lines = []
    for record in state.history.since(state.history.end - count):
        line = reader.line(record)
        words = " ".join(part for part in (line.who, line.what, line.rest) if part)
        lines.append(text.cut(text.safe(f"{clock(record.time)} {line.glyph} {words}"), _WIDTH))
    return lines


def masked(value: Value, *, show_secrets: bool = False) -> Value:
    """A value without what stands under secret names."""
    if show_secrets:
        return value
    match value:
        case dict():
            return {
                key: redact.MASK if redact.is_secret(key) and item is not None else masked(item)
                for key, item in value.items()
            }
        case list():
            return [masked(item) for item in value]
        case str():
            return redact.mask_string(value)
        case values.Subset(inner):
            return values.Subset(masked(inner))
    return value


def written(value: Value) -> str:
    """A value on one line, as a script has it."""
    if value is NOTHING:
        return "nothing"
    try:
        return printer.flow(_plain(value))
    except TypeError:
        return repr(value)


def written_as_value(value: Value) -> str:
    """What came, as a script can expect it."""
    return printer.flow(value)


def _plain(value: Value) -> Value:
    """Texts as the format's own: the dollars in what came are no references."""
    match value:
        case str():
            return printer.Plain(value)
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case values.Subset(inner):
            return values.Subset(_plain(inner))
    return value


def block(value: Value, indent: str = "") -> list[str]:
    """A value on as many lines as it has parts."""
    line = written(value)
    if len(line) <= 40 or not isinstance(value, list | dict) or not value:
        return [indent + line]
    lines: list[str] = []
    if isinstance(value, dict):
        for key, item in value.items():
            inner = block(item, indent + "  ")
            head = f"{indent}{printer.key(key)}:"
            lines += [f"{head} {inner[0].strip()}"] if len(inner) == 1 else [head, *inner]
        return lines
    for item in value:
        inner = block(item, indent + "  ")
        lines += [f"{indent}- {inner[0].strip()}", *inner[1:]]
    return lines


def difference(expected: Value, got: Value) -> list[tuple[str, str]]:
    """Two values side by side, line by line: (sign, line), the sign `-` for expected, `+` for got, or a space."""
    if expected is NOTHING or got is NOTHING:
        return []
    one, other = block(values.filled(expected, got)), block(got)
    return [(line[0], line[2:]) for line in difflib.ndiff(one, other) if line[0] in "-+ "]


def failure_lines(result: CaseResult, *, show_secrets: bool = False) -> list[str]:
    """A failed case: its step and place, what was expected, what came, and what happened around it. Safe lines; the
    one that has the place has nothing else."""
    failure = result.failure
    if failure is None:
        return []
    lines = [f"{text.safe(result.case.name)}: {_first(failure.message)}"]
    lines += [f"  {line}" for line in failure.message.splitlines()[1:]]
    if result.failed:
        lane = f"   ({result.failed.lane})" if result.failed.lane else ""
        lines.append(f"  {place(result.failed.step.at)}")
        lines.append(f"  step     {step(result.failed.step, show_secrets=show_secrets)}{lane}")
    lines += _compared(failure, show_secrets)
    lines += [f"  note     {note}" for note in failure.notes]
    if result.around:
        lines.append("  around it:")
        lines += [f"    {line}" for line in result.around]
    if result.recording:
        lines += ["  recording:", f"    {result.recording}"]
    return [text.safe(line) for line in lines]


def step(step: Step, *, show_secrets: bool = False) -> str:
    """A step as the script has it, or its beginning; not yet safe for the screen."""
    whole = printer.step(step) if step.verb else ""
    whole = whole if show_secrets else redact.mask_line(whole)
    return whole if len(whole) <= 300 else whole[:300] + "…"


def _first(message: str) -> str:
    return text.safe(message.splitlines()[0]) if message else ""


def _compared(failure: Failed, show_secrets: bool) -> list[str]:
    expected = masked(failure.expected, show_secrets=show_secrets)
    got = masked(failure.got, show_secrets=show_secrets)
    lines = []
    if expected is not NOTHING:
        lines.append(f"  expected {_cut(written(expected))}")
    if got is not NOTHING or expected is not NOTHING:
        lines.append(f"  got      {_cut(written(got))}")
    if failure.differs:
        lines.append(f"  differs  {failure.differs}")
    if max(len(written(expected)), len(written(got))) > _ONE_LINE:
        shown = difference(expected, got)
        if shown:
            lines.append("  line by line, - expected, + got:")
            lines += [f"    {sign} {line}" for sign, line in shown[:_MAX_LINES]]
            lines += [f"    … {len(shown) - _MAX_LINES} lines more"] if len(shown) > _MAX_LINES else []
    return lines


def _cut(line: str) -> str:
    return line if len(line) <= 2_000 else f"{line[:2_000]}… ({len(line)} characters)"


def place(at: Place) -> str:
    """`FILE:LINE`, for editors and people to jump to."""
    return str(at)


def load_lines(load: Load) -> list[str]:
    """The latency summary of simulated clients, as a table."""
    rows: list[tuple[str, ...]] = [("", "count", "p50", "p95", "max", "errors")]
    for what, row in load.rows.items():
        numbers = (row.percentile(0.5), row.percentile(0.95), row.percentile(1))
        rows.append((text.safe(what), str(len(row.seconds)), *map(text.seconds, numbers), str(row.errors)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    head = f"{text.count(load.clients, 'client')} in {text.seconds(load.seconds)}, {text.count(load.errors, 'error')}"
    return [head, *("  ".join(_aligned(row, widths)).rstrip() for row in rows)]


def _aligned(row: Iterable[str], widths: list[int]) -> Iterable[str]:
    for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.rjust(width) if column else cell.ljust(width)


def summary(report: Report) -> str:
    """`3 passed, 1 failed, 2 skipped in 1.2 s`"""
    parts = [
        f"{count} {status.value if status is not Status.ERROR else 'could not be played'}"
        for status in Status
        if (count := report.count(status))
    ]
    seconds = sum(case.seconds for case in report.cases)
    told = ", ".join(parts) or "nothing ran"
    return f"{told} in {text.seconds(seconds)}" + (", interrupted" if report.interrupted else "")


def as_json(report: Report, script: Script, *, show_secrets: bool = False) -> dict[str, Any]:
    """The report for programs."""
    return {
        "script": script.path,
        "target": report.target,
        "exit": int(report.exit),
        "interrupted": report.interrupted,
        "passed": report.count(Status.PASSED),
        "failed": report.count(Status.FAILED),
        "errors": report.count(Status.ERROR),
        "skipped": report.count(Status.SKIPPED),
        "cases": [_case_json(case, show_secrets) for case in report.cases],
    }


def _case_json(result: CaseResult, show_secrets: bool) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": result.case.name,
        "status": result.status.value,
        "seconds": round(result.seconds, 6),
        "steps": sum(step.status is Status.PASSED for step in result.steps),
    }
    if loads := result.loads:
        made["load"] = [_load_json(step.load) for step in loads if step.load]
    if failure := result.failure:
        at = result.failed.step.at if result.failed else result.case.at
        made["failure"] = {
            "message": failure.message,
            "file": at.file,
            "line": at.line,
            "step": step(result.failed.step, show_secrets=show_secrets) if result.failed else "",
            "expected": written(masked(failure.expected, show_secrets=show_secrets)),
            "got": written(masked(failure.got, show_secrets=show_secrets)),
            "differs": failure.differs,
            "notes": list(failure.notes),
            "around": result.around,
            "recording": result.recording,
        }
    return made


def _load_json(load: Load) -> dict[str, Any]:
    rows = {
        what: {
            "count": len(row.seconds),
            "errors": row.errors,
            "p50": row.percentile(0.5),
            "p95": row.percentile(0.95),
            "max": row.percentile(1),
        }
        for what, row in load.rows.items()
    }
    return {"clients": load.clients, "seconds": load.seconds, "errors": load.errors, "latency": rows}
