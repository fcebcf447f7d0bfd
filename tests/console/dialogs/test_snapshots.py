"""How the dialogs look: each picture was looked at when it was accepted (`pytest --snapshot-update`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.events import Paste
from textual.pilot import Pilot

from console import places
from console.app import ConsoleApp
from console.screens.export import ExportDialog
from console.settings import Settings
from server_core.records import Ack, CommandResult
from tests.console.fake_link import FakeLink
from tests.console.screens.conftest import chat
from tests.support.make import Maker
from tests.support.still import still

#: Name → keys that lead there; what begins with "=" is pasted.
PLACES: dict[str, tuple[str, ...]] = {
    "emit": (
        "e",
        "tab",
        "f7",
        '=["hello", {"n": 1, "data": {"$b64": "AAH/"}}]',
        "ctrl+o",
        "shift+tab",
        "shift+tab",
        "=bea",
    ),
    "acks": ("A", "m", "tab", "tab", "space", "ctrl+s", "1", "4", "enter"),
    "simulate": ("i", "ctrl+s"),
    "leave": ("A", "l"),
    "move": ("M", "=dev, ops"),
    "attribute": ("a", "=user"),
    "messages": ("m", "ctrl+s", "ctrl+t", "=greeting", "ctrl+s"),
    "confirm": ("A", "X", "1"),
    "kick": ("2", "K"),
    "answer": ("A", "m", "tab", "tab", "space", "ctrl+s", "1", "4", "enter", "tab", "tab", "down", "enter"),
    "columns": ("c", "down", "right", "right"),
    "order": ("o",),
    "slowest": ("3", "o"),
    "copy": ("y",),
    "export": ("w",),
    "save-filter": ("slash", "=who:bob", "enter", "F", "=slow"),
    "filters": ("f",),
    "theme": ("T",),
    "palette": ("ctrl+p", "=kick"),
    "help-filter": ("question_mark", "right"),
    "help-marks": ("question_mark", "left"),
    "help-found": ("question_mark", "slash", "=room"),
    "jump": ("ctrl+o",),
    "time": ("t",),
    "differences": ("left_square_bracket", "left_square_bracket", "D"),
    "past": ("left_square_bracket", "left_square_bracket"),
    "filter": ("slash", "=who:b"),
    "filter-wrong": ("slash", "=who:bob and ("),
    "find": ("enter", "slash", "=lobby"),
    "reveal": ("enter", "right", "v"),
}
Compare = Callable[..., bool]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids="{0[0]}x{0[1]}".format)
@pytest.mark.parametrize("place", PLACES)
def test_looks(place: str, size: tuple[int, int], snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "output_folder", lambda: Path("/home/me/chat"))
    monkeypatch.setattr(ExportDialog, "last_format", "ndjson")  # whatever another test chose
    link = FakeLink(chat())
    if place in ("acks", "answer", "leave", "confirm"):
        make = Maker()
        for number in range(12):
            link.waiting += make.socket(f"crowd{number:04}xxxxxxxxxxx", rooms=("crowd",), user=f"user{number}")  # type: ignore[arg-type]
        acks = [
            Ack(socket=f"crowd{number:04}xxxxxxxxxxx", data=None if number == 4 else f"[{number}]", elapsed=number / 50)
            for number in range(12)
        ]
        link.answer = CommandResult(ok=True, sockets=15, acks=tuple(acks))
    if place == "simulate":
        link.answer = CommandResult(ok=False, error="ValueError: bang")

    async def go(pilot: Pilot[Any]) -> None:
        await still(pilot)
        for key in PLACES[place]:
            if key.startswith("="):
                pilot.app.post_message(Paste(key[1:]))
                await pilot.pause(0.1)
            else:
                await pilot.press(key)
        await still(pilot)

    settings = Settings(filters={"slow": "ack>200ms", "refusals": "kind:refused or kind:event_blocked"})
    assert snap_compare(ConsoleApp(link, settings=settings), terminal_size=size, run_before=go)
