"""What a client sends leaves the pty as text that can be seen, and as nothing else."""

from __future__ import annotations

import re

import pytest

from tests.support.console import Console
from tests.support.js_client import JsClient

pytestmark = pytest.mark.usefixtures("js")

#: Sets the clipboard and the title, moves the cursor, switches screens, colours in C1, links, turns text round.
HOSTILE = (
    "\x1b]52;c;aGFja2Vk\x07\x1b]0;hacked\x07\x1b[6;6H\x1b[?47h\x9b35mC1\x9d0;hacked\x9c\x1b]8;;http://evil\x07link"
    "[@click=app.quit]click[/][link=http://evil]x[/link]\u202eabc\u2066\u200b\ufeff\x08\x7f\r\n\tend"
)
#: What a terminal would act on.
RAW = [
    *(b"\x1b]52;c;aGFja2Vk", b"\x1b]0;hacked", b"\x1b[?47h", b"\x1b]8;;http://evil", b"\x08", b"\x7f"),
    *(code.encode() for code in "\x9b\x9d\x9c\u202e\u2066\u200b\ufeff"),
]
#: Keys that lead into every view and dialog, and out of them.
WAYS = (
    *("1", "2", "3", "4", "5", "6"),
    *("1 enter", "right", "right", "right", "right", "escape"),
    *("3", "enter", "escape", "up", "enter", "escape"),
    *("1", "m", "escape", "d", "escape", "o", "escape", "c", "escape", "w", "escape", "?", "escape"),
    *("ctrl+o", "escape", "ctrl+p", "escape", "y", "escape"),
)


async def test_in_every_view_and_dialog() -> None:
    async with Console("own:io", columns=160, lines=45) as console:
        await console.live()
        async with JsClient(console.url, query={HOSTILE: HOSTILE}) as client:
            mallory = await client.connect(auth={"name": HOSTILE, HOSTILE: HOSTILE})
            await mallory.call("join", HOSTILE)
            await mallory.call("rename", HOSTILE)
            await mallory.call("echo", HOSTILE, {HOSTILE: [HOSTILE]}, HOSTILE.encode())
            await mallory.emit(HOSTILE, HOSTILE)
            await mallory.call("print", HOSTILE)
            await mallory.emit("boom", HOSTILE)
            await console.wait_for("Sockets 1")
            await console.wait_for("␛]52;c;aGFja2Vk")
            for way in WAYS:
                console.send(*way.split())
                await console.wait_quiet(0.05, 2)
            output = bytes(console.output)
            assert [raw for raw in RAW if raw in output] == []
            titles = re.findall(rb"\x1b\][^\x07\x1b]*", output)
            assert all(b"hacked" not in title for title in titles), titles
            console.send("y")
            await console.wait_for("copy ⏎")
            console.send("y")
            await console.wait_for("copied")
            assert [raw for raw in RAW if raw in bytes(console.output)] == []
