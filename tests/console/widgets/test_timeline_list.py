"""The timeline on the screen: what is drawn of a search, and when."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from console.lines import Reader
from console.query.context import Context
from console.query.parse import parse
from console.state.session import Session
from console.state.sockets import SocketListing
from console.state.state import State
from console.state.timeline import Timeline
from console.widgets import timeline_list
from console.widgets.timeline_list import TimelineList
from tests.support.make import Maker


class OneList(App[None]):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self.list = TimelineList(Timeline(session), Reader(session))

    def compose(self) -> ComposeResult:
        yield self.list


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How much was found whenever the list was drawn, in a search of tiny slices."""
    monkeypatch.setattr("console.state.timeline.FIRST", 0.0)
    found: list[int] = []
    say = TimelineList.say

    def told(self: TimelineList) -> None:
        found.append(len(self.timeline))
        say(self)

    monkeypatch.setattr(TimelineList, "say", told)
    return found


@pytest.mark.parametrize(("progress", "looks"), [(60.0, 2), (0.0, 20)])
async def test_a_search_out_of_sight_is_told_of_now_and_then(
    drawn: list[int], monkeypatch: pytest.MonkeyPatch, progress: float, looks: int
) -> None:
    monkeypatch.setattr(timeline_list, "PROGRESS", progress)
    make, session = Maker(), Session(State())
    session.apply([make.received("a", "hi", number) for number in range(20 * 2_048)])
    query = parse("hi")
    assert query
    app = OneList(session)
    async with app.run_test(size=(80, 24)):
        lines = app.list
        lines.timeline.set(filter=query.bind(Context(session, Reader(session).text_of, SocketListing(session).text_of)))
        drawn.clear()
        lines.reset()
        while lines.timeline.progress < 1:
            lines.timeline.extend(0.0)
            lines.sync()
        assert len(drawn) in range(looks, looks + 3)
        assert drawn[-1] == 20 * 2_048
        assert lines.border_subtitle == "40 960 found"
        drawn.clear()
        lines.sync()
        assert len(drawn) == 1
