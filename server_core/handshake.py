"""`socket.handshake`, read from the ASGI scope of the first Engine.IO request."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import msgspec

from server_core import records

Environ = Mapping[str, Any]


class Handshake:
    """Details of the connection, as Socket.IO's `socket.handshake` gives them."""

    __slots__ = ("address", "auth", "headers", "issued", "query", "secure", "time", "url", "xdomain")

    def __init__(self, environ: Environ, auth: Any) -> None:
        now = time.time()
        scope: Mapping[str, Any] = environ.get("asgi.scope", {})
        #: Lower-case, hyphenated names.
        self.headers: dict[str, str] = _headers(scope, environ)
        query = scope.get("query_string", b"").decode("latin-1") or environ.get("QUERY_STRING", "")
        #: A name given twice has a list.
        self.query: dict[str, str | list[str]] = {
            name: values[0] if len(values) == 1 else values
            for name, values in parse_qs(query, keep_blank_values=True).items()
        }
        self.auth: Any = {} if auth is None else auth
        self.time: str = datetime.fromtimestamp(now, UTC).isoformat()
        #: Milliseconds since the epoch.
        self.issued: int = int(now * 1000)
        path = (scope.get("raw_path") or b"").decode("latin-1") or environ.get("PATH_INFO", "")
        #: Path and query, as requested.
        self.url: str = f"{path}?{query}" if query else path
        client = scope.get("client")
        #: The peer's IP address.
        self.address: str = str(client[0]) if client else environ.get("REMOTE_ADDR", "")
        #: Whether the request names an origin.
        self.xdomain: bool = "origin" in self.headers
        self.secure: bool = scope.get("scheme", environ.get("wsgi.url_scheme", "http")) in ("https", "wss")

    def to_record(self) -> records.Handshake:
        """The same as part of a record: immutable, the auth as JSON text."""
        return records.Handshake(
            headers=dict(self.headers),
            query=dict(self.query),
            auth=to_json(self.auth),
            time=self.time,
            issued=self.issued,
            url=self.url,
            address=self.address,
            xdomain=self.xdomain,
            secure=self.secure,
        )


def _headers(scope: Mapping[str, Any], environ: Environ) -> dict[str, str]:
    headers: dict[str, str] = {}
    raw = scope.get("headers")
    pairs = (
        ((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw)
        if raw is not None
        else ((name[5:].replace("_", "-"), value) for name, value in environ.items() if name.startswith("HTTP_"))
    )
    for name, value in pairs:
        name = name.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def to_json(value: Any) -> str:
    """JSON text of any value: JSON types and dataclasses as they are, anything else as a guarded `repr`."""
    try:
        return _encoder.encode(value).decode()
    except (TypeError, ValueError, RecursionError, OverflowError) as error:
        return msgspec.json.encode(f"<{type(value).__name__}: {error}>"[:200]).decode()


def describe(value: Any) -> str:
    """Class name and `repr` of a value that is no JSON type, at most 200 characters, whatever its `repr` does."""
    name = type(value).__name__
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001  the app's own code, of which nothing is known
        text = f"<{name}: repr failed: {type(error).__name__}>"
    return (text if name in text else f"{name} {text}")[:200]


_encoder = msgspec.json.Encoder(enc_hook=describe)


def session_attributes(session: Any) -> dict[str, str]:
    """A stock server's session as attributes: its keys, with their values as JSON text."""
    items = session.items() if isinstance(session, Mapping) else (("session", session),)
    return {str(name): to_json(value) for name, value in items}
