"""Callbacks of acks, python-socketio's way: they are the app's code, and nothing of the connection waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from server_core import Server, records
from server_core.tap import Tap
from server_core.watch import attach
from tests.support.raw import SOON, websocket
from tests.support.serving import client, serve
from tests.support.waiting import poll
from tests.support.watched import Watched


@pytest.fixture
async def watched() -> AsyncIterator[Watched[Server]]:
    io = Server()
    io.on("connection", lambda socket: None)
    tap = Tap("own")
    attach(tap, io)
    async with serve(io.app) as url:
        yield Watched(io, url, tap)


def boom(*values: Any) -> None:
    raise ValueError("it broke")


async def boom_later(*values: Any) -> None:
    await asyncio.sleep(0)
    raise ValueError("it broke")


@pytest.mark.parametrize("callback", [boom, boom_later])
async def test_one_that_raises_is_told_of_and_ends_nothing(
    watched: Watched[Server], callback: Callable[..., Any]
) -> None:
    told: list[Any] = []
    async with client(watched.url) as socket:
        for each in (callback, lambda *values: told.append(values)):
            await watched.io.emit("question", to=socket.id, callback=each)
            event = await asyncio.wait_for(socket.receive(), SOON)
            await socket.ack(event, 1, 2)
        assert await poll(lambda: told, SOON) == [(1, 2)]
        (raised,) = await watched.wait(records.HandlerException)
        assert (raised.type, raised.message, raised.where) == ("ValueError", "it broke", "ack callback")
        assert (raised.socket, raised.nsp) == (socket.id, "/")
        assert raised.traceback.count("File ") == 1  # the app's own frame alone
        assert watched.of(records.Disconnected) == []


async def test_one_may_ask_the_same_client_again(watched: Watched[Server]) -> None:
    answers: list[Any] = []
    async with client(watched.url) as socket:

        async def again(answer: int) -> None:
            answers.append(answer)
            answers.append(await watched.io.call("another", to=socket.id, timeout=5))

        await watched.io.emit("one", to=socket.id, callback=again)
        for number in (1, 2):
            event = await asyncio.wait_for(socket.receive(), SOON)
            await socket.ack(event, number)
        assert await poll(lambda: len(answers) == 2, SOON)
        assert answers == [1, 2]


async def test_what_no_callback_waits_for_changes_nothing(watched: Watched[Server]) -> None:
    told: list[Any] = []
    async with websocket(watched.url) as session:
        await session.send("40")
        await session.receive()
        for number in (1, 2):
            await watched.io.emit("question", callback=lambda *values: told.append(values))
            assert await session.receive() == f'42{number}["question"]'
            await session.send("430[]", f"43{number}[{number}]", f"43{number}[3]", "4377[]", "43[]")
            assert await poll(lambda: len(told) == number, SOON)  # noqa: B023
        assert told == [(1,), (2,)]


async def test_values_that_are_no_list_are_no_ack(watched: Watched[Server]) -> None:
    async with websocket(watched.url) as session:
        await session.send("40")
        await session.receive()
        await session.send('431{"a":1}')
        assert await session.rest() == ["1"]
    (gone,) = await watched.wait(records.Disconnected)
    assert gone.reason == "forced close"
