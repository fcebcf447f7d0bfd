"""The line at the top: what is watched, whether it is live, and how much happens."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from console.lines import clock
from console.link.base import Link, LinkState, Recorded
from console.state.session import Session
from console.state.state import State
from console.text import count, cut, safe, size

_MARKS = {
    LinkState.LIVE: ("●", "top--live"),
    LinkState.CONNECTING: ("◌", "top--waiting"),
    LinkState.LOST: ("○", "top--lost"),
    LinkState.STOPPED: ("■", "top--lost"),
    LinkState.LOADING: ("◌", "top--waiting"),
    LinkState.FILE: ("▤", "top--live"),
}
_BARS = "▁▂▃▄▅▆▇█"


class TopLine(Widget):
    """One line about the whole."""

    COMPONENT_CLASSES = {"top--name", "top--live", "top--waiting", "top--lost", "top--past", "top--quiet"}

    def __init__(self, link: Link, session: Session) -> None:
        super().__init__()
        self._link = link
        self._session = session
        self._styles: dict[str, Style] = {}

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        link, state, status = self._link, self._session.state, self._link.status
        mark, mark_style = _MARKS[status.state]
        how = status.state.value
        if self._session.past:
            mark, mark_style, how = "◀", "top--past", f"past {clock(state.time)}"
        rates = state.rates(self._session.now(), 8)
        parts: list[tuple[str, str]] = [
            (" socketscope ", "top--name"),
            (f" {safe(link.title)}  ", ""),
            (f"{mark} {how}", mark_style),
        ]
        if recorded := link.recording:
            room = width - 1 - sum(len(text) for text, _ in parts)
            parts.append((_recording(recorded, room), "top--lost" if recorded.error else "top--live"))
        facts = [
            f"  {count(state.socket_count(), 'socket')}",
            f"  events {rates[-1]}/s ",
            sparkline(rates),
            f"  {_kept(state)}",
        ]
        if state.lost:
            facts.insert(1, f"  lost {state.lost}")
        used = sum(len(text) for text, _ in parts)
        for fact in facts:
            if used + len(fact) <= width - 1:
                parts.append((fact, "top--quiet"))
                used += len(fact)
        segments = [Segment(cut(text, width), self._style_of(name)) for text, name in parts]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _style_of(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            style = self._styles[name] = self.get_component_rich_style(name) if name else self.rich_style
        return style

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()


def _recording(recorded: Recorded, width: int) -> str:
    """That it is recorded, how much, and to which file where there is room; or why it is not any more."""
    if recorded.error:
        whole, less = f"  rec ✗ {safe(recorded.error)}", "  rec ✗ ended"
    else:
        whole, less = f"  rec ● {safe(recorded.path.name)} {size(recorded.size)}", f"  rec ● {size(recorded.size)}"
    return whole if len(whole) <= width else less


def _kept(state: State) -> str:
    """How many records there are, and of how many that can be kept."""
    history = state.history
    if not history.max_records:
        return count(len(history), "record")
    return f"kept {len(history):,}/{history.max_records:,}".replace(",", " ")


def sparkline(values: list[int]) -> str:
    """Bars of numbers, the highest full."""
    highest = max(values, default=0)
    if not highest:
        return _BARS[0] * len(values)
    return "".join(_BARS[min(7, value * 8 // (highest + 1))] for value in values)
