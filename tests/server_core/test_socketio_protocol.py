"""The cases of the official Socket.IO v5 protocol suite, on our Server with an application like the suite's."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from server_core import Server, Socket
from tests.support import raw
from tests.support.serving import serve
from tests.support.waiting import poll

both_transports = pytest.mark.parametrize("transport", raw.TRANSPORTS)

#: Two attachments as arguments, and their bytes.
PLACEHOLDERS = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}'
ATTACHMENTS = (b"\x01\x02\x03", b"\x04\x05\x06")


@dataclass
class Application:
    """It tells each client its auth and sends events back; and which namespaces were left, and why."""

    io: Server
    url: str = ""
    left: list[tuple[str, str]] = field(default_factory=list)

    def reasons(self, session: raw.Connection) -> list[str]:
        """Filled with the reason when the session ends."""
        reasons: list[str] = []
        self.io.eio.sockets[session.sid].on("close", reasons.append)
        return reasons

    @contextlib.asynccontextmanager
    async def joined(self, transport: str) -> AsyncIterator[raw.Connection]:
        """A session that has joined the main namespace."""
        async with raw.session(self.url, transport) as session:
            await join(session)
            yield session


async def join(session: raw.Connection, connect: str = "40", prefix: str = "40", auth: str = "{}") -> None:
    """Join a namespace, and check both packets that follow."""
    await session.send(connect)
    accepted = await session.receive()
    assert isinstance(accepted, str)
    assert accepted.startswith(prefix)
    fields = json.loads(accepted.removeprefix(prefix))
    assert fields.keys() == {"sid"}
    assert isinstance(fields["sid"], str)
    assert await session.receive() == prefix.replace("40", "42", 1) + f'["auth",{auth}]'


@contextlib.asynccontextmanager
async def serving(ping_interval: float, ping_timeout: float, connect_timeout: float = 45) -> AsyncIterator[Application]:
    io = Server(ping_interval=ping_interval, ping_timeout=ping_timeout, connect_timeout=connect_timeout)
    served = Application(io)

    @io.on("connection")
    @io.of("/custom").on("connection")
    async def connection(socket: Socket) -> None:
        @socket.on("disconnect")
        def disconnect(reason: str) -> None:
            served.left.append((socket.nsp.name, reason))

        @socket.on("message")
        async def message(*args: Any) -> None:
            await socket.emit("message-back", *args)

        @socket.on("message-with-ack")
        def message_with_ack(*args: Any) -> tuple[Any, ...]:
            return args

        await socket.emit("auth", socket.handshake.auth)

    async with serve(io.app) as served.url:
        yield served


@pytest.fixture
async def application() -> AsyncIterator[Application]:
    """Its pings are too far apart to end a connection in any test, as is the time to join a namespace."""
    async with serving(25, 20) as served:
        yield served


@pytest.fixture
async def pinging() -> AsyncIterator[Application]:
    """An application that pings, and gives up a client, within the time of a test; first it has time to join."""
    async with serving(1, 1) as served:
        yield served


@pytest.fixture
async def patient() -> AsyncIterator[Application]:
    """An application that pings within the time of a test, and gives nobody up."""
    async with serving(1, 20) as served:
        yield served


# Engine.IO: handshake


@both_transports
@pytest.mark.parametrize(("interval", "timeout"), [(25, 20), (0.3, 0.2)])
async def test_a_session_opens_with_a_handshake(transport: str, interval: float, timeout: float) -> None:
    async with serving(interval, timeout) as served, raw.session(served.url, transport) as session:
        assert session.sid in served.io.eio.sockets
        assert session.handshake == {
            "sid": session.sid,
            "upgrades": ["websocket"] if transport == "polling" else [],
            "pingInterval": interval * 1000,
            "pingTimeout": timeout * 1000,
            "maxPayload": 1_000_000,
        }


@both_transports
@pytest.mark.parametrize("version", [{}, {"EIO": "abc"}], ids=["missing", "abc"])
async def test_an_unknown_protocol_version_is_refused(
    application: Application, transport: str, version: dict[str, str]
) -> None:
    assert await raw.refuses(application.url, transport, {**version, "transport": transport})
    assert application.io.eio.sockets == {}


@both_transports
@pytest.mark.parametrize("named", [{}, {"transport": "abc"}], ids=["missing", "abc"])
async def test_an_unknown_transport_is_refused(application: Application, transport: str, named: dict[str, str]) -> None:
    assert await raw.refuses(application.url, transport, {"EIO": "4", **named})
    assert application.io.eio.sockets == {}


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_session_is_not_opened_by_another_method_than_get(application: Application, method: str) -> None:
    assert await raw.status(application.url, {"EIO": "4", "transport": "polling"}, method) == 400
    assert application.io.eio.sockets == {}


# Engine.IO: heartbeat


@both_transports
async def test_pings_go_on_while_they_are_answered(patient: Application, transport: str) -> None:
    async with raw.session(patient.url, transport) as session:
        for _ in range(3):
            assert await session.receive() == "2"
            await session.send("3")


@both_transports
async def test_a_ping_without_an_answer_closes_the_session(pinging: Application, transport: str) -> None:
    async with pinging.joined(transport) as session:
        assert await session.rest() == ["2", "1"]
    assert pinging.left == [("/", "ping timeout")]


async def test_a_ping_that_is_not_even_polled_closes_the_session(pinging: Application) -> None:
    async with raw.polling(pinging.url) as session:
        reasons = pinging.reasons(session)
        assert await poll(lambda: reasons, raw.SOON) == ["ping timeout"]
        assert (await session.poll()).status_code == 400


# Engine.IO: close


async def test_a_close_packet_ends_the_session_and_the_open_poll(application: Application) -> None:
    async with raw.polling(application.url) as session:
        reasons = application.reasons(session)
        polled = await raw.open_poll(application.io, session)
        await session.send("1")
        answer = await polled
        assert (answer.status_code, answer.text) == (200, "6")
        assert await session.rest() == []
    assert reasons == ["transport close"]


async def test_a_close_packet_closes_the_websocket(application: Application) -> None:
    async with raw.websocket(application.url) as session:
        reasons = application.reasons(session)
        await session.send("1")
        assert await session.rest() == []
    assert reasons == ["transport close"]


# Engine.IO: upgrade


async def test_a_socket_goes_on_after_the_upgrade(application: Application) -> None:
    async with raw.polling(application.url) as session:
        await join(session)
        async with raw.probed(application.url, session) as websocket:
            await websocket.send("5", '42["message","upgraded"]')
            assert await websocket.receive() == '42["message-back","upgraded"]'


async def test_http_requests_are_refused_after_the_upgrade(application: Application) -> None:
    async with raw.polling(application.url) as session, raw.probed(application.url, session) as websocket:
        await websocket.send("5")
        await join(websocket)
        assert (await session.poll()).status_code == 400
        assert (await session.post('42["message","by HTTP"]')).status_code == 400
        await websocket.send('42["message","by WebSocket"]')
        assert await websocket.receive() == '42["message-back","by WebSocket"]'


async def test_a_second_websocket_is_refused_after_the_upgrade(application: Application) -> None:
    async with raw.polling(application.url) as session, raw.probed(application.url, session) as websocket:
        await websocket.send("5")
        await join(websocket)
        assert await raw.refuses(application.url, "websocket", {**session.query, "transport": "websocket"})
        await websocket.send('42["message","by the first"]')
        assert await websocket.receive() == '42["message-back","by the first"]'


# Socket.IO: connect


@both_transports
@pytest.mark.parametrize(
    ("connect", "prefix", "auth"),
    [
        ("40", "40", "{}"),
        ('40{"token":"123"}', "40", '{"token":"123"}'),
        ("40/custom,", "40/custom,", "{}"),
        ('40/custom,{"token":"abc"}', "40/custom,", '{"token":"abc"}'),
    ],
    ids=["main", "main with auth", "custom", "custom with auth"],
)
async def test_a_namespace_is_joined(
    application: Application, transport: str, connect: str, prefix: str, auth: str
) -> None:
    async with raw.session(application.url, transport) as session:
        await join(session, connect, prefix, auth)


@both_transports
async def test_an_unknown_namespace_is_refused(application: Application, transport: str) -> None:
    async with raw.session(application.url, transport) as session:
        await session.send("40/random")
        assert await session.receive() == '44/random,{"message":"Invalid namespace"}'


@both_transports
async def test_an_invalid_first_packet_closes_the_connection(application: Application, transport: str) -> None:
    async with raw.session(application.url, transport) as session:
        reasons = application.reasons(session)
        await session.send("4abc")
        assert set(await session.rest()) <= {"1"}
    assert reasons == ["forced close"]


@both_transports
async def test_a_client_that_joins_no_namespace_is_closed_after_its_time(transport: str) -> None:
    loop = asyncio.get_running_loop()
    async with serving(25, 20, connect_timeout=0.3) as served:
        start = loop.time()
        async with raw.session(served.url, transport) as session:
            reasons = served.reasons(session)
            assert await session.rest() == ["1"]
        assert reasons == ["forced server close"]
        assert loop.time() - start >= 0.3


# Socket.IO: disconnect


@both_transports
async def test_leaving_the_main_namespace_keeps_the_connection(patient: Application, transport: str) -> None:
    async with patient.joined(transport) as session:
        await session.send("41")
        for _ in range(2):
            assert await session.receive() == "2"
            await session.send("3")
        assert patient.left == [("/", "client namespace disconnect")]


@both_transports
async def test_leaving_a_custom_namespace_keeps_the_main_one(application: Application, transport: str) -> None:
    async with application.joined(transport) as session:
        await join(session, "40/custom", "40/custom,")
        await session.send("41/custom")
        await session.send('42["message","message to main namespace"]')
        assert await session.receive() == '42["message-back","message to main namespace"]'
        assert application.left == [("/custom", "client namespace disconnect")]


# Socket.IO: messages


@both_transports
@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (['42["message",1,"2",{"3":[true]}]'], ['42["message-back",1,"2",{"3":[true]}]']),
        (
            [f'452-["message",{PLACEHOLDERS}]', *ATTACHMENTS],
            [f'452-["message-back",{PLACEHOLDERS}]', *ATTACHMENTS],
        ),
        (['42456["message-with-ack",1,"2",{"3":[false]}]'], ['43456[1,"2",{"3":[false]}]']),
        (
            [f'452-789["message-with-ack",{PLACEHOLDERS}]', *ATTACHMENTS],
            [f"462-789[{PLACEHOLDERS}]", *ATTACHMENTS],
        ),
    ],
    ids=["text", "binary", "text with ack", "binary with ack"],
)
async def test_an_event_is_answered(
    application: Application, transport: str, sent: list[raw.Packet], answer: list[raw.Packet]
) -> None:
    async with application.joined(transport) as session:
        await session.send(*sent)
        assert [await session.receive() for _ in answer] == answer


@both_transports
@pytest.mark.parametrize(
    "packet",
    [
        "4abc",
        "42{}",
        '42abc["message-with-ack",1,"2",{"3":[false]}]',
        *(f'451-["message",{{"_placeholder":true{num}}}]' for num in (',"num":-1', ',"num":1', ',"num":"0"', "")),
    ],
    ids=[
        "unknown type",
        "payload that is no event",
        "ack id that is no number",
        *(f"placeholder {num}" for num in ("before the first", "past the last", "that is no number", "of nothing")),
    ],
)
async def test_an_invalid_packet_closes_the_connection(application: Application, transport: str, packet: str) -> None:
    async with application.joined(transport) as session:
        await session.send(packet)
        assert set(await session.rest()) <= {"1"}
    assert application.left == [("/", "forced close")]
