"""Replay: a script beside its progress, and what a step expected beside what came."""

from __future__ import annotations

import os
import shlex
import subprocess

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Static

from console.replay import lines
from console.replay.outcome import NOTHING, Status
from console.replay.playback import Playback, Playing, Row
from console.screens.replay_help import ReplayHelp
from console.text import cut, fit, safe, seconds, wrap
from console.widgets.keys_footer import KeysFooter
from console.widgets.line_list import LineList, Piece

#: Seconds between two looks at the playback.
LOOK = 1 / 20
#: Cells from which script and outcome stand side by side.
WIDE = 100
#: Lines that a step itself takes at most.
_STEP_LINES = 6

_MARKS: dict[Status | None, Piece] = {
    Status.PASSED: ("✓", "good"),
    Status.FAILED: ("✗", "bad"),
    Status.ERROR: ("✗", "bad"),
    Status.SKIPPED: ("-", "quiet"),
    None: (" ", "quiet"),
}


class ScriptList(LineList):
    """The script's steps, each with its mark, its line and its time."""

    BORDER_TITLE = "Script"

    def __init__(self, playback: Playback) -> None:
        super().__init__(id="script")
        self.playback = playback

    def row_count(self) -> int:
        return len(self.playback.errors) or len(self.playback.rows)

    def empty(self) -> str:
        return "the script has no cases" if self.playback.playing is Playing.IDLE else ""

    def row(self) -> Row | None:
        """The row under the cursor."""
        rows = self.playback.rows
        return rows[self.cursor] if self.cursor < len(rows) else None

    def pieces(self, row: int, width: int) -> list[Piece]:
        playback = self.playback
        if playback.errors:
            told = playback.errors[row].replace(str(playback.path), playback.path.name, 1)
            return [(cut(safe(told), width), "bad")]
        found = playback.rows[row]
        mark, tone = _MARKS[playback.status(found)]
        if found.step is None:
            return [(f"{mark} ", tone), (cut(safe(found.case.name), width - 2), "header")]
        step = found.step
        if step is playback.current:
            mark, tone = ("▶", "warn") if playback.playing is Playing.RUNNING else ("‖", "warn")
        stop = "●" if playback.holds_at(step) else " "
        result = playback.results.get(id(step))
        took = seconds(result.seconds) if result and result.status is not Status.SKIPPED else ""
        indent = "  " * found.depth
        text = lines.step(step, show_secrets=playback.show_secrets)
        room = max(0, width - len(indent) - 17)
        return [
            (stop, "bad"),
            (f"{mark} ", tone),
            (f"{step.at.line:>4} ", "quiet"),
            (indent + fit(safe(text), room) + " ", "plain" if result or step is playback.current else "quiet"),
            (fit(took, 8, right=True), "quiet"),
        ]


class Outcome(LineList):
    """What came of the step under the cursor: expected beside got, and what happened around it."""

    BORDER_TITLE = "Outcome"

    def __init__(self, playback: Playback) -> None:
        super().__init__(id="outcome")
        self.playback = playback
        self._row: Row | None = None
        self._shown: list[list[Piece]] = []

    def on_resize(self) -> None:
        self.show(self._row)  # wrapped anew

    def row_count(self) -> int:
        return len(self._shown)

    def empty(self) -> str:
        return "p plays the script, s one step of it"

    def pieces(self, row: int, width: int) -> list[Piece]:
        return self._shown[row]

    def show(self, row: Row | None) -> None:
        """Show a row's outcome."""
        self._row = row
        width = max(20, self.size.width - 1)
        errors = self.playback.errors
        if errors:
            self._shown = [[(piece, "bad")] for error in errors for piece in wrap(safe(error), width)]
        else:
            self._shown = self._lines(row, width) if row else []
        self.update()

    def _lines(self, row: Row, width: int) -> list[list[Piece]]:
        case = self.playback.cases.get(id(row.case))
        if row.step is None:
            if case is None:
                return []
            told = lines.failure_lines(case) or [f"passed in {seconds(case.seconds)}"]
            return [[(cut(line, width), "plain")] for line in told]
        result = self.playback.results.get(id(row.step))
        shown: list[list[Piece]] = [[(cut(safe(lines.place(row.step.at)), width), "quiet")]]
        if row.step.verb:
            whole = lines.step(row.step, show_secrets=self.playback.show_secrets)
            shown += [[(piece, "name")] for piece in wrap(safe(whole), width)[:_STEP_LINES]]
        if result is None:
            return shown
        if result.load:
            return shown + [[(cut(line, width), "plain")] for line in lines.load_lines(result.load)]
        failure = result.failure
        if failure is None:
            got = "" if result.recorded is NOTHING else lines.written(lines.masked(result.recorded))
            return [
                *shown,
                [(f"{result.status.value} in {seconds(result.seconds)}", "good")],
                [(cut(safe(got), width), "plain")],
            ]
        shown += [[(cut(safe(line), width), "bad")] for line in failure.message.splitlines()]
        if failure.differs:
            shown.append([(cut(safe(failure.differs), width), "warn")])
        shown += [[(cut(safe(note), width), "quiet")] for note in failure.notes]
        shown += _side_by_side(failure.expected, failure.got, width)
        if case and case.around:
            shown += [[], [("around it", "header")]]
            shown += [[(cut(line, width), "quiet")] for line in case.around]
        return shown


def _side_by_side(expected: object, got: object, width: int) -> list[list[Piece]]:
    """Two values, line beside line; what differs has its colour and its sign."""
    one, other = lines.masked(expected), lines.masked(got)
    half = max(8, (width - 3) // 2)
    shown: list[list[Piece]] = [[], [(fit("expected", half), "header"), (" │ ", "quiet"), ("got", "header")]]
    if one is NOTHING or other is NOTHING:
        left = [] if one is NOTHING else lines.block(one)
        right = ["nothing"] if other is NOTHING else lines.block(other)
        return shown + _pairs(left, right, half)
    removed: list[str] = []
    added: list[str] = []
    for sign, line in lines.difference(one, other):
        if sign == "-":
            removed.append(line)
        elif sign == "+":
            added.append(line)
        else:
            shown += _pairs(removed, added, half)
            removed, added = [], []
            shown.append(_pair(line, line, half, differs=False))
    return shown + _pairs(removed, added, half)


def _pairs(left: list[str], right: list[str], half: int) -> list[list[Piece]]:
    rows = range(max(len(left), len(right)))
    return [_pair(_at(left, row), _at(right, row), half, differs=True) for row in rows]


def _at(found: list[str], index: int) -> str:
    return found[index] if index < len(found) else ""


def _pair(left: str, right: str, half: int, *, differs: bool) -> list[Piece]:
    sign = "≠" if differs else "│"
    return [
        (fit(safe(left), half), "bad" if differs else "plain"),
        (f" {sign} ", "warn" if differs else "quiet"),
        (cut(safe(right), half), "good" if differs else "plain"),
    ]


class ReplayScreen(Screen[None]):
    """A script, played while one watches. The console goes on beneath it."""

    BINDINGS = [
        Binding("p", "play", "play", tooltip="Play from the start, or go on; while it plays, wait before a step"),
        Binding("s", "step", "step", tooltip="Play one step, then wait"),
        Binding("b", "breakpoint", "break", tooltip="Wait before the step under the cursor each time, or no more"),
        Binding("plus,equals_sign", "faster(1)", "speed", key_display="+ -", tooltip="Shorter gaps, or longer ones"),
        Binding("minus", "faster(-1)", "slower", show=False),
        Binding("x", "stop", "stop", tooltip="End it"),
        Binding("e", "edit", "edit", tooltip="Edit the script where the cursor is; saving it plays it again"),
        Binding("f", "failure", "failure", tooltip="Go to the step that failed"),
        Binding("tab", "app.focus_next", "next pane", show=False, tooltip="Go to the other pane"),
        Binding("question_mark", "help", "help", key_display="?"),
        Binding("escape", "leave", "back", key_display="esc", tooltip="Back to the console; 7 shows the replay again"),
        Binding("q", "app.exit", "quit", show=False, tooltip="End the console"),
    ]

    def __init__(self, playback: Playback) -> None:
        super().__init__()
        self.playback = playback
        self.script = ScriptList(playback)
        self.outcome = Outcome(playback)
        self._drawn = -1
        self._told = -1

    def compose(self) -> ComposeResult:
        yield Static(id="replay-state")
        with Container(id="replay"):
            yield self.script
            yield self.outcome
        yield KeysFooter()

    def on_mount(self) -> None:
        self.script.focus()
        self.set_interval(LOOK, self._look)
        self.run_worker(self._watch())

    def on_resize(self, event: Resize) -> None:
        self.query_one("#replay").set_class(event.size.width >= WIDE, "wide")
        self._drawn = -1

    async def _watch(self) -> None:
        try:
            if self.playback.playing is Playing.UNREAD:
                await self.playback.reload()
            await self.playback.watch()
        except OSError as error:
            why = error.strerror or type(error).__name__
            self.notify(safe(f"saves are not noticed: {why}"), severity="warning", markup=False)

    # drawing

    def _look(self) -> None:
        playback = self.playback
        if playback.version == self._drawn:
            return
        self._drawn = playback.version
        if playback.is_on and (current := playback.current_row()) is not None:
            self.script.move(current)
        if playback.report is not None and id(playback.report) != self._told:
            self._told = id(playback.report)
            if (failed := playback.failed_row()) is not None:
                self.script.move(failed)
        self.query_one("#replay").set_class(playback.failed_row() is not None, "failed")
        self.script.update()
        self.outcome.show(self.script.row())
        self.query_one("#replay-state", Static).update(self._state())

    def _state(self) -> str:
        playback = self.playback
        speed = "max" if playback.speed is None else f"×{playback.speed:g}"
        if playback.errors:
            told = "the script can't be played: e edits it"
        elif playback.report is not None:
            told = lines.summary(playback.report)
        else:
            told = f"{playback.playing.value}  {playback.summary()}"
        return safe(f" {playback.path.name}  {told}  speed {speed}").replace("[", "\\[")

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        if event.list is self.script:
            self.outcome.show(self.script.row())

    # acting

    def action_play(self) -> None:
        if self.playback.playing is Playing.RUNNING:
            self.playback.pause()
        else:
            self.playback.play()

    def action_step(self) -> None:
        self.playback.step()

    def action_breakpoint(self) -> None:
        if (row := self.script.row()) and row.step is not None:
            self.playback.toggle_breakpoint(row.step)

    def action_faster(self, by: int) -> None:
        self.playback.faster(by)

    async def action_stop(self) -> None:
        await self.playback.stop()

    def action_failure(self) -> None:
        if (failed := self.playback.failed_row()) is not None:
            self.script.move(failed)
        else:
            self.notify("failure: no step has failed", severity="warning", markup=False)

    async def action_edit(self) -> None:
        """Edit the script where the cursor is, and play it again when it was saved."""
        await self.playback.stop()
        row = self.script.row()
        line = row.step.at.line if row and row.step is not None else 1
        command = [*editor(), f"+{line}", str(self.playback.path)]
        try:
            with self.app.suspend():
                subprocess.run(command, check=False)  # noqa: ASYNC221, S603  the person is in it
        except OSError as error:
            self.notify(safe(f"can't run {command[0]}: {error.strerror}"), severity="error", markup=False)
        await self.playback.play_saved()

    def action_help(self) -> None:
        self.app.push_screen(ReplayHelp([each for each in self.BINDINGS if isinstance(each, Binding)]))

    async def action_leave(self) -> None:
        self.app.pop_screen()


def editor() -> list[str]:
    """The person's editor."""
    return shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
