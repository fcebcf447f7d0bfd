"""A client's own way in: WebSocket, the upgrade to it, and the namespace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import msgspec

from console.doctor import http as asking
from console.doctor.finding import Finding, error, note, ok, warning
from console.doctor.http import Http
from console.doctor.reach import reach
from console.wire.client import Client
from console.wire.engine import Engine
from console.wire.errors import Closed, Refused, WireError
from console.wire.target import Target

#: Seconds until a client on polling has moved to WebSocket.
UPGRADE_PATIENCE = 5.0


async def examine(target: Target, *, origin: str = "", auth: Any = None) -> AsyncIterator[Finding]:
    """Every step of a client that connects to `target.namespace` with this auth; ends where none can follow."""
    async for finding in reach(target.url, tls=target.tls):
        yield finding
        if finding.level == "error":
            return
    http = Http(target.url, path=target.path, headers=target.headers, verify=target.tls or True)
    polling = True
    async for finding in asking.identify(http):
        yield finding
        polling = polling and finding.step != "polling"
        if finding.level == "error":
            return
    if origin:
        async for finding in asking.cors(http, origin):
            yield finding
    if polling:
        async for finding in asking.sticky(http):
            yield finding
            polling = polling and finding.level != "error"
    if await _accepts_v2(http):
        yield note("engine", "clients of version 2 are let in, too")
    websocket = False
    async for finding in _websocket(target):
        yield finding
        websocket = websocket or finding.level == "ok"
    if polling and websocket:
        async for finding in _upgrade(target):
            yield finding
    if not (polling or websocket):
        return
    transports = ("websocket",) if websocket else ("polling",)
    async for finding in _namespace(target, transports, auth):
        yield finding


async def _accepts_v2(http: Http) -> bool:
    try:
        return (await http.get(EIO="3", transport="polling")).is_v3
    except httpx.HTTPError:
        return False


def _engine(target: Target, transports: Sequence[str]) -> Engine:
    return Engine(target.url, path=target.path, transports=transports, headers=target.headers, tls=target.tls)


async def _websocket(target: Target) -> AsyncIterator[Finding]:
    engine = _engine(target, ("websocket",))
    try:
        await engine.open()
    except WireError as problem:
        yield _no_websocket(str(problem))
        return
    handshake = engine.handshake
    await engine.close()
    yield ok("websocket", "WebSocket works")
    seconds = (handshake.ping_interval + handshake.ping_timeout) / 1000
    yield note(
        "ping", f"pings every {handshake.ping_interval / 1000:g} s; a client that is silent is gone after {seconds:g} s"
    )
    if handshake.ping_interval >= 55_000:
        yield warning(
            "ping",
            "most proxies close a connection that is silent for 60 s",
            "ping more often (pingInterval), or raise the proxy's read timeout",
        )


def _no_websocket(problem: str) -> Finding:
    low = problem.lower()
    fix = "pass Upgrade and Connection on (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade)"
    if "403" in low:
        return error("websocket", f"WebSocket is refused: {problem}", "allow its origin on the server")
    if "400" in low or "426" in low or "no websocket" in low or "invalid" in low:
        return warning("websocket", f"WebSocket does not come through: {problem}", fix)
    return warning("websocket", f"WebSocket fails: {problem}", fix)


async def _upgrade(target: Target) -> AsyncIterator[Finding]:
    engine = _engine(target, ("polling", "websocket"))
    try:
        await engine.open()
    except WireError as problem:
        yield error("upgrade", f"a client that begins with polling fails: {problem}", "see the server's log")
        return
    offered = "websocket" in engine.handshake.upgrades
    moved = engine.transport == "websocket"
    await engine.close()
    if moved:
        yield ok("upgrade", "a client that begins with polling moves to WebSocket")
    elif not offered:
        yield note("upgrade", "the server offers no upgrade: clients stay on polling", "allow upgrades on the server")
    else:
        yield warning(
            "upgrade",
            "WebSocket works, but a session that begins with polling does not move to it",
            "turn on sticky sessions: its requests reach different servers",
        )


async def _namespace(target: Target, transports: Sequence[str], auth: Any) -> AsyncIterator[Finding]:
    nsp = target.namespace
    client = Client(_engine(target, transports), msgpack=target.msgpack)
    try:
        await client.open()
        socket = await client.connect(nsp, auth, timeout=15)
    except Refused as refused:
        data = "" if refused.data is None else f", with {msgspec.json.encode(refused.data).decode()}"
        yield _refused(nsp, refused.message, data)
    except Closed as closed:
        yield error(
            "namespace",
            f"the server hung up on CONNECT to {nsp}: {closed}",
            "check its parser (--parser msgpack), and its log",
        )
    except WireError as problem:
        yield error("namespace", str(problem), "a middleware that never calls next() holds it: see the server's log")
    else:
        id = socket.id
        try:
            async with asyncio.timeout(0.3):  # what is let in, and thrown out at once
                while True:
                    await socket.receive()
        except TimeoutError:
            yield ok("namespace", f"connected to {nsp} as {id}")
        except Closed as closed:
            yield error(
                "namespace", f"let into {nsp}, and disconnected at once: {closed}", "see the server's connect handler"
            )
    finally:
        await client.engine.abort()


def _refused(nsp: str, message: str, data: str) -> Finding:
    if "namespace" in message.lower() or message == "Unable to connect":
        return error("namespace", f"there is no namespace {nsp}: the server says {message!r}", "use --namespace NAME")
    return error(
        "namespace",
        f"the server refuses to let us into {nsp}: {message!r}{data}",
        "it reached the app: send what its middleware wants (--auth JSON)",
    )


def can_connect(findings: Sequence[Finding]) -> bool:
    """Whether a client got in."""
    return any(each.step == "namespace" and each.level == "ok" for each in findings) and not any(
        each.step == "cors" and each.level == "error" for each in findings
    )
