"""The Engine.IO connection, where the official protocol suite asks nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest

from server_core import Server, engine_upgrade
from server_core.socket import Socket
from tests.support import raw
from tests.support.serving import serve

LIMIT = 1_000


class Served:
    """A server that notes its events `hi`, and why its sockets left."""

    def __init__(self, io: Server) -> None:
        self.io = io
        self.url = ""
        self.told: list[str] = []
        self.reasons: list[tuple[str, str]] = []
        io.on("connection", self._connection)

    def _connection(self, socket: Socket) -> None:
        socket.on("hi", self._hi)
        socket.on("disconnect", lambda reason, description: self.reasons.append((reason, str(description))))

    def _hi(self, text: str) -> int:
        self.told.append(text)
        return len(text)


@contextlib.asynccontextmanager
async def serving(io: Server) -> AsyncIterator[Served]:
    served = Served(io)
    async with serve(io.app) as served.url:
        yield served


async def join(session: raw.Connection) -> None:
    await session.send("40")
    assert str(await session.receive())[:2] == "40"


# how much a client may send


async def chunks(*parts: str) -> AsyncIterator[bytes]:
    for part in parts:
        yield part.encode()


async def post_chunked(served: Served, session: raw.Polling, *parts: str) -> httpx.Response:
    """POST a body whose length no header says."""
    async with httpx.AsyncClient(base_url=served.url, trust_env=False) as http:
        return await http.post(raw.PATH, params=session.query, content=chunks(*parts))


async def test_a_post_need_not_say_its_length() -> None:
    async with serving(Server()) as served, raw.polling(served.url) as session:
        await join(session)
        answer = await post_chunked(served, session, '421["hi",', '"one"]', '\x1e422["hi","two"]')
        assert (answer.status_code, answer.text) == (200, "ok")
        assert [await session.receive() for _ in range(2)] == ["431[3]", "432[3]"]
        assert served.told == ["one", "two"]


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 400)])
async def test_a_post_that_does_not_say_its_length_has_the_same_limit(more: int, status: int) -> None:
    async with serving(Server(max_http_buffer_size=LIMIT)) as served, raw.polling(served.url) as session:
        await join(session)
        body = '42["hi","' + "x" * (LIMIT - 11 + more) + '"]'
        assert len(body) == LIMIT + more
        assert (await post_chunked(served, session, body[:700], body[700:])).status_code == status
        assert len(served.told) == 1 - more
        assert [reason for reason, _ in served.reasons] == ["transport error"] * more


@pytest.mark.parametrize("letter", ["x", "é", "€", "😀"])
@pytest.mark.parametrize("more", [0, 1])
async def test_the_limit_of_a_message_on_websocket_is_in_bytes(letter: str, more: int) -> None:
    async with serving(Server(max_http_buffer_size=LIMIT)) as served, raw.websocket(served.url) as session:
        await join(session)
        letters, rest = divmod(LIMIT - 12 + more, len(letter.encode()))
        message = '421["hi","' + letter * letters + "y" * rest + '"]'
        assert len(message.encode()) == LIMIT + more
        await session.send(message)
        if more:
            assert await session.rest() == []
            assert served.reasons == [("transport error", f"a message of {LIMIT + 1} bytes")]
        else:
            assert await session.receive() == f"431[{letters + rest}]"


# upgrades that do not get through


async def test_a_websocket_that_passes_nothing_on_leaves_polling_as_it_was() -> None:
    async with serving(Server()) as served, raw.polling(served.url) as session:
        await join(session)
        async with raw.unprobed(served.url, session):
            polled = await raw.open_poll(served.io, session)
            await served.io.emit("news", 1)
            assert (await polled).text == '42["news",1]'


async def test_a_client_that_does_not_hear_of_its_probe_gets_what_there_is() -> None:
    loop = asyncio.get_running_loop()
    async with serving(Server()) as served, raw.polling(served.url) as session:
        await join(session)
        async with raw.probed(served.url, session) as websocket:
            assert (await session.poll()).text == "6"
            await served.io.emit("news", 1)
            assert (await session.poll()).text == '42["news",1]'
            started = loop.time()
            assert (await session.poll()).text == "6"
            assert loop.time() - started >= engine_upgrade.PAUSE * 0.9  # no busy loop
            await websocket.send("5")
            await served.io.emit("news", 2)
            assert await websocket.receive() == '42["news",2]'


async def test_an_upgrade_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(Server()) as served, raw.polling(served.url) as session:
        await join(session)
        with monkeypatch.context() as impatient:
            impatient.setattr(engine_upgrade, "TIMEOUT", 0.1)
            async with raw.unprobed(served.url, session) as hung:
                assert await hung.rest() == []
            async with raw.probed(served.url, session) as hung:
                assert await hung.rest() == []
        polled = await raw.open_poll(served.io, session)
        await served.io.emit("news", 1)
        assert (await polled).text == '42["news",1]'
        async with raw.probed(served.url, session) as websocket:
            await websocket.send("5", '421["hi","one"]')
            assert await websocket.receive() == "431[3]"


@pytest.mark.parametrize("probes", [False, True])
async def test_an_upgrade_ends_with_its_connection(monkeypatch: pytest.MonkeyPatch, probes: bool) -> None:
    monkeypatch.setattr(engine_upgrade, "TIMEOUT", 60.0)
    async with serving(Server(ping_interval=0.5, ping_timeout=0.1)) as served, raw.polling(served.url) as session:
        await join(session)
        async with (raw.probed if probes else raw.unprobed)(served.url, session) as hung:
            assert await hung.rest() == []
        assert [reason for reason, _ in served.reasons] == ["ping timeout"]
