"""What came of a replay."""

from __future__ import annotations

import enum
import statistics
from dataclasses import dataclass, field

from console.replay.model import Case, Script, Step
from console.replay.values import Value


class Status(enum.Enum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    #: It could not be played: no server, or a script that can't.
    ERROR = "error"


class Exit(enum.IntEnum):
    """Exit codes of `socketscope replay`."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    INTERNAL = 4
    NOTHING_RAN = 5
    INTERRUPTED = 130


class Nothing:
    """Stands for what did not come."""


NOTHING = Nothing()


class Failed(Exception):
    """A step that did not do what it should; its text says so in one line."""

    exit = Exit.FAILED

    def __init__(
        self,
        message: str,
        *,
        expected: Value = NOTHING,
        got: Value = NOTHING,
        differs: str = "",
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        #: With references resolved; matchers where nothing matched them.
        self.expected = expected
        self.got = got
        #: Where the first difference is.
        self.differs = differs
        self.notes = notes


class Unplayable(Failed):
    """The script asks for what can't be: an undefined name, a server that is not hosted."""

    exit = Exit.USAGE


class Unreachable(Failed):
    """The target can't be reached."""

    exit = Exit.UNREACHABLE


@dataclass
class Latency:
    """Seconds that each of many took."""

    seconds: list[float] = field(default_factory=list)
    errors: int = 0

    def percentile(self, share: float) -> float:
        """The time within which this share of them was done; 0 when there are none."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    @property
    def mean(self) -> float:
        return statistics.fmean(self.seconds) if self.seconds else 0.0


@dataclass
class Load:
    """What simulated clients measured."""

    clients: int
    #: `connect`, `emit private message → ack`, …
    rows: dict[str, Latency] = field(default_factory=dict)
    errors: int = 0
    seconds: float = 0.0

    def row(self, what: str) -> Latency:
        return self.rows.setdefault(what, Latency())


@dataclass
class StepResult:
    step: Step
    status: Status
    #: Seconds since the case began, and that it took.
    started: float = 0.0
    seconds: float = 0.0
    failure: Failed | None = None
    load: Load | None = None
    #: The lane or simulated client in which it played; "" for the case's own.
    lane: str = ""
    #: Wall time in nanoseconds when it was over.
    ended: int = 0
    #: What a `$missing` of it would be.
    recorded: Value = NOTHING
    #: With leniency: what was expected of what came otherwise, and was taken all the same.
    expected: Value = NOTHING
    differs: str = ""


@dataclass
class CaseResult:
    case: Case
    status: Status = Status.PASSED
    seconds: float = 0.0
    steps: list[StepResult] = field(default_factory=list)
    #: The step that failed first.
    failed: StepResult | None = None
    #: What it failed of when no step did: the server did not start.
    error: Failed | None = None
    #: The records around the failure, as lines.
    around: list[str] = field(default_factory=list)
    #: Where the recording was kept.
    recording: str = ""

    @property
    def failure(self) -> Failed | None:
        return self.failed.failure if self.failed else self.error

    @property
    def loads(self) -> list[StepResult]:
        return [result for result in self.steps if result.load]


@dataclass
class Report:
    """A script that was played."""

    script: Script
    target: str = ""
    cases: list[CaseResult] = field(default_factory=list)
    interrupted: bool = False

    def count(self, status: Status) -> int:
        return sum(case.status is status for case in self.cases)

    @property
    def exit(self) -> Exit:
        """The exit code; of several failures the gravest: unreachable, unplayable, failed."""
        if self.interrupted:
            return Exit.INTERRUPTED
        codes = {case.failure.exit for case in self.cases if case.failure}
        for code in (Exit.INTERNAL, Exit.UNREACHABLE, Exit.USAGE, Exit.FAILED):
            if code in codes:
                return code
        played = any(case.status is not Status.SKIPPED for case in self.cases)
        return Exit.PASSED if played else Exit.NOTHING_RAN
