"""A tap tells all that can be told: what is wrong with one entry costs no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import socketio

from server_core import Server, records
from server_core.ring import Ring
from server_core.tap import Tap
from server_core.translator import Translator
from server_core.watch import attach
from tests.support.raw import websocket
from tests.support.serving import serve
from tests.support.watched import Watched

pack = msgspec.msgpack.encode


@pytest.mark.parametrize("kind", ["own", "stock"])
@pytest.mark.parametrize(
    "hostile", [{"type": 2, "nsp": [1]}, {"type": float("inf"), "nsp": "/"}, {"type": 2, "nsp": "/", "id": {}}]
)
async def test_a_hostile_msgpack_packet_costs_no_other_clients_records(kind: str, hostile: dict[str, Any]) -> None:
    own = kind == "own"
    io = Server(serializer="msgpack") if own else socketio.AsyncServer(async_mode="asgi", serializer="msgpack")

    async def hello(_sid: str, number: int) -> int:
        return number

    io.on("connect", lambda _sid, _environ: None)
    io.on("hello", hello)
    tap = Tap("x")
    attach(tap, io)
    async with serve(socketio.ASGIApp(io)) as url, websocket(url) as bad, websocket(url) as good:
        watched = Watched(io, url, tap)
        for client in bad, good:
            await client.send(pack({"type": 0, "nsp": "/"}))
            await client.receive()
        await bad.send(pack({**hostile, "data": ["hello", 0]}))
        for number in range(3):
            await good.send(pack({"type": 2, "nsp": "/", "id": number, "data": ["hello", number]}))
            await good.receive()
        answered = await watched.wait(records.AckSent, 3)
        of_good = [record.args for record in watched.of(records.EventReceived) if record.socket == answered[0].socket]
        assert of_good == [[0], [1], [2]]
        assert not watched.of(records.Gap)
        records.decode_batch(records.encode_batch(watched.records))


def test_an_entry_of_which_no_record_can_be_made_is_a_gap(caplog: pytest.LogCaptureFixture) -> None:
    tap = Tap("x")
    lost: list[bool] = []
    tap.on_loss = lambda: lost.append(True)
    tap.log("stdout", "before")
    tap._note(Translator.room_joined, 0, "too few")
    tap.log("stdout", "after")
    made = tap.drain()
    assert [(type(record).__name__, getattr(record, "text", "")) for record in made] == [
        ("Log", "before"),
        ("Gap", ""),
        ("Log", "after"),
    ]
    assert [record.lost for record in made if isinstance(record, records.Gap)] == [1]
    assert lost == [True]
    assert "could not be made a record" in caplog.text
    tap.log("stdout", "more")
    assert len(tap.drain()) == 1
    assert lost == [True]


def test_a_client_that_comes_back_before_its_former_socket_has_gone_is_seen() -> None:
    tap = Tap("x")
    tap.engine_opened("e", "websocket", "")
    for sid in "first", "second":
        tap.connecting(sid, "/", "e", records.Handshake())
        tap.packet_sent("e", f'0{{"sid":"{sid}"}}')
    tap.disconnected("first", "/", "server namespace disconnect", frozenset())
    tap.packet_received("e", '2["hello"]')
    (received,) = [record for record in tap.drain() if isinstance(record, records.EventReceived)]
    assert received.socket == "second"


def _connect(tap: Tap, text: str) -> None:
    tap.connecting("s", "/", "e", records.Handshake(auth=f'"{text}"'))


def _connect_with_a_header(tap: Tap, text: str) -> None:
    tap.connecting("s", "/", "e", records.Handshake(headers={"x": text}))


def _ask(tap: Tap, text: str) -> None:
    tap.engine_response({"status": "400 BAD REQUEST", "response": b"no"}, {"RAW_URI": f"/?{text}"})


def _raise(tap: Tap, text: str) -> None:
    tap.exception("on 'x'", ValueError(text), "s", "/")


@pytest.mark.parametrize(
    "note",
    [
        _connect,
        _connect_with_a_header,
        _ask,
        _raise,
        lambda tap, text: tap.room_joined("s", "/", text),
        lambda tap, text: tap.room_left("s", "/", text),
        lambda tap, text: tap.event_blocked("s", "/", "[]", text),
    ],
    ids=["auth", "headers", "url", "exception", "room_joined", "room_left", "blocked"],
)
def test_all_that_a_client_may_make_long_counts_for_the_rings_bound(note: Callable[[Tap, str], None]) -> None:
    tap = Tap("x", ring=Ring(max_bytes=1_000_000))
    for _ in range(30):
        note(tap, "x" * 100_000)
    assert len(tap._ring) <= 10
