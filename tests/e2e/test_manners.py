"""The console's manners on a real terminal: what is copied, without colours, what is remembered, how it ends."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from tests.support.console import Console


async def test_what_is_copied_reaches_the_terminal_as_base64(tmp_path: Path) -> None:
    async with Console(None, env={"SOCKETSCOPE_STATE": str(tmp_path)}) as console:
        await console.live()
        await console.wait_for(re.compile(r"Sockets [3-9]"))
        console.send("y")
        await console.wait_for("copy ⏎")
        console.send("s")
        await console.wait_for("copied this as JavaScript")
        copied = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", bytes(console.output))
        assert len(copied) == 1
        assert base64.b64decode(copied[0]).startswith(b'const socket = io("http://127.0.0.1:')


async def test_without_colours_nothing_is_lost(tmp_path: Path) -> None:
    """Whatever a colour says is said by a word, a glyph, or the cursor's reverse."""
    async with Console(None, env={"NO_COLOR": "1", "SOCKETSCOPE_STATE": str(tmp_path)}) as console:
        await console.live()
        await console.wait_for(re.compile(r"Sockets [3-9]"))
        cursor = [y for y, row in enumerate(console.rows()) if console.screen.buffer[y][3].reverse and row[1:9].strip()]
        assert len(cursor) == 1
        console.send("?")
        await console.wait_for("Here, in Sockets")
        codes = {
            int(code or 0) for each in re.findall(rb"\x1b\[([\d;]*)m", console.output) for code in each.split(b";")
        }
        assert codes <= {0, 1, 2, 3, 4, 7, 39, 49}


async def test_the_terminals_own_colours_are_all_that_is_asked_for(tmp_path: Path) -> None:
    async with Console(None, "--theme", "ansi", env={"SOCKETSCOPE_STATE": str(tmp_path)}) as console:
        await console.live()
        await console.wait_for(re.compile(r"Sockets [3-9]"))
        console.send("?")
        await console.wait_for("Here, in Sockets")
        codes = {int(code or 0) for code in b";".join(re.findall(rb"\x1b\[([\d;]*)m", console.output)).split(b";")}
        assert codes & {*range(30, 38), *range(90, 98)}
        assert not codes & {38, 48}  # no colour by its number


async def test_a_console_starts_as_the_last_one_ended(tmp_path: Path) -> None:
    for again in (False, True):
        async with Console(None, env={"SOCKETSCOPE_STATE": str(tmp_path)}) as console:
            await console.live()
            if not again:
                await console.wait_for(re.compile(r"Sockets [3-9]"))
                await console.filter("!whisper")
                console.send("3")
            await console.wait_for("[3 Events]")
            await console.wait_for("!whisper")
            console.send("q")
            assert await console.wait_exit() == 0
    (file,) = [*(tmp_path / "looks").iterdir()]
    assert file.stat().st_mode & 0o777 == 0o600


async def test_one_interrupt_ends_nothing_and_two_end_it() -> None:
    async with Console("own:io") as console:
        await console.live()
        console.send("ctrl+c")
        await console.wait_for("^c once more ends the console")
        assert console.exit_code is None
        console.send("ctrl+c")
        assert await console.wait_exit() == 0


async def test_a_wrong_config_file_ends_before_anything_starts(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('theme = "light"\nmax_records = "many"\n')
    async with Console("own:io", "--config", str(file), columns=400) as console:  # the path has room in one line
        assert await console.wait_exit() == 2
        text = console.text()
        assert "config.toml:2: max_records: has to be a whole number from 100 to 100000000, not" in text
        assert "Traceback" not in text
