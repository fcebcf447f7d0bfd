"""What a HAR file holds: requests, and the frames of WebSockets."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import msgspec

#: Stamps above it are milliseconds (Playwright), those below seconds (Chrome, mitmproxy).
_MILLISECONDS = 1e11
TEXT, BINARY = 1, 2


class HarError(Exception):
    """A file that can't be imported; its text says why, in one line."""


class Pair(msgspec.Struct):
    name: str
    value: str = ""


class PostData(msgspec.Struct):
    text: str = ""
    encoding: str = ""


class Request(msgspec.Struct, rename="camel"):
    url: str
    method: str = "GET"
    headers: list[Pair] = []
    post_data: PostData | None = None


class Content(msgspec.Struct):
    text: str = ""
    encoding: str = ""


class Response(msgspec.Struct):
    status: int = 0
    content: Content = msgspec.field(default_factory=Content)


class Message(msgspec.Struct):
    """One frame of a WebSocket, seen from the client."""

    type: Literal["send", "receive"]
    time: float
    data: str = ""
    opcode: int = TEXT

    @property
    def at(self) -> int:
        """Wall time in nanoseconds."""
        return int(self.time * (1e6 if self.time > _MILLISECONDS else 1e9))

    @property
    def content(self) -> str | bytes:
        """Text, or the bytes of a binary frame."""
        return unbase64(self.data) if self.opcode == BINARY else self.data


class Entry(msgspec.Struct, rename={"started": "startedDateTime", "messages": "_webSocketMessages"}):
    """One request with its answer; a WebSocket's frames are with the request that opened it."""

    started: datetime
    request: Request
    response: Response = msgspec.field(default_factory=Response)
    #: Milliseconds that it took.
    time: float | None = None
    messages: list[Message] | None = None

    @property
    def start(self) -> int:
        """Wall time in nanoseconds."""
        return int(self.started.timestamp() * 1e9)

    @property
    def end(self) -> int:
        return self.start + int(max(0.0, self.time or 0.0) * 1e6)

    @property
    def query(self) -> dict[str, str]:
        """The query's values, the last of each name."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.request.url).query, True).items()}

    @property
    def sent(self) -> str:
        """The request's body."""
        post = self.request.post_data
        return "" if post is None else _text(post.text, post.encoding)

    @property
    def received(self) -> str:
        """The answer's body."""
        return _text(self.response.content.text, self.response.content.encoding)


class _Log(msgspec.Struct):
    entries: list[msgspec.Raw]


class _Har(msgspec.Struct):
    log: _Log


def entries(data: bytes) -> tuple[list[Entry], int]:
    """The entries of a HAR file in the order in which they began, and how many can't be read; HarError for any other
    file."""
    try:
        raw = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=_Har).log.entries
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise HarError("this is no HAR file") from None
    found = list(_readable(raw))
    return sorted(found, key=lambda entry: entry.start), len(raw) - len(found)


def _readable(raw: list[msgspec.Raw]) -> Iterator[Entry]:
    for each in raw:
        try:
            entry = msgspec.json.decode(each, type=Entry)
            urlsplit(entry.request.url)
            _ = entry.end, [message.at for message in entry.messages or ()]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, OverflowError):
            continue
        yield entry


def unbase64(text: str) -> bytes:
    """The bytes of a base64 text; the text's own where it is none, as some exporters write binary frames."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text.encode("utf-8", "surrogatepass")


def _text(text: str, encoding: str) -> str:
    return unbase64(text).decode("utf-8", "replace") if encoding == "base64" else text
