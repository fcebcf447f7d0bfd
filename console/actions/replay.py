"""Scripts: playing one against the server that is watched, and making one of what happened."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

from console.actions.registry import action
from console.screens.pick import Choice, PickDialog
from console.text import count, cut, safe
from console.widgets.event_list import EventList
from console.widgets.timeline_list import TimelineList
from server_core.records import AnyRecord
from server_core.redact import Redactor

if TYPE_CHECKING:  # what plays and makes scripts is imported when it is asked for
    from console.replay.distill import Distilled
    from console.screens.main import MainScreen

#: Scripts that are offered, and notes that are told.
_OFFERED, _TOLD = 50, 3
#: Seconds after which it is said that something takes long.
_LONG = 0.5
#: Cells of the names of secrets that a notification has.
_NAMES = 120


def _no_target(screen: MainScreen) -> str:
    return "" if screen.link.url.startswith("http") else "there is no server to play it against"


@action(
    "replay",
    "7",
    "replay",
    "Play a script against this server, step by step if you like",
    group="Move",
    refusal=_no_target,
)
def replay(screen: MainScreen) -> None:
    if screen.playback is not None:
        from console.screens.replay import ReplayScreen

        screen.app.push_screen(ReplayScreen(screen.playback))
        return
    found = sorted(each for pattern in ("*.sio.yaml", "*.sio.yml", "*.siorec") for each in Path().glob(pattern))
    if not found:
        screen.notify("no *.sio.yaml and no *.siorec in this folder", severity="warning", markup=False)
        return

    def chosen(name: str | None) -> None:
        if name:
            screen.play(Path(name))

    choices = [Choice(str(path), str(path)) for path in found[:_OFFERED]]
    screen.app.push_screen(PickDialog("Play which script?", choices), chosen)


class _Remembering(Redactor):
    """Knows what it masked, so that a script can be played at once by whoever saw it happen."""

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.secrets: dict[str, str] = {}

    def value(self, value: str) -> str:
        masked = super().value(value)
        self.secrets[masked] = value
        return masked


def _marked_events(screen: MainScreen) -> list[int]:
    """Numbers of the events that a script is made of, none where others are marked in the list that one is on."""
    here, events = screen.view.marking, screen.views["events"].marking
    if not isinstance(events, EventList) or (here is not None and here is not events and here.marks):
        return []
    return events.marked_numbers()


@action(
    "make-script",
    "W",
    "make script",
    "Write a script of marked events, the timeline, or what sockets did",
    group="Export",
    about="list",
)
def make_script(screen: MainScreen) -> None:
    screen.run_worker(_make_script(screen), group="make-script", exclusive=True)


async def _make_script(screen: MainScreen) -> None:
    """Look through the history a slice at a time, and make the script of it on another thread."""
    from console.replay import excerpt
    from console.replay.run import Options

    state = screen.session.state
    marked = _marked_events(screen)
    if marked:
        looking = excerpt.of_records(state, marked)
    elif isinstance(screen.view.main, TimelineList):
        looking = excerpt.of_records(state, screen.view.main.timeline.numbers)
    else:
        looking = excerpt.of_sockets(state, [socket.id for socket in screen.targets()])
    began, told = time.monotonic(), False
    found: list[AnyRecord] | None = None
    while found is None:
        try:
            next(looking)
        except StopIteration as done:
            found = done.value
        if not told and time.monotonic() - began > _LONG:
            told = True
            screen.notify("making a script of it…", markup=False)
        await asyncio.sleep(0)
    redact = _Remembering(secrets.token_bytes(16))
    made, text = await asyncio.to_thread(_written, found, redact)
    steps = len(made.script.cases[0].steps)
    if not steps:
        screen.notify("nothing here that a client could play", severity="warning", markup=False)
        return
    path = Path(time.strftime("socketscope-%Y%m%d-%H%M%S.sio.yaml"))
    try:
        await asyncio.to_thread(path.write_text, text, encoding="utf-8")
    except OSError as error:
        screen.notify(safe(f"can't write {path}: {error.strerror}"), severity="error", markup=False)
        return
    of = f" of {count(len(marked), 'marked event')}" if marked else ""
    screen.notify(safe(f"{path}: {count(steps, 'step')}{of}"), markup=False)
    for note in made.notes[:_TOLD]:
        screen.notify(safe(note), severity="warning", markup=False)
    known = {name: redact.secrets[masked] for name, masked in made.secrets.items() if masked in redact.secrets}
    if known:
        names = cut(", ".join(sorted(known)), _NAMES)
        screen.notify(safe(f"elsewhere, set its secrets in the environment: {names}"), markup=False)
    if not _no_target(screen):
        show_secrets = screen.person.settings.show_secrets
        screen.play(path, Options(speed=1.0, show_secrets=show_secrets, environment={**os.environ, **known}))


def _written(found: list[AnyRecord], redact: Redactor) -> tuple[Distilled, str]:
    """The script of some records, and its text."""
    from console.replay import printer
    from console.replay.distill import distill

    made = distill([redact.record(record) for record in found], whole=False)
    return made, printer.script(made.script)
