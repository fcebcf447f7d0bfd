"""`Emit`: who gets it, who does not, what they answer."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

import pytest

from console.wire.client import ClientSocket
from server_core import records
from server_core.packets import RESERVED_EVENTS
from server_core.records import Emit, Join
from tests.server_core.control.conftest import Acted
from tests.support.serving import client, receive

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


async def nothing_came(acted: Acted, socket: ClientSocket) -> None:
    """What was sent to all comes next: nothing came before it."""
    await acted.io.emit("end", to=socket.id)
    assert await receive(socket) == ["end"]


async def test_rooms_exceptions_and_the_sender_decide_who_gets_it(acted: Acted) -> None:
    url = acted.url
    async with client(url) as a, client(url) as b, client(url) as c, client(url) as d:
        for room, members in {"dev": (a, b), "ops": (b, c)}.items():
            assert (await acted.do(Join(sockets=tuple(each.id for each in members), rooms=(room,)))).sockets == 2
        result = await acted.do(Emit(rooms=("dev", "ops"), event="x", args='["dev and ops", 1]'))
        assert (result.ok, result.sockets) == (True, 3)
        for each in (a, b, c):
            assert await receive(each) == ["x", "dev and ops", 1]
        await nothing_came(acted, d)

        result = await acted.do(Emit(event="x", except_=("ops", d.id)))
        assert (result.ok, result.sockets) == (True, 1)
        assert await receive(a) == ["x"]

        result = await acted.do(Emit(rooms=("dev",), event="x", sender=a.id))
        assert (result.ok, result.sockets) == (True, 1)
        assert await receive(b) == ["x"]
        for each in (a, b, c, d):
            await nothing_came(acted, each)
    sent = [record for record in acted.of(records.EventSent) if record.event == "x"]
    assert [(set(record.rooms), record.sockets) for record in sent] == [({"dev", "ops"}, 3), (set(), 1), ({"dev"}, 1)]


async def test_binary_parts_arrive_in_their_places(acted: Acted) -> None:
    async with client(acted.url) as a:
        args = '[{"head": {"_placeholder": true, "num": 1}}, [{"_placeholder": true, "num": 0}]]'
        assert (await acted.do(Emit(event="file", args=args, attachments=(b"\x00", b"\xff\xfe")))).ok
        assert await receive(a) == ["file", {"head": b"\xff\xfe"}, [b"\x00"]]


async def test_each_recipient_answers_for_itself_and_the_slow_one_delays_nobody_for_longer_than_its_time(
    acted: Acted,
) -> None:
    url = acted.url
    async with client(url) as quick, client(url) as silent, client(url) as binary:
        started = time.monotonic()
        asked = asyncio.ensure_future(acted.do(Emit(event="q", args="[7]", ack=0.5)))
        for each, answer in ((quick, ["yes", 2]), (binary, [b"\x01\x02"])):
            event = await asyncio.wait_for(each.receive(), 20)
            assert (event.name, event.args) == ("q", [7])
            await each.ack(event, *answer)
        late = await asyncio.wait_for(silent.receive(), 20)
        result = await asked
        assert 0.5 <= time.monotonic() - started < 5
        assert (result.ok, result.sockets) == (True, 3)
        acks = {ack.socket: ack for ack in result.acks}
        assert acks[quick.id].data == '["yes",2]'
        assert acks[quick.id].elapsed < acks[silent.id].elapsed
        assert acks[binary.id].data == '[{"_placeholder":true,"num":0}]'
        assert acks[silent.id].data is None
        assert acks[silent.id].elapsed >= 0.5
        # its answer is forgotten, and hurts nobody
        assert all(callable(each) is False for each in acted.io.manager.callbacks.get(silent.id, {}).values())
        await silent.ack(late, "too late")
        asked = asyncio.ensure_future(acted.do(Emit(rooms=(silent.id,), event="q", ack=5)))
        await silent.ack(await asyncio.wait_for(silent.receive(), 20), "in time")
        assert (await asked).acks[0].data == '["in time"]'


async def test_no_answer_is_never_said_to_have_been_waited_for_in_vain_for_less_than_its_time(
    acted: Acted, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def early(*_: Any) -> None:
        """As a timer of uvloop may be: "no ack within 199 ms", where 200 were asked for."""
        raise TimeoutError

    monkeypatch.setattr("server_core.control.emitting._ask_stock", early)
    monkeypatch.setattr("server_core.acks.SocketWithTimeout.ask", early)
    async with client(acted.url):
        (ack,) = (await acted.do(Emit(event="q", ack=0.2))).acks
    assert ack.data is None
    assert ack.elapsed >= 0.2


async def test_answers_too_long_for_the_console_are_said_to_be(acted: Acted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server_core.control.emitting.MAX_ANSWER", 1000)
    monkeypatch.setattr("server_core.control.emitting.MAX_ANSWERS", 1500)
    async with client(acted.url) as a, client(acted.url) as b, client(acted.url) as c:
        asked = asyncio.ensure_future(acted.do(Emit(event="q", ack=20)))
        for each, answer in ((a, "x" * 900), (b, "x" * 1100), (c, "x" * 900)):
            await each.ack(await asyncio.wait_for(each.receive(), 20), answer)
        texts = [ack.data for ack in (await asked).acks]
    assert texts == [
        '["' + "x" * 900 + '"]',
        '["<1104 bytes: too long to be shown here>"]',
        '["<904 bytes: too long to be shown here>"]',
    ]


async def test_answers_come_from_many_at_once(acted: Acted) -> None:
    async with contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(client(acted.url)) for _ in range(40)]
        asked = asyncio.ensure_future(acted.do(Emit(event="q", ack=10)))

        async def answer(socket: ClientSocket, index: int) -> None:
            await socket.ack(await asyncio.wait_for(socket.receive(), 20), index)

        await asyncio.gather(*(answer(socket, index) for index, socket in enumerate(sockets)))
        result = await asked
    assert {ack.socket: ack.data for ack in result.acks} == {
        socket.id: f"[{index}]" for index, socket in enumerate(sockets)
    }


NONSENSE: list[tuple[dict[str, Any], str]] = [
    ({"args": "{"}, "not JSON"),
    ({"args": "[" * 100_000}, "not JSON"),
    ({"args": '"text"'}, "must be a JSON list"),
    ({"args": "[NaN]"}, "not JSON"),
    ({"args": '["\\ud800"]'}, "not JSON"),
    ({"args": "[1]", "attachments": (b"x",)}, "1 binary parts, but placeholders for []"),
    ({"args": '[{"_placeholder":true,"num":1}]', "attachments": (b"x",)}, "but placeholders for [1]"),
    ({"args": '[{"_placeholder":true,"num":0}]'}, "0 binary parts, but placeholders for [0]"),
    ({"args": "[]", "attachments": (b"x",) * 11}, "11 binary parts are too many"),
    ({"rooms": ("nowhere",)}, "no socket of / is in nowhere"),
    ({"rooms": ("nowhere", "else")}, "no socket of / is in nowhere, else"),
    ({"rooms": ("",)}, "a room needs a name"),
    ({"rooms": tuple(map(str, range(2000)))}, "2000 rooms at a time are too many"),
    ({"except_": tuple(map(str, range(2000)))}, "2000 rooms at a time are too many"),
    ({"nsp": "/none"}, "no socket is connected to /none"),
    ({"nsp": ""}, "no socket is connected to "),
    ({"sender": "nobody"}, "socket nobody is not connected to /"),
    ({"ack": 0.0}, "more than 0"),
    ({"ack": -1.0}, "more than 0"),
    ({"ack": float("nan")}, "more than 0"),
    ({"ack": float("inf")}, "more than 0"),
    ({"ack": 1e9}, "at most 600"),
    *(({"event": name}, "reserved event name") for name in RESERVED_EVENTS),
    ({"event": ""}, "an event needs a name"),
]


async def test_what_cannot_be_sent_is_refused_and_hurts_nobody(acted: Acted) -> None:
    async with client(acted.url) as a:
        for fields, error in NONSENSE:
            result = await acted.do(Emit(**{"event": "hi", **fields}))
            assert (result.ok, error in result.error) == (False, True), (str(fields)[:100], result)
        alone = await acted.do(Emit(event="hi", sender=a.id))
        assert alone.error == "no socket is connected to /, those left out aside"
        await nothing_came(acted, a)
        assert await a.emit_with_ack("echo", 1, timeout=20) == [1]
    assert "/none" not in getattr(acted.io, "namespaces_in_use", {})
