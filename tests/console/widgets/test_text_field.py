"""Typing in a field costs a line, not a layout of the whole screen."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.screen import Screen

from console.widgets.text_field import TextField


class OneField(App[None]):
    def compose(self) -> ComposeResult:
        yield TextField(compact=True)


async def test_a_letter_lays_nothing_out() -> None:
    app = OneField()
    async with app.run_test(size=(30, 4)) as pilot:
        await pilot.pause()
        layouts: list[Screen[object]] = []
        app.screen.screen_layout_refresh_signal.subscribe(app.screen, layouts.append, immediate=True)
        await pilot.press(*"letters")
        await pilot.pause()
        assert app.query_one(TextField).value == "letters"
        assert not layouts


async def test_a_long_text_scrolls_with_the_cursor() -> None:
    app = OneField()
    async with app.run_test(size=(30, 4)) as pilot:
        field = app.query_one(TextField)

        def line() -> str:
            return app.screen._compositor.render_strips()[0].text

        await pilot.press(*"the beginning of what is a long text and its end")
        assert line().rstrip().endswith("a long text and its end")
        await pilot.press("home")
        assert line().startswith("the beginning of what is")
        await pilot.press("end", "backspace", "backspace", "backspace", *"tail")
        assert line().rstrip().endswith("text and its tail")
        field.value = "short"
        await pilot.pause()
        assert line().strip() == "short"
