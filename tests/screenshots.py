"""`python -m tests.screenshots`: makes `screenshots/*.svg` from a real console on the demo, on a pty."""

from __future__ import annotations

import asyncio
import io
import itertools
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pyte
from pyte.screens import Char
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console as RichConsole
from rich.style import Style
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from tests.support.console import Console
from tests.support.js_client import JsClient
from tests.support.run import SOCKETSCOPE
from tests.support.terminal import Terminal

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "screenshots"

#: Rich's, without the fonts that it would have fetched from elsewhere.
_SVG = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)

#: pyte's names of the ANSI colours, by Rich's; true colours are hexadecimal in both.
_ANSI = {"brown": "yellow", "brightbrown": "bright_yellow", "default": "default"}


def colour(name: str) -> str:
    if len(name) == 6 and all(digit in "0123456789abcdef" for digit in name):
        return f"#{name}"
    if name.startswith("bright") and name not in _ANSI:
        return f"bright_{name.removeprefix('bright')}"
    return _ANSI.get(name, name)


def style(char: Char) -> Style:
    return Style(
        color=colour(char.fg),
        bgcolor=colour(char.bg),
        bold=char.bold,
        italic=char.italics,
        underline=char.underscore,
        strike=char.strikethrough,
        reverse=char.reverse,
    )


def cells(screen: pyte.Screen, y: int) -> list[Char]:
    """One line; the checkout's own path, different on every machine, is left out of the paths in it."""
    line = [screen.buffer[y][x] for x in range(screen.columns)]
    at = "".join(char.data[:1] or " " for char in line).find(f"{ROOT}/")
    if at < 0:
        return line
    cut = len(f"{ROOT}/")
    blank = line[-2]._replace(data=" ")
    return [*line[:at], *line[at + cut : -1], *[blank] * cut, line[-1]]


def to_svg(screen: pyte.Screen, title: str) -> str:
    """What a pyte screen shows, colours and all, as SVG."""
    console = RichConsole(
        record=True,
        width=screen.columns,
        height=screen.lines,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
    )
    for y in range(screen.lines):
        line = Text(end="", no_wrap=True, overflow="crop")
        for look, run in itertools.groupby(cells(screen, y), style):
            # each word is placed by itself: few renderers keep spaces, or know `textLength`
            for piece in re.findall(r" +|─+|[^ ─]+", "".join(char.data for char in run)):
                line.append(piece, look)
        console.print(line)
    return console.export_svg(title=title, theme=DIMMED_MONOKAI, unique_id="socketscope", code_format=_SVG)


def save(console: Terminal, name: str) -> None:
    screen = console.screen
    path = FOLDER / f"{name}-{screen.columns}x{screen.lines}.svg"
    path.write_text(to_svg(screen, "socketscope"))
    print(path.relative_to(ROOT))


@asynccontextmanager
async def demo(columns: int, lines: int) -> AsyncIterator[tuple[Console, JsClient]]:
    """The console on the demo after it has lived for a while, and a client beside its own."""
    async with Console(None, "--no-restore", "--config", os.devnull, columns=columns, lines=lines) as console:
        await console.live()
        async with JsClient(console.url) as client:
            await client.connect(auth={"name": "zoe", "token": "a-secret-of-zoe"})
            await console.wait_for(lambda _: console.output.count(b"private message") > 3, 60)
            await console.wait_for("zoe")
            yield console, client


async def sockets(columns: int, lines: int) -> None:
    """Who is live, and what just happened; then the same with a filter, and paused."""
    async with demo(columns, lines) as (console, _):
        await console.wait_quiet(0.1, 1)
        save(console, "sockets")
        await console.filter("zoe")
        await console.wait_quiet(0.1, 1)
        save(console, "filter")


async def detail(columns: int, lines: int) -> None:
    """One socket: its handshake, its timeline."""
    async with demo(columns, lines) as (console, _):
        await console.filter("zoe")
        console.send("enter")
        await console.wait_for("namespace")
        await console.wait_for(re.compile(r"transport +websocket"))
        save(console, "detail")
        console.send("right")
        await console.wait_for("user-agent")
        save(console, "handshake")


async def dialogs(columns: int, lines: int) -> None:
    """A private message that is answered, and the question before a disconnection."""
    async with demo(columns, lines) as (console, client):
        await console.filter("zoe")
        await console.open_message()
        await console.fill("args", '["hello from the console", {"n": 1}]')
        await console.wait_redrawn("│ ack ", "tab")
        console.send("space")
        await console.wait_for("emit_with_ack")
        console.send("ctrl+s")
        report = await client.wait_for("event", "/", lambda each: each["event"] == "private message")
        await client.command("answer", ack=report["ack"], values=[{"seen": True}])
        await console.wait_for("✓ ack after")
        save(console, "message")
        console.send("escape")
        await console.wait_gone("✓ ack after")
        console.send("d")
        await console.wait_for("Disconnect 1 socket?")
        save(console, "disconnect")


async def views(columns: int, lines: int) -> None:
    """The other views, and the help."""
    async with demo(columns, lines) as (console, client):
        await client.command("call", nsp="/", event="divide", args=[1, 0], timeout=1, id=0)
        await console.view(3)
        await console.wait_for("ZeroDivisionError")
        await console.wait_quiet(0.1, 1)
        save(console, "events")
        await console.view(6)
        await console.wait_for("Traceback")
        await console.wait_quiet(0.1, 1)
        save(console, "logs")
        console.send("?")
        await console.wait_for("Here, in Logs")
        await console.wait_quiet(0.3, 2)
        save(console, "help")


async def lists(columns: int, lines: int) -> None:
    """Rooms, clients and servers."""
    async with demo(columns, lines) as (console, _):
        for number, name, shown in (
            (2, "rooms", "members"),
            (4, "clients", "user agent"),
            (5, "servers", "events in/s"),
        ):
            await console.view(number)
            await console.wait_for(shown)
            await console.wait_quiet(0.1, 2)
            save(console, name)


async def past(columns: int, lines: int) -> None:
    """A recording that was opened, at a moment of its past."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chat.siorec"
        async with Console(None, "--record", str(path), columns=columns, lines=lines) as console:
            await console.live()
            async with JsClient(console.url) as client:
                await client.connect(auth={"name": "zoe", "token": "a-secret-of-zoe"})
                await console.wait_for(lambda _: console.output.count(b"private message") > 3, 60)
        async with Terminal([*SOCKETSCOPE, "open", str(path)], columns=columns, lines=lines) as terminal:
            await terminal.wait_for("▤ recording", 20)
            terminal.send("t")
            await terminal.wait_for("Go to")
            terminal.type("70%")
            terminal.send("enter")
            await terminal.wait_for("◀ past")
            await terminal.wait_quiet(0.3, 3)
            save(terminal, "past")


#: Every picture: who takes it, and in which sizes.
PICTURES: tuple[tuple[Callable[[int, int], Awaitable[None]], tuple[tuple[int, int], ...]], ...] = (
    (sockets, ((80, 24), (120, 40), (200, 50))),
    (detail, ((80, 24), (120, 40))),
    (dialogs, ((120, 40),)),
    (views, ((120, 40),)),
    (lists, ((120, 40),)),
    (past, ((120, 40),)),
)


async def main(wanted: list[str]) -> None:
    """Take the pictures named, or all."""
    FOLDER.mkdir(exist_ok=True)
    for take, sizes in PICTURES:
        if wanted and getattr(take, "__name__", "") not in wanted:
            continue
        for columns, lines in sizes:
            await take(columns, lines)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as nobody:  # what whoever runs this has sent or saved is not in the pictures
        os.environ["SOCKETSCOPE_STATE"], os.environ["SOCKETSCOPE_CONFIG"] = nobody, f"{nobody}/config.toml"
        asyncio.run(main(sys.argv[1:]))
