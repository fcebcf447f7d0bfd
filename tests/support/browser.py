"""Headless Chromium, spoken to by its own protocol: pages are opened, looked at and clicked from Python."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.support.waiting import poll

#: What the browser may be called.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class NoBrowser(Exception):
    """There is no Chromium here."""


class Page:
    """One tab."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._ids = itertools.count(1)

    async def ask(self, method: str, **params: Any) -> Any:
        """A command of the browser's protocol; what it answers."""
        id = next(self._ids)
        await self._connection.send(json.dumps({"id": id, "method": method, "params": params}))
        async with asyncio.timeout(20):
            while True:
                answer = json.loads(await self._connection.recv())
                if answer.get("id") == id:
                    assert "error" not in answer, answer
                    return answer["result"]

    async def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        result = await self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def open(self, url: str) -> None:
        await self.ask("Page.navigate", url=url)

    async def text(self) -> str:
        return str(await self.run("document.body ? document.body.innerText : ''"))

    async def until(self, script: str, timeout: float = 15.0) -> Any:
        """Wait until an expression is true; its value."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        while not (value := await self.run(script)):
            assert loop.time() < end, f"never: {script}\n{await self.text()}"
            await asyncio.sleep(0.05)
        return value

    async def shows(self, text: str, timeout: float = 15.0) -> None:
        """Wait until the page shows a text."""
        await self.until(f"document.body && document.body.innerText.includes({json.dumps(text)})", timeout)

    async def fill(self, selector: str, number: int, text: str) -> None:
        """Type into the numbered field of those that a selector finds."""
        await self.until(f"document.querySelectorAll({json.dumps(selector)}).length > {number}")
        await self.run(
            f"(() => {{ const field = document.querySelectorAll({json.dumps(selector)})[{number}];"
            f" field.focus(); field.value = {json.dumps(text)};"
            " field.dispatchEvent(new Event('input', {bubbles: true})); })()"
        )

    async def click(self, selector: str, text: str = "") -> None:
        """Click on the first element that a selector finds, and that shows a text."""
        found = (
            f"[...document.querySelectorAll({json.dumps(selector)})]"
            f".find((each) => each.textContent.includes({json.dumps(text)}) && each.offsetParent)"
        )
        await self.until(f"!!{found}")
        await self.run(f"{found}.click()")


@contextlib.asynccontextmanager
async def browser() -> AsyncIterator[Page]:
    """A browser of the test's own, with one tab."""
    executable = next((path for name in NAMES if (path := shutil.which(name))), None)
    if executable is None:
        raise NoBrowser("no Chromium: apt install chromium")
    with tempfile.TemporaryDirectory(prefix="chromium") as folder:
        process = await asyncio.create_subprocess_exec(
            executable,
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
            *("--window-size=1600,1200", "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            file = Path(folder) / "DevToolsActivePort"
            assert await poll(lambda: file.exists() and file.read_text().strip(), 30), "Chromium does not start"
            port = file.read_text().split()[0]
            async with httpx.AsyncClient(trust_env=False) as http:
                tabs = (await http.get(f"http://127.0.0.1:{port}/json")).json()
            address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
            async with connect(address, max_size=None, proxy=None) as connection:
                yield Page(connection)
        finally:
            process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 5)
            if process.returncode is None:
                process.kill()
                await process.wait()
            await asyncio.sleep(0.1)
