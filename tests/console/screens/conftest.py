"""The console on a fake link, on a screen of a known size, at a known time."""

from __future__ import annotations

import contextlib
import time
import unicodedata
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key, Paste
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot
from textual.widgets import TextArea

from console.app import ConsoleApp
from console.settings import Settings
from server_core import records
from server_core.records import Record
from tests.console.fake_link import FakeLink
from tests.support.make import NOON, Maker
from tests.support.waiting import poll


class Screen:
    """A running console, and what can be read on it."""

    def __init__(self, app: ConsoleApp, pilot: Pilot[None], link: FakeLink) -> None:
        self.app = app
        self.pilot = pilot
        self.link = link

    def text(self) -> str:
        """The whole screen, as text."""
        width, height = self.app.size
        lines = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in line)[:width] for line in lines[:height])

    async def press(self, *keys: str) -> None:
        """Press keys in one go, and wait until the app has done what they do.

        Textual's own pilot waits after each until the process is idle: long where a screen is busy, and not long enough
        where the machine is.
        """
        for key in keys:
            self.app.post_message(_pressed(key))
        await self._done()

    async def type(self, text: str) -> None:
        names = {" ": "space", '"': "quotation_mark", "[": "left_square_bracket", "]": "right_square_bracket"}
        await self.press(*(names.get(character, character) for character in text))

    async def paste(self, text: str) -> None:
        """What a terminal that pastes sends: faster than typing."""
        self.app.post_message(Paste(text))
        await self._done()

    async def _done(self) -> None:
        await self.pilot._wait_for_screen()
        assert await poll(lambda: not self.app.has_keys, 20, 0.005)
        await self.pilot.pause()

    async def focus(self, field: str) -> None:
        """Go to a dialog's field with tab."""
        for _ in range(16):
            if getattr(self.app.focused, "id", "") == field:
                return
            await self.press("tab")
        raise AssertionError(f"no way to {field}:\n{self.text()}")

    async def fill(self, field: str, text: str) -> None:
        """Go to a dialog's field, and write over what it holds."""
        await self.focus(field)
        if isinstance(self.app.focused, TextArea):
            await self.press("f7", "backspace")
        else:
            await self.press("ctrl+a", "ctrl+k")
        await self.paste(text)

    async def feed(self, *made: Record) -> None:
        """Let records arrive, and wait until they are on the screen."""
        self.link.waiting.extend(made)  # type: ignore[arg-type]
        await poll(lambda: not self.link.waiting, 20)
        await self.pilot.pause(0.1)

    async def wait(self, *expected: str, timeout: float = 20) -> str:
        """The screen as soon as it shows all of this."""
        await poll(lambda: all(each in self.text() for each in expected), timeout)
        text = self.text()
        for each in expected:
            assert each in text, text
        return text

    async def wait_gone(self, unexpected: str, timeout: float = 20) -> str:
        await poll(lambda: unexpected not in self.text(), timeout)
        text = self.text()
        assert unexpected not in text, text
        return text


def _pressed(key: str) -> Key:
    """The event of a key, as a terminal's driver makes it."""
    if len(key) == 1 and not key.isalnum():
        key = _character_to_key(key)
    try:
        character: str | None = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(key, key)))
    except KeyError:
        character = key if len(key) == 1 else None
    return Key(key, character)


#: Who is in `chat`.
BOB, BEA, BEN = "ojIckSD2jqNzOqIrAGzL", "N8xVt0aQ91aaaaaaAAAB", "kzQ19aZpzzzzzzzzAAAC"

Open = Callable[..., contextlib.AbstractAsyncContextManager[Screen]]


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a minute after the records."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(time, "time", lambda: NOON / 1e9 + 60)
    monkeypatch.setattr(time, "time_ns", lambda: NOON + 60_000_000_000)


@pytest.fixture
def open_console() -> Open:
    """Opens a console on records."""

    @contextlib.asynccontextmanager
    async def open_console(
        made: list[Any] | None = None,
        size: tuple[int, int] = (120, 40),
        folder: Path | None = None,
        **settings: Any,
    ) -> AsyncIterator[Screen]:
        link = FakeLink(made if made is not None else chat())
        app = ConsoleApp(link, settings=Settings(**settings), folder=folder)
        async with app.run_test(size=size, notifications=True) as pilot:
            screen = Screen(app, pilot, link)
            await poll(lambda: not link.waiting, 20)
            await screen.wait("socketscope")
            await pilot.pause(0.7)
            yield screen

    return open_console


def chat() -> list[Record]:
    """A small chat: three sockets, and one of everything."""
    make = Maker()
    info = records.ServerInfo(target="chat:io", url="http://127.0.0.1:5000", pid=1, features=records.FEATURES)
    made: list[Record] = [make(records.ServerStarted, info=info)]
    made += make.socket(BOB, rooms=("lobby", "dev"), user={"name": "bob"}, auth={"token": "t0psecret"})
    made += make.socket(BEA, rooms=("lobby",), user={"name": "bea"})
    made += make.socket(BEN, nsp="/chat", user={"name": "ben"})
    bob, bea = BOB, BEA
    made += [
        make(records.EngineHeartbeat, engine=f"engine-{bob}", rtt=0.0042),
        make.received(bob, "private message", bea, "hello", id=12),
        make.sent("private message", bob, {"text": "hello"}, rooms=(bea,), except_=(bob,), socket=bea),
        make(records.AckSent, socket=bob, id=12, data='[{"ok":true}]', elapsed=0.044),
        make.sent("news", {"n": 1}, rooms=("lobby",), sockets=2),
        make(records.EventBlocked, socket=bob, data='["admin","x"]', message="unauthorized event"),
        make(
            records.HandlerException,
            socket=bea,
            where="on 'divide'",
            type="ZeroDivisionError",
            message="division by zero",
            traceback='Traceback (most recent call last):\n  File "chat.py", line 7, in divide\n    return a / b\n'
            "ZeroDivisionError: division by zero\n",
        ),
        make(records.Connecting, socket="mallory", engine="e9", handshake=records.Handshake(auth='{"name":"mallory"}')),
        make(
            records.Refused,
            socket="mallory",
            engine="e9",
            message="unknown user",
            data='{"retry":false}',
            by="authenticate",
        ),
        make(records.EngineUpgraded, engine=f"engine-{bea}", transport="websocket"),
        make(records.RoomLeft, socket=bob, room="dev"),
        make(records.AttributeSet, socket=bob, name="mood", value='"good"'),
    ]
    log = Maker(server=records.CONSOLE)
    made += [
        log(records.Log, stream="stdout", text="chat is up"),
        log(records.Log, stream="stderr", text="warning: token=t0psecret is old"),
    ]
    return made


def crowd(number: int, room: str = "crowd", among: Sequence[Record] = ()) -> list[Record]:
    """So many sockets in a room, beside others; without those, of a server of their own."""
    make = Maker()
    made = list(among) or [make(records.ServerStarted, info=records.ServerInfo(features=records.FEATURES))]
    for each in range(number):
        made += make.socket(f"crowd{each:04}xxxxxxxxxxx", rooms=(room,), user=f"user{each}")
    return made
