"""`Simulate`: the app's handlers run as if the client had sent the event; the client hears nothing of the answer."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from server_core import records
from server_core.records import Simulate
from tests.server_core.control.conftest import Acted
from tests.support.serving import client, receive


async def test_the_handler_runs_and_its_answer_comes_back(acted: Acted) -> None:
    async with client(acted.url) as a:
        args = '[1, {"n": [null]}, {"_placeholder": true, "num": 0}]'
        echo = Simulate(socket=a.id, event="echo", args=args, attachments=(b"\x00\x01",), ack=5)
        result = await acted.do(echo)
        (ack,) = result.acks
        assert (result.ok, result.sockets, ack.socket) == (True, 1, a.id)
        assert ack.data == '[1,{"n":[null]},{"_placeholder":true,"num":0}]'
        assert 0 <= ack.elapsed < 5
        nothing = await acted.do(Simulate(socket=a.id, event="nothing", ack=5))
        assert [each.data for each in nothing.acks] == ["[]"]
        unasked = await acted.do(Simulate(socket=a.id, event="echo", args="[1]"))
        assert (unasked.ok, unasked.acks) == (True, ())
        # what the handler emits reaches the client; what it answers does not
        assert (await acted.do(Simulate(socket=a.id, event="whoami", ack=5))).ok
        assert await receive(a) == ["you are", a.id]
        assert await a.emit_with_ack("echo", "mine", timeout=20) == ["mine"]
    simulated = [record for record in acted.of(records.EventReceived) if record.simulated]
    assert [(record.socket, record.event, record.id) for record in simulated] == [
        (a.id, "echo", None),
        (a.id, "nothing", None),
        (a.id, "echo", None),
        (a.id, "whoami", None),
    ]
    assert simulated[0].args == [1, {"n": [None]}, b"\x00\x01"]
    assert [record.values for record in acted.of(records.AckSent)] == [["mine"]]


async def test_what_is_simulated_does_not_count_as_sent_by_the_client(acted: Acted) -> None:
    async with client(acted.url) as a:
        await acted.do(Simulate(socket=a.id, event="echo", args="[1]"))
        await a.emit_with_ack("echo", 1, timeout=20)
        await acted.wait(records.AckSent)
        (live,) = acted.tap.sync().sockets
    assert live.counters.received == 1


async def test_a_handler_that_raises_is_recorded_and_told(acted: Acted) -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
    async with client(acted.url) as a:
        for ack in (None, 5.0):
            result = await acted.do(Simulate(socket=a.id, event="boom", ack=ack))
            assert (result.ok, result.error) == (False, "on 'boom' raised ValueError: it broke")
        first, _ = await acted.wait(records.HandlerException, 2)
        assert (first.where, first.type, first.socket) == ("on 'boom'", "ValueError", a.id)
        assert 'raise ValueError("it broke")' in first.traceback
        assert await a.emit_with_ack("echo", 1, timeout=20) == [1]
    assert acted.is_own or [str(context["exception"]) for context in told] == ["it broke"] * 2


async def test_a_handler_that_is_slow_goes_on_after_the_answer_is_given_up(acted: Acted) -> None:
    async with client(acted.url) as a:
        started = time.monotonic()
        result = await acted.do(Simulate(socket=a.id, event="slow", ack=0.2))
        assert 0.2 <= time.monotonic() - started < 5
        assert (result.ok, [ack.data for ack in result.acks]) == (True, [None])


async def test_an_event_that_nothing_handles_says_so(acted: Acted) -> None:
    async with client(acted.url) as a:
        for ack in (None, 5.0):
            result = await acted.do(Simulate(socket=a.id, event="unheard of", ack=ack))
            assert (result.ok, result.error) == (False, 'nothing handles "unheard of"')


NONSENSE: list[tuple[dict[str, Any], str]] = [
    ({"event": "disconnect"}, "reserved event name"),
    ({"event": ""}, "needs a name"),
    ({"args": "{}"}, "must be a JSON list"),
    ({"args": "nope"}, "not JSON"),
    ({"attachments": (b"x",)}, "placeholders for []"),
    ({"ack": -1.0}, "more than 0"),
    ({"nsp": "/none"}, "is not connected to /none"),
    ({"socket": "nobody"}, "socket nobody is not connected to /"),
]


async def test_nonsense_is_refused(acted: Acted) -> None:
    async with client(acted.url) as a:
        for fields, error in NONSENSE:
            result = await acted.do(Simulate(**{"socket": a.id, "event": "echo", **fields}))
            assert (result.ok, error in result.error) == (False, True), (fields, result)
        assert await a.emit_with_ack("echo", 1, timeout=20) == [1]
    assert [record.simulated for record in acted.of(records.EventReceived)] == [False]


@pytest.mark.parametrize("acted", ["own"], indirect=True)
async def test_the_middlewares_and_catch_all_handlers_of_the_socket_run(acted: Acted) -> None:
    seen: list[Any] = []
    acted.io.on("connection", lambda socket: socket.on_any(lambda *event: seen.append(event)))
    async with client(acted.url) as a:
        refused = await acted.do(Simulate(socket=a.id, event="forbidden", args="[1]", ack=5))
        assert (refused.ok, refused.error) == (False, "the middleware guard blocked it: not allowed")
        held = await acted.do(Simulate(socket=a.id, event="held"))
        assert held.error == "the middleware guard blocked it: it never called next"
        caught = await acted.do(Simulate(socket=a.id, event="for on_any"))
        assert caught.ok
        by_hand = await acted.do(Simulate(socket=a.id, event="by hand", ack=5))
        assert [ack.data for ack in by_hand.acks] == ['["by hand"]']
    assert seen == [("forbidden", 1), ("held",), ("for on_any",), ("by hand",)]
    blocked = acted.of(records.EventBlocked)
    assert [(record.event, record.message) for record in blocked] == [("forbidden", "not allowed"), ("held", "")]


@pytest.mark.parametrize("acted", ["own"], indirect=True)
async def test_a_handler_of_once_is_gone_afterwards(acted: Acted) -> None:
    acted.io.on("connection", lambda socket: socket.once("first", lambda: "only once"))
    async with client(acted.url) as a:
        first, second = [await acted.do(Simulate(socket=a.id, event="first", ack=5)) for _ in range(2)]
        assert [ack.data for ack in first.acks] == ['["only once"]']
        assert second.error == 'nothing handles "first"'


@pytest.mark.parametrize("acted", ["own"], indirect=True)
async def test_handlers_in_python_socketios_own_way_run_too(acted: Acted) -> None:
    acted.io.on("stock", lambda sid, text: f"{text} from {sid}")
    async with client(acted.url) as a:
        result = await acted.do(Simulate(socket=a.id, event="stock", args='["hi"]', ack=5))
        assert [ack.data for ack in result.acks] == [f'["hi from {a.id}"]']


@pytest.mark.parametrize("acted", ["stock"], indirect=True)
async def test_catch_all_and_class_handlers_of_a_stock_server_run(acted: Acted) -> None:
    acted.io.on("*", lambda event, sid, *args: [event, *args])
    async with client(acted.url) as a:
        result = await acted.do(Simulate(socket=a.id, event="anything", args="[1]", ack=5))
        assert [ack.data for ack in result.acks] == ['[["anything",1]]']
