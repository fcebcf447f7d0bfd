"""Each action of the console for real: on a pty, with the tests' servers and the JavaScript client."""

from __future__ import annotations

import re

import pytest

from tests.support.console import Console, chatting
from tests.support.js_client import JsClient

pytestmark = pytest.mark.usefixtures("js")

TARGETS = ("stock:sio", "own:io")


@pytest.mark.parametrize("target", TARGETS)
async def test_events_to_rooms_and_marked_sockets_with_the_acks_of_each(target: str) -> None:
    async with Console(target) as console:
        await console.live()
        async with JsClient(console.url) as client, JsClient(console.url) as other:
            alice = await client.connect(auth={"name": "alice"})
            bob = await other.connect(auth={"name": "bob"})
            assert "dev" in (await bob.call("join", "dev"))[0]
            await console.wait_for("Sockets 2")
            # to a room, with binary, pasted
            console.send("e")
            await console.wait_for("─ Emit")
            await console.fill("as", "", key="shift+tab")
            await console.fill("except", "", key="shift+tab")
            await console.fill("to", "dev", key="shift+tab")
            await console.wait_for("room dev (1 socket)")
            for field in ("except", "as", "event"):
                console.send("tab")
                await console.wait_cursor(f"│ {field} ")
            console.type("news")
            console.send("tab")
            await console.wait_cursor("│ args ")
            console.write('\x1b[200~["pasted", {"$b64": "AAH/"}]\x1b[201~')
            await console.wait_for("3 B of them binary")
            console.send("ctrl+s")
            await console.wait_for("✓ sent to 1 socket")
            assert await bob.wait_args("news") == ["pasted", b"\x00\x01\xff"]
            console.send("escape")
            await console.wait_gone("─ Emit")
            # to all that is marked, with their acks
            console.send("A")
            await console.wait_for("● 2 marked")
            console.send("m")
            await console.wait_for("2 marked sockets")
            await console.want_ack()
            await console.fill("ack", "5")
            await console.wait_for("timeout(5" if target == "own:io" else "timeout=5")
            console.send("ctrl+s")
            for socket in (alice, bob):
                question = await socket.wait_event("news")
                assert question["args"] == ["pasted", b"\x00\x01\xff"]
                if socket is bob:
                    await socket.answer(question, {"seen": True})
            await console.wait_for("✓ 1 answered")
            text = await console.wait_for("✗ 1 timed out")
            assert re.search(r"✗ alice +[5-9]\.\d s +timed out", text)
            assert re.search(r'✓ bob .*\[\{"seen":true\}\]', text)


@pytest.mark.parametrize("target", TARGETS)
async def test_an_event_is_handled_again_as_it_was_and_changed(target: str) -> None:
    async with chatting(target) as (console, _, alice):
        assert (await alice.call("upload", b"\x00\xff"))[0]["size"] == 2
        await console.view(3)
        await console.filter("kind:event_received")
        await console.wait_for(lambda text: "upload" in text and "connected" not in text)
        console.send("r")
        await console.wait_for("upload was handled as if alice had sent it")
        console.send("E")
        await console.wait_for("Simulate an incoming event")
        await console.wait_for('{"$b64": "AP8="}')
        await console.fill("args", '[{"$b64": "AP8AAA=="}]')
        await console.wait_for("4 B of them binary")
        console.send("ctrl+s")
        await console.wait_for(re.compile(r'✓ the handler answered after .*"size":4'))
        # one that the app raises on
        await console.fill("event", "boom", key="shift+tab")
        await console.fill("args", '["the bang"]')
        console.send("ctrl+s")
        await console.wait_for("ValueError")
        await console.wait_for("the bang")


@pytest.mark.parametrize("target", TARGETS)
async def test_rooms_attributes_and_connections(target: str) -> None:
    async with chatting(target) as (console, _, alice):
        console.send("j")
        await console.wait_for("into which room?")
        console.type("dev")
        await console.wait_for("room(" if target == "stock:sio" else 'sockets_join("dev")')
        console.send("enter")
        await console.wait_for("alice is in dev now")
        await console.wait_for(re.compile(r"joined +dev"))
        console.send("M")
        await console.wait_for("out of")
        await console.wait_cursor("│ into ")
        console.type("quiet")
        await console.wait_for("quiet")
        await console.wait_redrawn("out of", "shift+tab")
        console.send("home", "space")  # dev: rooms of as many members stand in the order of their names
        await console.wait_for("[X] dev")
        console.send("ctrl+s")
        await console.wait_for("alice is out of dev now")
        assert (await alice.call("join", "x"))[0] == ["lobby", "quiet", "x"]
        await console.wait_for(re.compile(r"joined +x"))  # the dialog names the rooms that are known when it opens
        console.send("l")
        await console.wait_for("out of")
        console.send("space")
        await console.wait_for("[X] lobby")
        console.send("ctrl+s")
        await console.wait_for("alice is out of lobby now")
        assert (await alice.call("join", "x"))[0] == ["quiet", "x"]
        console.send("a")
        await console.wait_for("Attached attribute")
        console.type("mood")
        console.send("tab")
        await console.wait_cursor("│ value ")
        console.type('{"is": "good"}')
        console.send("ctrl+s")
        await console.wait_for("mood of alice is set")
        await console.wait_for(re.compile(r"mood(\.is=good|.*good)"))
        console.send("a")
        await console.wait_for("Attached attribute")
        console.type("mood")
        await console.wait_for('"good"')
        console.send("ctrl+x")
        await console.wait_for("mood of alice is deleted")
        console.send("X")
        await console.wait_for("Cut off (t)")
        console.send("t")
        await console.wait_for("alice is cut off")
        assert await alice.wait_disconnect() in ("transport close", "transport error")


async def test_read_only_is_off_visibly() -> None:
    async with chatting("own:io", "--read-only") as (console, _, alice):
        for key, name in (("e", "emit"), ("j", "join"), ("d", "disconnect"), ("X", "cut off"), ("a", "attribute")):
            console.send(key)
            await console.wait_for(f"{name}: the server is read-only")
        assert await alice.call("echo", "still here") == ["still here"]
