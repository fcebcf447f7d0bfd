"""The HTTP side of a handshake: which origins may connect, and what a browser is told of it."""

from __future__ import annotations

import httpx
import pytest

from server_core import Server
from tests.support.serving import serve

ORIGIN = "http://localhost:54023"


async def _ask(method: str, io: Server, **headers: str) -> httpx.Response:
    async with serve(io.app) as url, httpx.AsyncClient(timeout=5) as http:
        params = {"transport": "polling", "EIO": "4"}
        return await http.request(method, f"{url}/socket.io/", params=params, headers=headers)


async def test_a_preflight_request_is_told_what_is_allowed() -> None:
    io = Server(cors_allowed_origins=[ORIGIN], cors_credentials=True)
    answer = await _ask("OPTIONS", io, Origin=ORIGIN, **{"Access-Control-Request-Headers": "content-type"})
    assert answer.is_success
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert {"GET", "POST"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    assert answer.headers["access-control-allow-headers"] == "content-type"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert io.eio.sockets == {}


@pytest.mark.parametrize("credentials", [True, False])
async def test_a_handshake_from_an_allowed_origin_is_answered_with_what_is_allowed(credentials: bool) -> None:
    io = Server(cors_allowed_origins=[ORIGIN], cors_credentials=credentials)
    answer = await _ask("GET", io, Origin=ORIGIN)
    assert (answer.status_code, answer.text[0]) == (200, "0")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers.get("access-control-allow-credentials") == ("true" if credentials else None)
    assert len(io.eio.sockets) == 1


async def test_a_handshake_from_another_origin_is_refused() -> None:
    io = Server(cors_allowed_origins=[ORIGIN])
    answer = await _ask("GET", io, Origin="http://foo.example")
    assert answer.status_code in (400, 403)
    assert "access-control-allow-origin" not in answer.headers
    assert io.eio.sockets == {}
