"""The manners of a tool that one likes to use: palette, keys, help, jumping, order, columns, filters, what is kept."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from console.actions.registry import ACTIONS
from console.app import ConsoleApp
from server_core import records
from tests.console.screens.conftest import BOB, Open, Screen
from tests.support.make import Maker


def order(screen: Screen) -> list[str]:
    """The names in the list of sockets, from above."""
    listed = screen.text().partition("╰")[0].splitlines()[4:]
    return [found[0] for line in listed if (found := re.findall(r"\b(bob|bea|ben)\b", line[:60]))]


def written(folder: Path, name: str, format: str) -> Path:
    """The one file that was written."""
    (file,) = folder.glob(f"{name}-*.{format}")
    return file


async def choose(screen: Screen, command: str) -> None:
    """Run a command by the palette."""
    await screen.press("ctrl+p")
    await screen.wait("what to do…")
    await screen.type(command)
    await screen.wait(command)
    await screen.pilot.pause(0.3)
    await screen.press("enter")


async def test_the_palette_has_every_action_the_saved_filters_and_the_themes(open_console: Open) -> None:
    async with open_console(filters={"slow": "ack>200ms"}, size=(120, 50)) as screen:
        from console.screens.palette import Commands

        entries = list(Commands(screen.app.screen)._entries())
        names = [entry.name for entry in entries]
        main = screen.app.screen
        for action in ACTIONS.values():
            if action.visible(main) and action.id != "palette":  # type: ignore[arg-type]
                assert f"{action.group}: {action.label}" in names
        assert "Filter: @slow" in names
        assert "Theme: high-contrast" in names
        assert next(entry for entry in entries if entry.name.endswith("message")).key == "m"
        await choose(screen, "@slow")
        await screen.wait("@slow", "Sockets 3 of 3")
        await choose(screen, "Theme: light")
        assert screen.app.theme == "textual-light"
        await choose(screen, "Move: logs")
        await screen.wait("[6 Logs]")


async def test_what_can_not_be_done_says_why_in_palette_help_and_when_tried(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("ctrl+p")
        await screen.type("save filter")
        await screen.wait("Not now: there is no filter")
        await screen.press("enter")
        await screen.wait("save filter: there is no filter")
        await screen.press("question_mark", "slash", *"save")
        await screen.wait("Not now, and why", "Save the filter under a name: there is no filter")


async def test_a_key_that_makes_no_sense_here_says_where_it_does(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("K")
        await screen.wait("kick all: the cursor is on no room")
        await screen.press("3", "s")
        await screen.wait("sort: events stand in the order of time; o lists")
        await screen.press("6", "o")
        await screen.wait("order: the log stands in the order in which it was")


async def test_the_slowest_acks_are_listed_and_opened(open_console: Open) -> None:
    make = Maker(epoch=2)
    async with open_console() as screen:
        await screen.feed(
            make.received(BOB, "search", id=13),
            make(records.AckSent, socket=BOB, id=13, data='["found"]', elapsed=1.5),
            make(records.AckSent, socket=BOB, id=14, data='["fast"]', elapsed=0.001),
        )
        await screen.press("3", "o")
        text = await screen.wait("Of all events", "slowest acks", "1.5 s", "44 ms", "1.0 ms")
        assert text.index("1.5 s") < text.index("44 ms") < text.index("1.0 ms")
        await screen.press("right")
        await screen.wait("B  ←")
        await screen.press("right")
        await screen.wait("×2")
        await screen.press("right", "enter")
        await screen.wait("✓ bob ack of search", '"found"')
        await screen.press("escape", "slash", *"who:bea", "enter", "o")
        await screen.wait("Of events that match who:bea", "there is none")


async def test_the_palette_finds_what_people_call_it(open_console: Open) -> None:
    async with open_console() as screen:
        from console.screens.palette import Commands, find

        entries = list(Commands(screen.app.screen)._entries())
        for query, expected, others in (
            ("kick", ["Act: kick all", "Act: leave", "Act: disconnect"], []),
            ("ban", ["Act: kick all", "Act: disconnect"], []),
            ("kill", ["Act: disconnect", "Act: cut off"], []),
            ("send", ["Act: send to…", "Act: emit", "Act: message"], []),
            ("edit", ["Act: edit and resend", "Act: attribute"], []),
            ("csv", ["Export: export"], []),
            ("msg", ["Act: message"], ["Act: emit"]),
            ("kick room", ["Act: kick all", "Act: leave"], []),
        ):
            found = [each.entry.name for each in find(query, entries)]
            assert [name for name in found if name in expected] == [
                entry.name for entry in entries if entry.name in expected
            ]
            assert not others or not set(found) & set(others), query
            assert len(found) <= 4, (query, found)
        # what can't be done here comes last, and says why
        await screen.press("ctrl+p")
        await screen.type("kick")
        text = await screen.wait("Act: disconnect", "Act: kick all", "Not now: the cursor is on no room")
        assert text.index("Act: disconnect") < text.index("Act: kick all")


async def test_help_begins_with_the_keys_that_work_here(open_console: Open) -> None:
    async with open_console(keys={"message": "M,f3"}, size=(120, 50)) as screen:
        await screen.press("question_mark")
        text = await screen.wait("Here, in Sockets", "Sort the list by its next column")
        assert re.search(r"M f3\s+Send the selected socket", text)
        await screen.press("escape", "6", "question_mark")
        text = await screen.wait("Here, in Logs")
        here = text.partition("Moving")[0]
        assert "Sort the list" not in here
        await screen.press("right", "end")
        await screen.wait("addr", "the client's address")


async def test_help_is_searched_and_says_how_to_ask(open_console: Open) -> None:
    async with open_console(size=(80, 24)) as screen:
        await screen.press("question_mark", "slash", *"kind:")
        text = await screen.wait("kind:refused", "ack_received", "server_stopped")
        assert "Here, in" not in text
        await screen.press(*["backspace"] * 5, *"evict")  # another word for it
        await screen.wait("Take everyone out of the room")
        await screen.press(*"xyz")
        await screen.wait("nothing has these words")
        await screen.press("escape")
        await screen.wait("Here, in Sockets")
        await screen.press("escape")
        await screen.wait_gone("Here, in Sockets")
        # while a filter is typed, its fields are one key away
        await screen.press("slash", *"who:")
        await screen.wait("⏎ keep", "→ complete", "esc clear", "f1 fields")
        await screen.press("f1")
        await screen.wait("dir:in", "from clients, or to clients: in, out")
        await screen.press("escape", *"bob")
        await screen.wait("Sockets 1 of 3")


async def test_the_footer_has_what_there_is_room_for(open_console: Open) -> None:
    async with open_console(size=(80, 24)) as screen:
        for view in "123456":
            await screen.press(view)
            footer = (await screen.wait("? help", "q quit")).splitlines()[-1]
            assert footer.rstrip().endswith("q quit")
        await screen.press("1", "enter")
        await screen.wait("→ tab", "/ find", "esc back", "? help", "q quit")
    async with open_console(size=(200, 50)) as screen:
        await screen.wait("e emit", "space mark", "w export", "y copy", "i simulate", "o order")
        await screen.press("3", "slash", *"event:news", "enter")
        await screen.wait("r resend", "E edit", "x send to")


async def test_help_of_keys_is_short(open_console: Open) -> None:
    async with open_console(size=(80, 24)) as screen:
        await screen.press("question_mark")
        lines: Any = screen.app.focused
        assert lines.row_count() <= 5 * lines.page


async def test_every_key_can_be_another(open_console: Open) -> None:
    async with open_console(keys={"message": "z", "help": "m", "events": "e"}) as screen:
        await screen.wait("z message", "m help")
        await screen.press("e")
        await screen.wait("[3 Events]")
        await screen.press("1", "z")
        await screen.wait("Private message")
        await screen.press("escape", "m")
        await screen.wait("Here, in Sockets")
        await screen.press("escape", "question_mark")
        await screen.wait_gone("Here, in Sockets")


async def test_an_action_that_lost_its_key_is_told(open_console: Open) -> None:
    async with open_console(keys={"message": "d"}) as screen:
        await screen.wait("d is message now: disconnect has no key")
        await screen.press("d")
        await screen.wait("Private message")


async def test_jumping_to_panes_tabs_and_views(open_console: Open) -> None:
    async with open_console(size=(140, 40)) as screen:
        await screen.press("ctrl+o")
        await screen.wait("a letter goes there")
        await screen.press("d")
        await screen.wait_gone("a letter goes there")
        assert screen.app.screen.focused is screen.app.screen.query_one("#sockets-detail")
        await screen.press("ctrl+o", "h")
        await screen.wait("its own room", "members")
        await screen.press("ctrl+o")
        await screen.wait("a letter goes there")
        last = list(screen.app.screen.query(".jump"))[-1]
        await screen.press(str(last.render()))
        await screen.wait("[6 Logs]")
        await screen.press("ctrl+o", "escape")
        await screen.wait_gone("a letter goes there")


async def test_sorting_by_any_column(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("o")
        await screen.wait("Sort by", "● connected", "attributes")
        await screen.press(*["down"] * 5, "enter")
        await screen.wait("attributes▾")
        assert order(screen) == ["bea", "ben", "bob"]
        await screen.press("S")
        await screen.wait("attributes▴")
        assert order(screen) == ["bob", "ben", "bea"]
        header = screen.text().splitlines()[3]
        await screen.pilot.click("#socket-table", offset=(header.index("id"), 1))
        await screen.wait("id▴")


async def test_columns_are_chosen_and_ordered(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("c")
        await screen.wait("Columns", "[X] nsp")
        await screen.press("space", "down", "K")
        await screen.press("escape")
        text = await screen.wait_gone("[X] nsp")
        header = text.splitlines()[3]
        assert " id " not in header
        assert header.index("nsp") < header.index("attributes")
        await screen.press("c", "r", "escape")
        await screen.wait(" id ")


async def test_columns_are_as_wide_as_one_likes_and_stay_so(open_console: Open, tmp_path: Path) -> None:
    async with open_console(folder=tmp_path) as screen:
        header = screen.text().splitlines()[3]
        await screen.press("c", "down", *["right"] * 4)
        await screen.wait("nsp", "10 wide")
        await screen.press("left", "escape")
        text = await screen.wait_gone("wide")
        wider = text.splitlines()[3]
        assert wider.index(" tr ") == header.index(" tr ") + 3
    async with open_console(folder=tmp_path) as screen:
        assert screen.text().splitlines()[3] == wider
        await screen.press("c", "r", "escape")
        await screen.wait_gone("Columns")
        assert screen.text().splitlines()[3] == header


async def test_a_recording_that_ended_says_how_it_is_opened(
    open_console: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_console(size=(200, 40)) as screen:
        await screen.press("ctrl+r")
        await screen.wait("recording to")
        await screen.press("ctrl+r")
        await screen.wait("recorded", "socketscope open")
        said = [each.message for each in screen.app._notifications]
    assert any(f"socketscope open {written(tmp_path, 'chat-io', 'siorec')}" in each for each in said)


async def test_filters_are_saved_recalled_completed_and_deleted(open_console: Open, tmp_path: Path) -> None:
    async with open_console(folder=tmp_path, restore=False) as screen:
        await screen.press("slash")
        await screen.type("who:bob")
        await screen.press("enter", "F")
        await screen.wait("Save the filter", "who:bob")
        await screen.type("a b")
        await screen.press("enter")
        await screen.wait("✗ a name has letters")
        await screen.press("backspace", "backspace", "backspace")
        await screen.type("bobs")
        await screen.press("enter")
        await screen.wait("saved as @bobs")
        await screen.press("escape", "slash")
        await screen.type("!@b")
        await screen.wait("!@bobs")  # completed
        await screen.press("right", "enter")
        await screen.wait("Sockets 2 of 3")
        await screen.press("f")
        await screen.wait("Saved filters", "@bobs", "who:bob")
        await screen.press("enter")
        await screen.wait("Sockets 1 of 3")
        await screen.press("f", "D")
        await screen.wait("@bobs is deleted")
        await screen.press("f")
        await screen.wait("saved filters: no filter is saved yet")
    assert json.loads((tmp_path / "filters.json").read_text()) == {}


async def test_view_filter_order_and_columns_come_back(open_console: Open, tmp_path: Path) -> None:
    async with open_console(folder=tmp_path) as screen:
        await screen.press("o", "down", "enter", "S", "c", "space", "escape")
        await screen.press("slash")
        await screen.type("!ben")
        await screen.press("enter")
        await screen.wait("Sockets 2 of 3")
    async with open_console(folder=tmp_path) as screen:
        text = await screen.wait("Sockets 2 of 3", "!ben")
        assert order(screen) == ["bob", "bea"]
        assert " id" not in text.splitlines()[3]
        await screen.press("3")
        await screen.wait("[3 Events]")
    async with open_console(folder=tmp_path) as screen:
        await screen.wait("[3 Events]", "!ben")
    async with open_console(folder=tmp_path, restore=False) as screen:
        await screen.wait("[1 Sockets]", "Sockets 3")
    (tmp_path / "elsewhere").mkdir()
    with contextlib.chdir(tmp_path / "elsewhere"):  # an app of the same name
        async with open_console(folder=tmp_path) as screen:
            await screen.wait("[1 Sockets]", "Sockets 3")
    for damaged in (tmp_path / "looks").iterdir():
        damaged.write_text("{")
    async with open_console(folder=tmp_path) as screen:
        await screen.wait("the last view was not restored", "Sockets 3")


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (("y", "y"), BOB),
        (("y", "s"), 'const socket = io("http://127.0.0.1:5000", {'),
        (("y", "p"), 'await sio.connect("http://127.0.0.1:5000", auth={"token": "••••••"}'),
    ],
)
async def test_a_socket_is_copied_as_one_likes(open_console: Open, keys: tuple[str, ...], expected: str) -> None:
    async with open_console() as screen:
        await screen.press("y")
        await screen.wait("Copy", "JSON", "JavaScript", "Python")
        await screen.press(*keys[1:])
        await screen.wait("copied")
        assert screen.app.clipboard.startswith(expected)


async def test_records_and_marked_sockets_are_copied(open_console: Open) -> None:
    async with open_console() as screen:
        await screen.press("slash")
        await screen.type("private kind:event_received")
        await screen.press("enter", "3", "y", "s")
        await screen.wait("copied this as JavaScript")
        assert screen.app.clipboard == (
            'const response = await socket.emitWithAck("private message", "N8xVt0aQ91aaaaaaAAAB", "hello");'
        )
        await screen.press("y", "y")
        assert json.loads(screen.app.clipboard)["event"] == "private message"
        await screen.press("escape", "1", "home", "space", "space", "y", "j")
        await screen.wait("copied 2 things as JSON")
        assert [each["name"] for each in json.loads(screen.app.clipboard)] == ["bob", "bea"]


async def test_rooms_clients_and_servers_are_copied(open_console: Open) -> None:
    async with open_console() as screen:
        for view, form, expected in (
            ("2", "y", "lobby"),
            ("2", "j", '{"nsp":"/","room":"lobby","private":false,"sockets":2,"members":["'),
            ("4", "y", f"engine-{BOB}"),
            ("4", "j", f'{{"id":"engine-{BOB}","transport":"websocket"'),
            ("5", "j", '{"id":"chat:io","target":"chat:io"'),
        ):
            await screen.press(view, "y")
            await screen.wait("copy ⏎")
            await screen.press(form)
            await screen.wait_gone("copy ⏎")
            assert screen.app.clipboard.startswith(expected), (view, form)


async def test_what_is_filtered_is_written_to_a_file(
    open_console: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_console() as screen:
        await screen.press("slash")
        await screen.type("who:bob")
        await screen.press("enter", "w")
        await screen.wait("Write to a file", "1 sockets that match the filter, secrets masked", "[ndjson]")
        await screen.press("enter")
        await screen.wait("1 sockets written to")
        file = written(tmp_path, "sockets", "ndjson")
        assert json.loads(file.read_text())["name"] == "bob"
        assert "t0psecret" not in file.read_text()
        assert file.stat().st_mode & 0o777 == 0o600
        await screen.press("3", "w", "ctrl+f", "ctrl+f")
        await screen.wait("[csv]", "events that match the filter")
        await screen.press("enter")
        await screen.wait("events written to")
        file = written(tmp_path, "events", "csv")
        lines = file.read_bytes().split(b"\r\n")
        assert lines[0].startswith(b"time,server,seq,kind")
        before = file.read_bytes()
        await screen.press("w", "ctrl+s")
        await screen.wait("it is there already: once more replaces it")
        assert file.read_bytes() == before
        await screen.press("ctrl+s")
        await screen.wait_gone("Write to a file")
        await screen.press("w", "ctrl+u")
        await screen.type("/none/x.csv")
        await screen.press("enter")
        await screen.wait("✗ /none/x.csv can't be written: No such file or directory")


async def test_a_screenshot_is_an_svg_with_what_the_screen_has(
    open_console: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_console() as screen:
        await screen.press("enter", "right", "P")
        await screen.wait("the screen is in")
        file = written(tmp_path, "socketscope", "svg")
        svg = file.read_text()
        assert svg.startswith("<svg")
        assert "••••••" in svg
        assert "t0psecret" not in svg


async def test_the_mouse_does_what_keys_do(open_console: Open) -> None:
    async with open_console(size=(140, 40)) as screen:
        lines = screen.text().splitlines()
        bea = next(row for row, line in enumerate(lines) if "│" in line and "N8xVt0aQ" in line)
        await screen.pilot.click(offset=(10, bea))
        await screen.wait("bea · N8xVt0aQ91aaaaaaAAAB")
        await screen.pilot.click(offset=(10, bea), times=2)
        await screen.pilot.pause()
        detail = screen.app.screen.query_one("#sockets-detail")
        assert screen.app.screen.focused is detail
        await screen.pilot.click(offset=(detail.region.x + 14, detail.region.y + 1))
        await screen.wait("user-agent")
        await screen.pilot.click(offset=(lines[1].index("Events") + 1, 1))
        await screen.wait("[3 Events]")
        await screen.pilot.click(offset=(screen.text().splitlines()[-1].index("help"), 39))
        await screen.wait("Here, in Events")


@pytest.mark.parametrize("theme", ["light", "ansi", "high-contrast", "nord"])
async def test_themes(theme: str) -> None:
    from console.settings import Settings
    from tests.console.fake_link import FakeLink

    app = ConsoleApp(FakeLink(), settings=Settings(theme=theme))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.theme == {"light": "textual-light", "ansi": "ansi-dark"}.get(theme, theme)
        assert app.native_ansi_color is (theme == "ansi")
