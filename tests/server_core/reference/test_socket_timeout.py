"""How long a socket waits for its client's answer."""

from __future__ import annotations

import asyncio

import pytest

from server_core import Server
from tests.server_core.reference.support import server_side
from tests.support.serving import client, receive
from tests.support.waiting import poll


async def test_an_event_that_is_not_answered_times_out(io: Server, url: str) -> None:
    async with client(url) as socket:
        with pytest.raises(TimeoutError, match="operation has timed out"):
            await server_side(io, socket).timeout(0.05).emit_with_ack("unknown")
        assert await receive(socket) == ["unknown"]


async def test_an_answer_in_time_is_returned(io: Server, url: str) -> None:
    async with client(url) as socket:
        asked = asyncio.ensure_future(server_side(io, socket).timeout(5).emit_with_ack("echo", 42))
        event = await asyncio.wait_for(socket.receive(), 20)
        await socket.ack(event, *event.args)
        assert await asked == 42


async def test_an_answer_that_comes_too_late_is_ignored(io: Server, url: str) -> None:
    async with client(url) as socket:
        ours = server_side(io, socket)
        with pytest.raises(TimeoutError, match="operation has timed out"):
            await ours.timeout(0).emit_with_ack("echo", 42)
        late = await asyncio.wait_for(socket.receive(), 20)
        assert late.args == [42]
        packets: list[str] = []
        ours.conn.on("packet", lambda packet: packets.append(packet.data))
        await socket.ack(late, 42)
        assert await poll(lambda: packets, 20)
        asked = asyncio.ensure_future(ours.timeout(5).emit_with_ack("echo", 43))
        await socket.ack(await socket.receive(), "in time")
        assert await asked == "in time"


async def test_nothing_of_an_event_that_timed_out_is_kept(io: Server, url: str) -> None:
    async with client(url) as socket:
        ours = server_side(io, socket)
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await ours.timeout(0).emit_with_ack("unknown")
        assert ours.pending_acks == set()
        assert [each for each in io.manager.callbacks.get(ours.id, {}).values() if callable(each)] == []
