"""Lists draw what reads otherwise, and nothing else."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.strip import Strip

from console.widgets.line_list import LineList, Piece


class Names(LineList):
    """Names, one a row; remembers which lines were drawn."""

    def __init__(self) -> None:
        super().__init__(id="names")
        self.names = [f"name {number}" for number in range(30)]
        self.drawn: list[int] = []

    def row_count(self) -> int:
        return len(self.names)

    def pieces(self, row: int, width: int) -> list[Piece]:
        return [(self.names[row], "plain")]

    def render_line(self, y: int) -> Strip:
        self.drawn.append(y)
        return super().render_line(y)


class Listed(App[None]):
    CSS = "Names { height: 10; border: round white; }"

    def __init__(self) -> None:
        super().__init__()
        self.names = Names()

    def compose(self) -> ComposeResult:
        yield self.names


def text(app: Listed) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def test_only_lines_that_read_otherwise_are_drawn() -> None:
    app = Listed()
    async with app.run_test(size=(40, 12)) as pilot:
        names = app.names
        names.drawn.clear()
        names.update()
        await pilot.pause()
        assert names.drawn == []
        names.names[3] = "somebody else"
        names.names[20] = "out of sight"
        names.update()
        await pilot.pause()
        assert names.drawn == [3]
        assert "somebody else" in text(app)
        names.drawn.clear()
        names.move(1)
        await pilot.pause()
        assert sorted(names.drawn) == [0, 1]


async def test_a_list_that_was_out_of_sight_is_drawn_as_it_is_by_then() -> None:
    app = Listed()
    async with app.run_test(size=(40, 12)) as pilot:
        names = app.names
        names.display = False
        await pilot.pause()
        names.names[2] = "somebody else"
        names.update()
        names.display = True
        await pilot.pause()
        assert "somebody else" in text(app)
        assert "name 2" not in text(app)


@pytest.mark.parametrize("write", [LineList.write_title, LineList.write_note])
async def test_what_stands_in_the_border_is_no_markup_and_not_written_twice(write: object) -> None:
    app = Listed()
    async with app.run_test(size=(40, 12)) as pilot:
        names = app.names
        assert callable(write)
        write(names, "[red]3[/red] of 30")
        await pilot.pause()
        assert "[red]3[/red] of 30" in text(app)
        names.drawn.clear()
        write(names, "[red]3[/red] of 30")
        await pilot.pause()
        assert names.drawn == []
