"""What answers on the path: Engine.IO, which version, or something else."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import msgspec

from console.doctor.finding import Finding, error, note, ok, warning

#: Paths that are usual, where the one that was asked for is not Socket.IO's.
PATHS = ("/socket.io/", "/ws/socket.io/", "/api/socket.io/", "/sio/", "/ws/")
#: Seconds for each request.
PATIENCE = 4.0
_V3 = re.compile(r"\d+:0\{")


class Answer(msgspec.Struct, frozen=True):
    """An answer to a request for an Engine.IO handshake."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def is_v4(self) -> bool:
        """Whether it is a handshake of Engine.IO 4: Socket.IO 3 and 4."""
        return self.status == 200 and self.text.startswith("0{")

    @property
    def is_v3(self) -> bool:
        """Whether it is a handshake of Engine.IO 3: Socket.IO 1 and 2."""
        return self.status == 200 and _V3.match(self.text) is not None

    @property
    def refusal(self) -> str:
        """What an Engine.IO server says in a refusal, "" where it is none."""
        with contextlib.suppress(msgspec.DecodeError):
            said: Any = msgspec.json.decode(self.text)
            if isinstance(said, dict) and isinstance(said.get("message"), str) and "code" in said:
                return str(said["message"])
            if isinstance(said, str) and self.status == 400:
                return said
        if self.status == 400 and self.text.strip('"').startswith(_PYTHON):
            return self.text.strip('"')
        return ""

    @property
    def is_engine(self) -> bool:
        return self.is_v4 or self.is_v3 or bool(self.refusal)

    @property
    def handshake(self) -> dict[str, Any]:
        """What the OPEN packet holds."""
        with contextlib.suppress(msgspec.DecodeError):
            found = msgspec.json.decode(self.text.partition("\x1e")[0][1:])
            return found if isinstance(found, dict) else {}
        return {}


#: How python-engineio's refusals begin.
_PYTHON = ("Invalid", "The client is using", "Unexpected", "Missing", "http", "Bad request")


class Http:
    """Requests to what looks like one server, each on a connection of its own: they may reach different ones."""

    def __init__(self, url: str, *, path: str, headers: Mapping[str, str], verify: Any) -> None:
        self.url = url.rstrip("/")
        self.path = "/" + path.strip("/") + "/"
        self._options: dict[str, Any] = {
            "headers": dict(headers),
            "verify": verify,
            "timeout": PATIENCE,
            "trust_env": False,
            "follow_redirects": False,
            "limits": httpx.Limits(max_keepalive_connections=0),
        }

    async def get(self, *, path: str = "", headers: Mapping[str, str] | None = None, **query: str) -> Answer:
        """A GET on the path; httpx.HTTPError where nothing answers HTTP."""
        return await self.request("GET", path=path, headers=headers, **query)

    async def request(
        self, method: str, *, path: str = "", headers: Mapping[str, str] | None = None, content: str = "", **query: str
    ) -> Answer:
        async with (
            httpx.AsyncClient(**self._options) as client,
            client.stream(
                method,
                self.url + (path or self.path),
                params=query,
                headers=dict(headers or {}),
                content=content or None,
            ) as response,
        ):
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > 65_536:
                    break
            return Answer(response.status_code, body.decode(errors="replace"), dict(response.headers))


async def identify(http: Http) -> AsyncIterator[Finding]:
    """Ask for a handshake, and say what answered; ends with the first error."""
    try:
        answer = await http.get(EIO="4", transport="polling")
    except httpx.TimeoutException:
        where = await _elsewhere(http)
        silent = f"{http.url} does not answer at {http.path}"
        yield where or error("path", silent, "check the path (--path), and that the app is not stuck")
        return
    except httpx.HTTPError as problem:
        said = str(problem) or type(problem).__name__
        yield error("http", f"{http.url} does not answer HTTP: {said}", "check the port: something else listens there")
        return
    if between := _between(answer.headers):
        yield note("http", f"answered through {between}")
    if answer.is_v4:
        yield ok("engine", "Engine.IO 4 answers: the server is Socket.IO 3 or 4")
        return
    if answer.is_v3:
        yield error(
            "engine",
            "the server speaks Engine.IO 3: it is Socket.IO 1 or 2",
            "upgrade the server to Socket.IO 4, or use a client of version 2 (socketscope needs 3 or newer)",
        )
        return
    yield await _explain(http, answer)


async def _explain(http: Http, answer: Answer) -> Finding:
    """Why an answer is no handshake."""
    refusal, status = answer.refusal, answer.status
    if refusal:
        return _explain_refusal(refusal)
    if 300 <= status < 400:
        to = answer.headers.get("location", "elsewhere")
        return error("http", f"{status}: it redirects to {to}", "use that URL: clients don't follow on WebSocket")
    if status in (401, 403, 407):
        return error(
            "http", f"{status}: something before the app wants a login", "let the path through, or send --header"
        )
    if status == 429:
        return error("http", "429: too many requests", "wait, or raise the limit for this path")
    if status in (502, 503, 504):
        return error(
            "http", f"{status}: a proxy answers, and can't reach the app", "start the app, or fix the proxy's target"
        )
    if where := await _elsewhere(http):
        return where
    what = f"{status}, {answer.headers.get('content-type', 'no content type').partition(';')[0]}"
    return error(
        "path",
        f"{http.url} answers HTTP, but not Socket.IO at {http.path} ({what})",
        "check the path (--path), and that the app serves Socket.IO",
    )


async def _elsewhere(http: Http) -> Finding | None:
    """Where Socket.IO answers, when it does not on the path that was asked for."""
    for path in PATHS:
        if path == http.path:
            continue
        with contextlib.suppress(httpx.HTTPError):
            if (await http.get(path=path, EIO="4", transport="polling")).is_engine:
                return error("path", f"Socket.IO answers at {path}, not at {http.path}", f"use --path {path}")
    return None


def _explain_refusal(refusal: str) -> Finding:
    low = refusal.lower()
    if "transport" in low:
        return warning(
            "polling",
            f"the server refuses polling ({refusal})",
            'connect with transports: ["websocket"], or allow polling on the server',
        )
    if "unsupported" in low or "protocol version" in low:
        return error("engine", f"the server refuses Engine.IO 4 ({refusal})", "use a client of the server's version")
    if "origin" in low:
        return error("cors", refusal, "add the origin to the server's cors_allowed_origins")
    if "forbidden" in low:
        return error("engine", f"the server's allowRequest refuses ({refusal})", "see what it asks for, and send it")
    return error("engine", f"the server refuses: {refusal}", "see the server's log")


async def cors(http: Http, origin: str) -> AsyncIterator[Finding]:
    """Whether a browser's page of this origin may connect."""
    try:
        answer = await http.get(headers={"origin": origin}, EIO="4", transport="polling")
    except httpx.HTTPError as problem:
        yield error("cors", f"a request with this origin failed: {problem}", "see the server's log")
        return
    allowed = answer.headers.get("access-control-allow-origin", "")
    credentials = answer.headers.get("access-control-allow-credentials", "") == "true"
    ways = f'cors_allowed_origins=["{origin}"] (Python), cors: {{origin: "{origin}"}} (Node)'
    if answer.status >= 400:
        yield error("cors", f"{origin} is refused with {answer.status} {answer.refusal}".rstrip(), ways)
    elif not allowed:
        yield error("cors", f"a page of {origin} may not read the answers: no Access-Control-Allow-Origin", ways)
    elif allowed not in ("*", origin):
        yield error("cors", f"the server allows {allowed}, not {origin}", ways)
    elif "," in allowed or answer.headers.get("vary", "").lower() == "origin, origin":
        yield error(
            "cors", f"two answers at once: {allowed}", "set the CORS headers in the app or in the proxy, not both"
        )
    elif allowed == "*" and credentials:
        yield warning("cors", "any origin is allowed, with credentials: browsers refuse that", ways)
    else:
        yield ok(
            "cors", f"a page of {origin} may connect" + ("" if credentials or allowed == "*" else ", without cookies")
        )


async def sticky(http: Http) -> AsyncIterator[Finding]:
    """Whether requests of one session reach one server: polling needs it."""
    try:
        opened = await http.get(EIO="4", transport="polling")
        if not opened.is_v4:
            return
        sid = str(opened.handshake.get("sid", ""))
        for _ in range(4):
            posted = await http.request("POST", EIO="4", transport="polling", sid=sid, content="3")
            if posted.status != 200:
                yield _lost_session(posted)
                return
    except httpx.HTTPError as problem:
        yield error("polling", f"a POST failed: {problem}", "let POST through to the app")
        return
    yield ok("polling", "requests of one session reach the same server")
    await _end(http, sid)


async def _end(http: Http, sid: str) -> None:
    with contextlib.suppress(httpx.HTTPError):
        await http.request("POST", EIO="4", transport="polling", sid=sid, content="1")


def _lost_session(answer: Answer) -> Finding:
    refusal = answer.refusal
    if "session" in refusal.lower() or "sid" in refusal.lower():
        return error(
            "polling",
            f"a session is unknown to the server that its next request reached ({refusal})",
            'turn on sticky sessions in the load balancer, or connect with transports: ["websocket"]',
        )
    if answer.status in (403, 405, 413):
        return error("polling", f"a POST is refused with {answer.status}", "let POST through to the app")
    return error("polling", f"a POST is answered {answer.status} {refusal}".rstrip(), "see the server's log")


def _between(headers: Mapping[str, str]) -> str:
    """What seems to stand between us and the app."""
    names = [headers[name] for name in ("via", "server", "x-powered-by") if headers.get(name)]
    proxies = [
        name
        for name in names
        if re.search(r"nginx|cloudflare|varnish|haproxy|traefik|caddy|apache|envoy|awselb", name, re.IGNORECASE)
    ]
    return ", ".join(dict.fromkeys(proxies))
