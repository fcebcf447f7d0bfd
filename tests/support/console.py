"""The console on a pty, hosting one of the tests' apps."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

from tests.support import processes
from tests.support.js_client import JsClient, JsSocket
from tests.support.run import APPS, SOCKETSCOPE
from tests.support.terminal import Terminal, TerminalError
from tests.support.waiting import poll

#: Seconds until a console shows that its server is live.
START = 30.0


class Console(Terminal):
    """`async with Console("stock:sio") as console: JsClient(console.url)`."""

    def __init__(
        self,
        target: str | None = None,
        *options: str,
        columns: int = 120,
        lines: int = 40,
        cwd: Path = APPS,
        **more: Any,
    ) -> None:
        named = ["run", target] if target else []
        command = [*SOCKETSCOPE, *named, "--port", "0", *options]
        super().__init__(command, columns=columns, lines=lines, cwd=cwd, **more)
        #: Where clients connect, once it is live.
        self.url = ""

    async def live(self) -> Self:
        """Wait until the hosted server is live, and learn where."""
        text = await self.wait_for("● live", START)
        match = re.search(r"http://[\d.]+:(\d+)", text)
        port = match.group(1) if match else await self._port()
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def _port(self) -> str:
        """The port, where the top line has no room for it: only the child's own listeners tell."""
        text = await self.wait_for(re.compile(r"127\.0\.0\.1:\d+"))
        match = re.search(r"127\.0\.0\.1:(\d+)", text)
        if match is None:
            raise TerminalError(f"no port on the screen:\n{text}")
        return match.group(1)

    async def view(self, number: int) -> None:
        """Sockets (1), rooms (2), events (3), clients (4), servers (5) or logs (6)."""
        self.send(str(number))
        await self.wait_for(f"[{number} ")

    async def fill(self, field: str, text: str, *, key: str = "tab") -> None:
        """Go to a dialog's field with a key and type over what it holds: it is selected on entering."""
        self.send(key)
        await self.wait_cursor(f"│ {field} ")
        self.type(text)

    async def filter(self, text: str) -> None:
        """Show only what matches a text."""
        self.send("/")
        await self.wait_for(lambda _: "complete" in self.rows()[-1] and "quit" not in self.rows()[-1])
        self.type(text)
        await self.wait_for(re.compile(rf"(\[\d \w+\]|\d Logs) +{re.escape(text)}"))
        self.send("enter")
        await self.wait_for("⏎ open")

    async def open_message(self) -> str:
        """The dialog for a private message to the selected socket; the screen's text."""
        self.send("m")
        text = await self.wait_for("Private message")
        await self.wait_cursor("│ event ")
        return text

    async def want_ack(self) -> None:
        """In a message's dialog that has just opened: ask for acks."""
        self.send("tab")
        await self.wait_cursor("│ args ")
        await self.wait_redrawn("│ ack ", "tab")
        self.send("space")

    @property
    def child(self) -> int:
        """The pid of the hosted child."""
        found = [each.pid for each in processes.children(self.mark, self.pid) if "server_core.host" in each.command]
        if len(found) != 1:
            raise TerminalError(f"{len(found)} hosted children: {processes.marked(self.mark)}")
        return found[0]

    async def wait_child(self, other_than: int = 0) -> int:
        """The pid of the hosted child, as soon as there is another."""

        def find() -> int:
            try:
                return self.child if self.child != other_than else 0
            except TerminalError:
                return 0

        pid = await poll(find, START)
        if not pid:
            raise TerminalError(f"no other child than {other_than}: {processes.marked(self.mark)}")
        return pid


@contextlib.asynccontextmanager
async def chatting(target: str, *options: str, **more: Any) -> AsyncIterator[tuple[Console, JsClient, JsSocket]]:
    """The console on one of the tests' apps, once it shows alice, whose client it is."""
    async with Console(target, *options, **more) as console:
        await console.live()
        async with JsClient(console.url) as client:
            alice = await client.connect(auth={"name": "alice"})
            await console.wait_for(alice.id[:8])
            yield console, client, alice
