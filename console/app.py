"""The Textual app."""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events

from console import themes
from console.link.base import Link
from console.person import Person
from console.screens.main import MainScreen
from console.settings import Settings
from console.state.session import Session
from console.state.state import State
from console.typeahead import TypeAhead, Typed

if TYPE_CHECKING:
    from console.replay.run import Options

#: Seconds within which a second ^c ends the console.
AGAIN = 3.0
#: When the collector looks for cycles. What is folded has none, and looking at ten thousand sockets holds up the keys.
GARBAGE = (5_000, 10, 400)


class ConsoleApp(TypeAhead):
    """The console on one link."""

    TITLE = "socketscope"
    CSS_PATH = ["console.tcss", "dialogs.tcss"]
    ENABLE_COMMAND_PALETTE = False  # the registry has its own action for it

    def __init__(
        self,
        link: Link,
        *,
        settings: Settings | None = None,
        folder: Path | None = None,
        session: Session | None = None,
        script: Path | None = None,
        replaying: Options | None = None,
    ) -> None:
        """`session` folds what the link gives; by default one that keeps as much as the settings say. `script` is
        what is to be played against the link's server, `replaying` how."""
        #: Whether nothing but the terminal's own colour is wanted, whatever the theme.
        self._plain = bool(os.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if self._plain else None)
        self._settings = settings or Settings()
        self._link = link
        self._script = script
        self._replaying = replaying
        self._interrupted = -AGAIN
        self._person = Person(settings, folder=folder, target=link.title)
        self.session = session or Session(
            State(
                max_records=self._settings.max_records,
                max_bytes=self._settings.max_bytes,
                max_log_lines=self._settings.max_log_lines,
            )
        )

    def action_help_quit(self) -> None:
        """A ^c that was meant for a terminal ends nothing; a second one does."""
        now = time.monotonic()
        if now - self._interrupted < AGAIN:
            self.exit()
            return
        self._interrupted = now
        self.notify("^c once more ends the console", severity="warning", markup=False)

    def copy_to_clipboard(self, text: str) -> None:
        super().copy_to_clipboard(text.encode("utf-8", "replace").decode())  # it can't encode what is no text

    def waits(self, key: Typed) -> bool:
        """What is about a row of a list waits until the filter has found that."""
        return isinstance(key, events.Key) and isinstance(self.screen, MainScreen) and self.screen.waits(key.key)

    def on_mount(self) -> None:
        themes.use(self, "ansi" if self._plain else self._settings.theme)
        self.set_keymap(self._settings.keys)
        self._link.start()
        main = MainScreen(self._link, self.session, self._person)
        self.push_screen(main)
        if self._script:
            main.play(self._script, self._replaying)
        gc.enable()
        gc.freeze()  # what is loaded by now stays: the collector need not look at it again
        gc.set_threshold(*GARBAGE)
