"""What somebody wants of the console the first time, on the demo app, with nothing but the README and `?`."""

from __future__ import annotations

import re

import pytest

from tests.support.console import Console


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (200, 50)])
async def test_the_first_hour(columns: int, lines: int) -> None:
    async with Console(columns=columns, lines=lines) as console:
        await console.live()
        for name in ("alice", "bob", "carol"):
            await console.wait_for(name)

        # find the socket of user "bob"
        await console.filter("bob")
        await console.wait_for(re.compile(r"Sockets 1 of \d"))

        # see why alice's last message was refused
        console.send("escape")
        await console.wait_gone("Sockets 1 of")
        await console.view(3)
        await console.filter("alice refused")
        await console.wait_for(re.compile(r"⊘ alice +blocked admin +unauthorized event"), 30)
        console.send("end", "enter")
        await console.wait_for("blocked       unauthorized event")
        console.send("escape")
        await console.wait_for("[3 Events]")
        console.send("escape")
        await console.wait_gone("alice refused")

        # send bob a private message and see his ack
        await console.view(1)
        await console.filter("bob")
        await console.wait_for(re.compile(r"Sockets 1 of \d"))
        await console.open_message()
        console.send("tab")
        await console.wait_cursor("│ args ")
        console.send("tab", "space")
        await console.wait_for("emit_with_ack")
        console.send("ctrl+s")
        await console.wait_for(re.compile(r"✓ ack after [\d.]+ (ms|µs|s): "))
        console.send("escape")
        await console.wait_gone("Private message in")
        console.send("escape")
        await console.wait_gone("Sockets 1 of")

        # move carol to another room
        await console.filter("carol")
        await console.wait_for(re.compile(r"Sockets 1 of \d"))
        console.send("M")
        await console.wait_for("into which room?")
        console.type("vip")
        await console.wait_for('sockets_join("vip")')
        console.send("enter")
        await console.wait_for("carol is in vip now")
        console.send("escape")
        await console.wait_gone("Sockets 1 of")

        # kick everyone from a room
        await console.view(2)
        await console.filter("room:lobby")
        await console.wait_for(re.compile(r"Rooms 1 of \d"))
        console.send("K")
        await console.wait_for(re.compile(r"Kick \d+ sockets? from lobby\?"))
        console.send("y")
        await console.wait_for("out of lobby")
        console.send("escape")
        await console.wait_gone("room:lobby")

        # find the slowest ack
        await console.view(3)
        console.send("o")
        text = await console.wait_for(re.compile(r"slowest acks(?s:.*?)\d (ms|s|µs)  ✓ (?s:.*) ack of "))
        slowest = re.search(r"([\d.]+ (?:ms|s|µs))  ✓ ", text)
        console.send("enter")
        assert slowest
        await console.wait_for(re.compile(rf"after +{re.escape(slowest[1])}"))
