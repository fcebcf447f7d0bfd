"""The doctor, against servers with one thing wrong each."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import socketio
import uvicorn

from console.doctor.finding import Finding
from console.doctor.http import Answer
from console.doctor.session import can_connect, examine
from console.wire.target import Target
from server_core import Server, SocketError
from server_core.listen import bind
from tests.support.command import socketscope
from tests.support.serving import serve
from tests.support.tls import certificate
from tests.support.waiting import poll


def make(**options: Any) -> Server:
    io = Server(**options)

    @io.use
    async def guard(socket: Any, next: Any) -> None:
        wrong = socket.handshake.auth.get("name") == "mallory"
        await next(SocketError("unknown user", data={"retry": False}) if wrong else None)

    return io


async def look(url: str, origin: str = "", auth: Any = None, **options: Any) -> list[Finding]:
    target = Target(url=url, **{"namespace": "/", **options})
    return [finding async for finding in examine(target, origin=origin, auth=auth)]


def worst(found: list[Finding]) -> Finding:
    order = ["ok", "note", "warning", "error"]
    return max(found, key=lambda finding: order.index(finding.level))


async def test_a_server_with_nothing_wrong() -> None:
    async with serve(make(cors_allowed_origins=["http://a.example"]).app) as url:
        found = await look(url, origin="http://a.example", auth={"name": "bob"})
    assert can_connect(found)
    assert {finding.level for finding in found} == {"ok", "note"}, found
    assert {"tcp", "engine", "cors", "polling", "websocket", "upgrade", "namespace"} <= {each.step for each in found}


def proxy(app: Any, spoil: Any) -> Any:
    """An ASGI app before another: `spoil(scope)` gives (status, headers, body) in its place, or None."""

    async def between(scope: Any, receive: Any, send: Any) -> None:
        answer = spoil(scope)
        if answer is None:
            await app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close"})
        else:
            status, headers, body = answer
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    return between


async def test_other_origins_are_refused() -> None:
    async with serve(make(cors_allowed_origins=["http://a.example"]).app) as url:
        found = await look(url, origin="http://b.example")
    assert worst(found).step == "cors"
    assert "http://b.example" in worst(found).fix
    assert not can_connect(found)


async def test_a_proxy_that_lets_no_websocket_through() -> None:
    def spoil(scope: Any) -> Any:
        return (400, [], b"") if scope["type"] == "websocket" else None

    async with serve(proxy(make().app, spoil)) as url:
        found = await look(url)
    assert can_connect(found)
    assert worst(found).step == "websocket"
    assert "Upgrade" in worst(found).fix or "origin" in worst(found).fix


async def test_a_load_balancer_without_sticky_sessions() -> None:
    apps, turn = [make().app, make().app], iter(range(10**6))

    async def balance(scope: Any, receive: Any, send: Any) -> None:
        await apps[next(turn) % 2](scope, receive, send)

    async with serve(balance) as url:
        found = await look(url)
    (finding,) = [each for each in found if each.step == "polling"]
    assert finding.level == "error"
    assert "sticky sessions" in finding.fix
    assert can_connect(found)  # on WebSocket it can


@pytest.mark.parametrize(
    ("status", "headers", "says"),
    [
        (301, [(b"location", b"https://elsewhere.example/")], "redirects to https://elsewhere.example/"),
        (401, [], "wants a login"),
        (502, [(b"server", b"nginx")], "can't reach the app"),
        (429, [], "too many requests"),
        (404, [(b"content-type", b"text/html")], "not Socket.IO at /socket.io/"),
    ],
)
async def test_what_stands_before_the_app(status: int, headers: Any, says: str) -> None:
    async with serve(proxy(None, lambda _scope: (status, headers, b"<p>no</p>"))) as url:
        found = await look(url)
    assert says in worst(found).text
    assert not can_connect(found)


async def test_another_path() -> None:
    app = socketio.ASGIApp(make(), socketio_path="/ws/socket.io")
    async with serve(app) as url:
        assert worst(await look(url)).fix == "use --path /ws/socket.io/"
        assert can_connect(await look(url, path="/ws/socket.io"))


async def test_version_2() -> None:
    body = b'96:0{"sid":"x","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":5000}2:40'
    async with serve(proxy(None, lambda _scope: (200, [], body))) as url:
        found = await look(url)
    assert worst(found).step == "engine"
    assert "client of version 2" in worst(found).fix


async def test_the_namespace_and_its_middlewares() -> None:
    async with serve(make().app) as url:
        refused = worst(await look(url, auth={"name": "mallory"}))
        assert "'unknown user', with {\"retry\":false}" in refused.text
        assert "no namespace /nope" in worst(await look(url, namespace="/nope")).text


async def test_polling_switched_off() -> None:
    async with serve(make(transports=["websocket"]).app) as url:
        found = await look(url)
    assert can_connect(found)
    assert (worst(found).step, worst(found).level) == ("polling", "warning")


async def test_nothing_listens_and_nobody_knows_the_name() -> None:
    assert "nothing listens" in worst(await look("http://127.0.0.1:9")).text
    assert worst(await look("http://no-such-host.invalid")).step == "dns"


@contextlib.asynccontextmanager
async def over_tls(app: Any, folder: Path) -> AsyncIterator[str]:
    """An ASGI app behind a certificate that nobody trusts."""
    made = await asyncio.to_thread(certificate, folder)
    listener = bind("127.0.0.1", 0)
    options: dict[str, Any] = {
        "ssl_keyfile": str(made.key),
        "ssl_certfile": str(made.certificate),
        "log_level": "critical",
        "lifespan": "off",
    }
    server = uvicorn.Server(uvicorn.Config(app, timeout_graceful_shutdown=1, **options))
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    task = asyncio.ensure_future(server.serve([listener]))
    assert await poll(lambda: server.started, 20)
    try:
        yield f"localhost:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, 20)


async def test_tls(tmp_path: Path) -> None:
    async with over_tls(make().app, tmp_path) as host:
        untrusted = worst(await look(f"https://{host}"))
        assert "is not trusted" in untrusted.text
        assert "--insecure" in untrusted.fix
        assert can_connect(await look(f"https://{host}", insecure=True))
        assert worst(await look(f"http://{host}")).fix == f"use https://{host}"
    async with serve(make().app) as url:
        assert worst(await look(url.replace("http", "https"))).fix == f"use {url}"
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED


async def test_the_command() -> None:
    async with serve(make().app) as url:
        well = await socketscope("doctor", url)
        assert (well.code, well.out.splitlines()[-1]) == (0, "a client can connect")
        wrong = await socketscope("doctor", url, "--namespace", "/nope", "--json")
        assert wrong.code == 3
        assert '"step":"namespace","level":"error"' in wrong.out.splitlines()[-1]
    for arguments in (("--auth", "{"), ("--auth", "[]")):
        assert (await socketscope("doctor", "http://x", *arguments)).code == 2


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ('{"code":0,"message":"Transport unknown"}', "Transport unknown"),
        ('"Invalid transport"', "Invalid transport"),
        ("<html>", ""),
        ('{"message": 5}', ""),
    ],
)
def test_refusals_of_both_kinds_of_server(text: str, refusal: str) -> None:
    assert Answer(400, text, {}).refusal == refusal
