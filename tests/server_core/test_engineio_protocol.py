"""The cases of the official Engine.IO v4 protocol suite, on the engine of our Server.

In the place of Socket.IO there is an echo, so that only the connection below it is looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from server_core import Server
from tests.support import raw
from tests.support.serving import serve
from tests.support.waiting import poll

both_transports = pytest.mark.parametrize("transport", raw.TRANSPORTS)


@dataclass
class Echo:
    """An engine that sends back what it gets, and why its connections ended."""

    io: Server
    url: str = ""
    reasons: list[str] = field(default_factory=list)


@contextlib.asynccontextmanager
async def serving(ping_interval: float, ping_timeout: float) -> AsyncIterator[Echo]:
    io = Server(ping_interval=ping_interval, ping_timeout=ping_timeout)
    served = Echo(io)

    async def connect(sid: str, environ: object) -> None: ...

    async def message(sid: str, data: str | bytes) -> None:
        await io.eio.send(sid, data)

    async def disconnect(sid: str, reason: str) -> None:
        served.reasons.append(reason)

    for handler in (connect, message, disconnect):
        io.eio.on(handler.__name__, handler)
    async with serve(io.app) as served.url:
        yield served


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    """Its pings are too far apart to end a connection in any test."""
    async with serving(25, 20) as served:
        yield served


@pytest.fixture
async def pinging_echo() -> AsyncIterator[Echo]:
    async with serving(0.3, 1) as served:
        yield served


# handshake


@both_transports
@pytest.mark.parametrize(("interval", "timeout"), [(25, 20), (0.3, 0.2)])
async def test_a_session_opens_with_a_handshake(transport: str, interval: float, timeout: float) -> None:
    async with serving(interval, timeout) as served, raw.session(served.url, transport) as session:
        sid = session.handshake.pop("sid")
        assert isinstance(sid, str)
        assert sid in served.io.eio.sockets
        assert session.handshake == {
            "upgrades": ["websocket"] if transport == "polling" else [],
            "pingInterval": interval * 1000,
            "pingTimeout": timeout * 1000,
            "maxPayload": 1_000_000,
        }


@both_transports
@pytest.mark.parametrize("version", [{}, {"EIO": "abc"}], ids=["missing", "abc"])
async def test_an_unknown_protocol_version_is_refused(echo: Echo, transport: str, version: dict[str, str]) -> None:
    assert await raw.refuses(echo.url, transport, {**version, "transport": transport})
    assert echo.io.eio.sockets == {}


@both_transports
@pytest.mark.parametrize("named", [{}, {"transport": "abc"}], ids=["missing", "abc"])
async def test_an_unknown_transport_is_refused(echo: Echo, transport: str, named: dict[str, str]) -> None:
    assert await raw.refuses(echo.url, transport, {"EIO": "4", **named})
    assert echo.io.eio.sockets == {}


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_session_is_not_opened_by_another_method_than_get(echo: Echo, method: str) -> None:
    assert await raw.status(echo.url, {"EIO": "4", "transport": "polling"}, method) == 400
    assert echo.io.eio.sockets == {}


# messages


@pytest.mark.parametrize(
    "body",
    ["4hello", "4test1\x1e4test2\x1e4test3", "4hello\x1ebAQIDBA=="],
    ids=["one text", "several texts", "text and binary"],
)
async def test_a_payload_of_packets_comes_and_goes_on_polling(echo: Echo, body: str) -> None:
    async with raw.polling(echo.url) as session:
        posted = await session.post(body)
        assert (posted.status_code, posted.text) == (200, "ok")
        polled = await session.poll()
        assert (polled.status_code, polled.text) == (200, body)


@pytest.mark.parametrize("packet", ["4hello", b"\x01\x02\x03\x04"], ids=["text", "binary"])
async def test_a_packet_comes_and_goes_on_websocket(echo: Echo, packet: raw.Packet) -> None:
    async with raw.websocket(echo.url) as session:
        await session.send(packet)
        assert await session.receive() == packet


async def test_an_invalid_packet_closes_the_session_on_polling(echo: Echo) -> None:
    async with raw.polling(echo.url) as session:
        assert (await session.post("abc")).status_code == 400
        assert await session.rest() == []
    assert echo.reasons == ["parse error"]


async def test_an_invalid_packet_closes_the_session_on_websocket(echo: Echo) -> None:
    async with raw.websocket(echo.url) as session:
        await session.send("abc")
        assert await session.rest() == ["1"]
    assert echo.reasons == ["parse error"]


async def test_a_second_poll_beside_an_open_one_closes_the_session(echo: Echo) -> None:
    async with raw.polling(echo.url) as session:
        first = await raw.open_poll(echo.io, session)
        assert (await session.poll()).status_code in (400, 500)
        answer = await first
        assert (answer.status_code, answer.text) == (200, "1")
        assert await session.rest() == []
    assert echo.reasons == ["transport error"]


async def test_a_cancelled_poll_closes_the_session(echo: Echo) -> None:
    async with raw.polling(echo.url) as session:
        cancelled = await raw.open_poll(echo.io, session)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        assert await poll(lambda: echo.reasons, raw.SOON) == ["transport error"]  # nothing is sent into the void
        assert await session.rest() == []


# heartbeat


@both_transports
async def test_pings_go_on_while_they_are_answered(transport: str) -> None:
    async with serving(0.3, 20) as served, raw.session(served.url, transport) as session:
        for _ in range(3):
            assert await session.receive() == "2"
            await session.send("3")
        assert served.reasons == []


@both_transports
async def test_a_ping_without_an_answer_closes_the_session(pinging_echo: Echo, transport: str) -> None:
    async with raw.session(pinging_echo.url, transport) as session:
        assert await session.rest() == ["2", "1"]
    assert pinging_echo.reasons == ["ping timeout"]


async def test_a_ping_that_is_not_even_polled_closes_the_session(pinging_echo: Echo) -> None:
    async with raw.polling(pinging_echo.url) as session:
        assert await poll(lambda: pinging_echo.reasons, raw.SOON) == ["ping timeout"]
        assert (await session.poll()).status_code == 400


# close


async def test_a_close_packet_ends_the_session_and_the_open_poll(echo: Echo) -> None:
    async with raw.polling(echo.url) as session:
        polled = await raw.open_poll(echo.io, session)
        await session.send("1")
        answer = await polled
        assert (answer.status_code, answer.text) == (200, "6")
        assert await session.rest() == []
    assert echo.reasons == ["transport close"]


async def test_a_close_packet_closes_the_websocket(echo: Echo) -> None:
    async with raw.websocket(echo.url) as session:
        await session.send("1")
        assert await session.rest() == []
    assert echo.reasons == ["transport close"]


# upgrade


async def test_a_session_upgrades_from_polling_to_websocket(echo: Echo) -> None:
    async with raw.polling(echo.url) as session, raw.probed(echo.url, session) as websocket:
        polled = await session.poll()
        assert (polled.status_code, polled.text) == (200, "6")
        await websocket.send("5", "4hello")
        assert await websocket.receive() == "4hello"


async def test_a_probe_ends_an_open_poll(echo: Echo) -> None:
    async with raw.polling(echo.url) as session:
        polled = await raw.open_poll(echo.io, session)
        async with raw.probed(echo.url, session) as websocket:
            answer = await polled
            assert (answer.status_code, answer.text) == (200, "6")
            await websocket.send("5", "4hello")
            assert await websocket.receive() == "4hello"


async def test_http_requests_are_refused_after_the_upgrade(echo: Echo) -> None:
    async with raw.polling(echo.url) as session, raw.probed(echo.url, session) as websocket:
        await websocket.send("5", "4upgraded")
        assert await websocket.receive() == "4upgraded"
        assert (await session.poll()).status_code == 400
        assert (await session.post("4hello")).status_code == 400
        await websocket.send("4still here")
        assert await websocket.receive() == "4still here"


async def test_a_second_websocket_is_refused_after_the_upgrade(echo: Echo) -> None:
    async with raw.polling(echo.url) as session, raw.probed(echo.url, session) as websocket:
        await websocket.send("5", "4upgraded")
        assert await websocket.receive() == "4upgraded"
        assert await raw.refuses(echo.url, "websocket", {**session.query, "transport": "websocket"})
        await websocket.send("4still here")
        assert await websocket.receive() == "4still here"
