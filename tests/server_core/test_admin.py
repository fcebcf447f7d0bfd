"""Consoles that leave early, and events that can't be told to them, cost the server and the other consoles nothing."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import Any

import pytest
import socketio

from server_core import Server, instrument
from tests.support.admin_client import LOGIN, plain_admin
from tests.support.raw import websocket
from tests.support.serving import client, serve
from tests.support.waiting import poll

KINDS = ("own", "stock")


def make(kind: str) -> Any:
    sio = Server() if kind == "own" else socketio.AsyncServer(async_mode="asgi")

    async def echo(_sid: str, *args: Any) -> Any:
        return len(args)

    sio.on("connect", lambda _sid, _environ: None)
    sio.on("echo", echo)
    return sio


@pytest.mark.parametrize("kind", KINDS)
async def test_a_console_that_leaves_while_its_credentials_are_checked_is_none(kind: str) -> None:
    sio = make(kind)
    checking, answer = asyncio.Event(), asyncio.Event()

    async def check(_auth: Any) -> bool:
        checking.set()
        await answer.wait()
        return True

    admin = instrument(sio, check)
    async with serve(socketio.ASGIApp(sio)) as url:
        async with websocket(url) as leaving:
            await leaving.send("40/admin,{}")
            await checking.wait()
        if kind == "own":  # a stock server reads of the end only when the check has its answer
            assert await poll(lambda: not sio.eio.sockets, 20)
        answer.set()
        async with plain_admin(url) as console:
            await console.wait("all_sockets")
            assert await poll(lambda: len(admin._admin._consoles) == 1, 20)
        assert await poll(lambda: not admin._tap.listening, 20)
        assert not admin._feed.is_heard


@pytest.mark.parametrize("kind", KINDS)
async def test_an_event_that_cannot_be_told_is_left_out_of_what_is(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    sio = make(kind)
    instrument(sio, LOGIN)
    deep = "[" * 600 + "]" * 600
    async with serve(socketio.ASGIApp(sio)) as url, plain_admin(url) as console, websocket(url) as bob:
        await console.wait("all_sockets")
        await bob.send("40")
        await bob.receive()
        for data in (deep, '"hello"', deep, '"bye"'):
            await bob.send(f'421["echo",{data}]')
            assert await bob.receive() == "431[1]"
        await console.wait("event_received", lambda args: args[2] == ["echo", "hello"])
        await console.wait("event_received", lambda args: args[2] == ["echo", "bye"])
    told = len(console.named("event_received"))
    untold = [record.getMessage() for record in caplog.records if "can't be told" in record.getMessage()]
    assert (told, len(untold)) in ((4, 0), (2, 1))  # the own server's JSON is nested deeper than that


async def test_a_console_that_leaves_leaves_nothing_pending(caplog: pytest.LogCaptureFixture) -> None:
    sio = make("stock")
    admin = instrument(sio, LOGIN)
    async with serve(socketio.ASGIApp(sio)) as url, client(url):
        async with plain_admin(url) as console:
            await console.wait("all_sockets")
            (known,) = admin._admin._consoles.values()
            task = known.task
            assert task
        assert await poll(task.done, 20)
        del known, task
        gc.collect()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
