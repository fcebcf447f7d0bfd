"""The console and python-socketio's own client."""

from __future__ import annotations

import pytest

from tests.support.console import Console
from tests.support.py_client import PyClient

TRANSPORTS = [["polling"], ["websocket"], None]


@pytest.mark.parametrize("transports", TRANSPORTS, ids=["polling", "websocket", "upgrade"])
@pytest.mark.parametrize("target", ["stock:sio", "own:io"])
async def test_seen_messaged_and_disconnected(target: str, transports: list[str] | None) -> None:
    async with Console(target) as console:
        await console.live()
        async with PyClient(console.url, transports=transports, auth={"name": "bob"}) as bob:
            await console.wait_for(bob.id[:8])
            assert bob.transport == ("polling" if transports == ["polling"] else "websocket")
            assert await bob.call("echo", "é", b"\x00\xff", {"n": [1, None]}) == ("é", b"\x00\xff", {"n": [1, None]})
            await bob.emit("boom", "from python")
            await console.wait_for("from python")
            await console.open_message()
            await console.fill("args", '["to python", 1]')
            await console.wait_for("✓ 2 arguments")
            console.send("ctrl+s")
            assert await bob.wait("private message") == ("to python", 1)
            await console.wait_for("✓ sent to 1 socket")
            console.send("escape")
            await console.wait_gone("✓ sent to 1 socket")
            console.send("d")
            await console.wait_for("Disconnect 1 socket?")
            console.send("y")
            assert await bob.wait("disconnect") == ("server disconnect",)
            await console.wait_for("Sockets 0")
