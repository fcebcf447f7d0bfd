"""Whatever a peer sends is text on the screen: never a control character, never markup, never something to click."""

from __future__ import annotations

from typing import Any

import msgspec
from rich.text import Text

from server_core import records
from server_core.records import CommandResult, Handshake, Record
from tests.console.screens.conftest import Open, Screen
from tests.support.make import Maker

HOSTILE = (
    "\x1b]52;c;aGFja2Vk\x07\x1b[2J\x1b[?1049h\x9b31m[@click=app.quit]click[/] [link=http://evil]x[/link] "
    "[red]\u202eabc\u2066\u200b\ufeff\r\n\t漢字\U0001f4a9\ud83d"
)
CLEAN = HOSTILE.encode("utf-8", "replace").decode()


def hostile_records() -> list[Record]:
    make = Maker()
    handshake = Handshake(
        headers={"user-agent": CLEAN, CLEAN: CLEAN, "origin": CLEAN},
        query={CLEAN: CLEAN},
        auth=f'{{"name":{msgspec.json.encode(CLEAN).decode()}}}',
        url=f"/{CLEAN}",
        time=CLEAN,
        address=CLEAN,
    )
    text = msgspec.json.encode(CLEAN).decode()
    made: list[Any] = [
        make(
            records.ServerStarted,
            info=records.ServerInfo(target=CLEAN, url=CLEAN, library=CLEAN, features=records.FEATURES),
        ),
        make(records.EngineOpened, engine=CLEAN, transport=CLEAN, address=CLEAN),
        make(records.Connecting, socket=CLEAN, nsp="/" + CLEAN, engine=CLEAN, handshake=handshake),
        make(records.AttributeSet, socket=CLEAN, nsp="/" + CLEAN, name="user", value=text),
        make(records.AttributeSet, socket=CLEAN, nsp="/" + CLEAN, name=CLEAN, value=f"[{text}]"),
        make(records.Connected, socket=CLEAN, nsp="/" + CLEAN),
        make(records.RoomJoined, socket=CLEAN, nsp="/" + CLEAN, room=CLEAN),
        make.received(CLEAN, CLEAN, {CLEAN: [CLEAN]}, id=1, nsp="/" + CLEAN, attachments=(CLEAN.encode(),)),
        make.sent(CLEAN, CLEAN, rooms=(CLEAN,), nsp="/" + CLEAN),
        make(records.AckSent, socket=CLEAN, id=1, data=f"[{text}]", elapsed=0.1),
        make(records.EventBlocked, socket=CLEAN, data=f"[{text}]", message=CLEAN),
        make(records.Refused, engine=CLEAN, socket="", message=CLEAN, data=text, by=CLEAN),
        make(records.EngineRefused, status=400, message=CLEAN, address=CLEAN, url=CLEAN, origin=CLEAN),
        make(records.HandlerException, where=CLEAN, type=CLEAN, message=CLEAN, traceback=CLEAN, socket=CLEAN),
        make(records.Disconnecting, socket=CLEAN, reason=CLEAN),
        make(records.Gap, lost=1, why=CLEAN),
        make(
            records.Commanded,
            by=CLEAN,
            command=records.Emit(event=CLEAN, rooms=(CLEAN,), args=f"[{text}]"),
            result=CommandResult(ok=False, error=CLEAN),
        ),
    ]
    log = Maker(server=records.CONSOLE)
    made.append(log(records.Log, stream="stderr", text=CLEAN))
    return made


def check(screen: Screen) -> None:
    """Read every cell of what would be drawn."""
    for line in screen.app.screen._compositor.render_strips():
        for segment in line:
            assert segment.text.isprintable(), ascii(segment.text)
            style = segment.style
            if style is None:
                continue
            assert style.link is None
            clicks = [value for key, value in style.meta.items() if key.startswith("@")]
            assert not any("app.quit" in str(value) for value in clicks)


async def test_in_every_view_dialog_and_notification(open_console: Open) -> None:
    async with open_console(hostile_records(), size=(160, 45)) as screen:
        await screen.wait("␛")
        check(screen)
        for _ in range(5):
            await screen.press("enter", "right")
            check(screen)
        await screen.press("escape", "3")
        for _ in range(len(hostile_records())):
            await screen.press("enter")
            check(screen)
            await screen.press("escape", "up")
        await screen.press("6")
        check(screen)
        await screen.press("1", "m")
        check(screen)
        screen.link.answer = CommandResult(ok=False, error=CLEAN)
        await screen.press("ctrl+s")
        check(screen)
        await screen.press("escape", "d")
        check(screen)
        await screen.press("y")
        await screen.wait("failed:")
        check(screen)
        for key in "yjsp":
            await screen.press("y")
            check(screen)
            await screen.press(key)
            assert all(character.isprintable() for character in screen.app.clipboard.replace("\n", ""))
        for key in ("o", "c", "question_mark", "w", "ctrl+o", "M", "l", "a", "i", "e"):
            await screen.press(key)
            check(screen)
            await screen.press("escape")
        await screen.press("3", "o")
        for _ in range(3):
            await screen.wait("most recipients")
            check(screen)
            await screen.press("right")
        await screen.press("escape", "2", "K")
        check(screen)
        await screen.press("escape")
        await screen.press("slash")
        screen.app.screen.set_filter(CLEAN)  # type: ignore[attr-defined]
        await screen.press("ctrl+p")
        check(screen)


async def test_in_every_list_and_detail(open_console: Open) -> None:
    async with open_console(hostile_records()[:-5], size=(160, 45)) as screen:
        await screen.wait("␛")
        for view in "123456":
            await screen.press(view)
            if view == "2":
                await screen.press("O")
            check(screen)
            await screen.press("enter")
            for _ in range(3):
                check(screen)
                await screen.press("v", "end", "space", "right")
            for _ in range(3):
                await screen.press("down")
                check(screen)
            await screen.press("slash", "b", "enter", "n")
            check(screen)


async def test_markup_is_shown_as_it_was_written(open_console: Open) -> None:
    make = Maker()
    async with open_console(make.socket("a", user="[red]bob[/red]", rooms=("[b]r",))) as screen:
        await screen.wait("[red]bob[/red]", "[red]bob[/red] · a")
        await screen.press("d")
        await screen.wait("[red]bob[/red] · a")


async def test_a_megabyte_and_ten_thousand_rooms_stay_readable(open_console: Open) -> None:
    make = Maker()
    rooms = tuple(f"room-{number}" for number in range(10_000))
    made = make.socket("a", user="x" * 1_000_000, rooms=rooms)
    deep = "[" * 5_000 + "]" * 5_000
    made.append(make(records.EventReceived, socket="a", data=f'["deep",{deep}]'))
    made.append(make.received("a", "big", "y" * 1_000_000))
    async with open_console(made) as screen:
        await screen.wait("xxxxxxx", "10000", "big")
        await screen.press("3", "enter")
        await screen.wait("payload", "1.0 MB")
        await screen.press("escape", "up", "enter")
        await screen.wait("payload", "▸ [0]: [[[[")
        await screen.press("2", "end")
        await screen.wait("Rooms 10000", "room-9999")
        await screen.press("4", "enter")
        await screen.wait("1 socket")
        await screen.press("1", "enter", "right", "right")
        await screen.wait("(own)", "1 member")


def test_the_hostile_text_would_do_harm_elsewhere() -> None:
    assert Text.from_markup("[@click=app.quit]click[/]").plain == "click"
    assert not CLEAN.isprintable()
