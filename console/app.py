"""The Textual app."""

from __future__ import annotations

import gc
from pathlib import Path

from textual.app import App

from console import themes
from console.link.base import Link
from console.person import Person
from console.screens.main import MainScreen
from console.settings import Settings
from console.state.session import Session
from console.state.state import State


class ConsoleApp(App[None]):
    """The console on one link."""

    TITLE = "socketscope"
    CSS_PATH = "console.tcss"
    ENABLE_COMMAND_PALETTE = False  # the registry has its own action for it

    def __init__(self, link: Link, *, settings: Settings | None = None, folder: Path | None = None) -> None:
        super().__init__()
        self._settings = settings or Settings()
        self._link = link
        self._person = Person(settings, folder=folder, target=link.title)
        self.session = Session(
            State(
                max_records=self._settings.max_records,
                max_bytes=self._settings.max_bytes,
                max_log_lines=self._settings.max_log_lines,
            )
        )

    def copy_to_clipboard(self, text: str) -> None:
        super().copy_to_clipboard(text.encode("utf-8", "replace").decode())  # it can't encode what is no text

    def on_mount(self) -> None:
        themes.use(self, self._settings.theme)
        self.set_keymap(self._settings.keys)
        self._link.start()
        self.push_screen(MainScreen(self._link, self.session, self._person))
        gc.freeze()  # what is loaded by now stays: the collector need not look at it again
