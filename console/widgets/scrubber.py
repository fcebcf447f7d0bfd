"""The scrubber: where in time the console is, and how much of a recording has been read."""

from __future__ import annotations

import time

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from console.lines import clock
from console.link.base import Link, LinkState
from console.state.player import Player
from console.state.session import Session
from console.text import cut


class Scrubber(Widget):
    """One line: play or pause, the time, a bar, how far it is. A click on the bar goes there."""

    COMPONENT_CLASSES = {"scrubber--done", "scrubber--rest", "scrubber--text"}

    class Moved(Message):
        """The bar was clicked, at a share from 0 to 1 of all that can be shown."""

        def __init__(self, share: float) -> None:
            super().__init__()
            self.share = share

    def __init__(self, link: Link, session: Session, player: Player) -> None:
        super().__init__()
        self._link = link
        self._session = session
        self._player = player
        self._bar = 0, 0

    @property
    def wanted(self) -> bool:
        """Whether there is anything to show."""
        return self._session.past or self._link.status.state in (LinkState.LOADING, LinkState.FILE)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        left, share, right = self._texts()
        bar = max(0, width - len(left) - len(right))
        done = round(bar * share)
        self._bar = len(left), bar
        segments = [
            Segment(cut(left, width), self._style_of("text")),
            Segment("━" * done, self._style_of("done")),
            Segment("─" * (bar - done), self._style_of("rest")),
            Segment(right, self._style_of("text")),
        ]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _texts(self) -> tuple[str, float, str]:
        """What stands before the bar, how much of it is full, and what stands behind it."""
        session, status = self._session, self._link.status
        if not session.past and status.state is LinkState.LOADING:
            shown = f"{session.end:,}".replace(",", " ")
            return " reading ", status.progress, f" {status.progress:4.0%}  {shown} records "
        span = max(1, session.end - session.first)
        share = (session.moment - session.first) / span
        mark = "▶" if self._player.playing else "❚❚"
        moment, end = (f"{number:,}".replace(",", " ") for number in (session.moment, session.end))
        left = f" {mark} ×{self._player.speed:g}  {clock(session.state.time)} "
        return left, share, f" {share:4.0%}  {moment} of {end} "

    def on_click(self, event: events.Click) -> None:
        start, length = self._bar
        if length and start <= event.x < start + length:
            self.post_message(self.Moved((event.x - start) / max(1, length - 1)))

    def tick(self) -> None:
        """Play on, and draw."""
        self._player.tick(time.monotonic())
        if self.display != self.wanted:
            self.display = self.wanted
        if self.display:
            self.refresh()

    def _style_of(self, name: str) -> Style:
        return self.get_component_rich_style(f"scrubber--{name}")
