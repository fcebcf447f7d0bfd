"""The line at the top: what is watched, whether it is live, and how much happens."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from console.link.base import Link, LinkState
from console.state.session import Session
from console.text import count, cut, safe

_MARKS = {
    LinkState.LIVE: ("●", "top--live"),
    LinkState.CONNECTING: ("◌", "top--waiting"),
    LinkState.LOST: ("○", "top--lost"),
    LinkState.STOPPED: ("■", "top--lost"),
}
_BARS = "▁▂▃▄▅▆▇█"


class TopLine(Widget):
    """One line about the whole."""

    COMPONENT_CLASSES = {"top--name", "top--live", "top--waiting", "top--lost", "top--quiet"}

    def __init__(self, link: Link, session: Session) -> None:
        super().__init__()
        self._link = link
        self._session = session

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        link, state, status = self._link, self._session.state, self._link.status
        mark, mark_style = _MARKS[status.state]
        rates = state.rates(self._session.now(), 8)
        parts: list[tuple[str, str]] = [
            (" socketscope ", "top--name"),
            (f" {safe(link.title)}  ", ""),
            (f"{mark} {status.state.value}", mark_style),
        ]
        facts = [
            f"  {count(state.socket_count(), 'socket')}",
            f"  events {rates[-1]}/s ",
            sparkline(rates),
            f"  kept {len(state.history):,}/{state.history.max_records:,}".replace(",", " "),
        ]
        if state.lost:
            facts.insert(1, f"  lost {state.lost}")
        if link.recording:
            facts.insert(1, f"  rec ● {safe(link.recording)}")
        used = sum(len(text) for text, _ in parts)
        for fact in facts:
            if used + len(fact) <= width - 1:
                parts.append((fact, "top--quiet"))
                used += len(fact)
        segments = [Segment(cut(text, width), self._style_of(name)) for text, name in parts]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _style_of(self, name: str) -> Style:
        return self.get_component_rich_style(name) if name else self.rich_style


def sparkline(values: list[int]) -> str:
    """Bars of numbers, the highest full."""
    highest = max(values, default=0)
    if not highest:
        return _BARS[0] * len(values)
    return "".join(_BARS[min(7, value * 8 // (highest + 1))] for value in values)
