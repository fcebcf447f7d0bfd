"""Masking of secrets: what stands under a secret-looking name is not shown, recorded or exported.

Whatever reads or writes records masks with this module, so that a secret is one in every place or in none.
"""

from __future__ import annotations

import hashlib
from typing import Any, TypeVar
from urllib.parse import quote, unquote

import msgspec

from server_core.records import (
    AttributeSet,
    Commanded,
    CommandResult,
    Connecting,
    Emit,
    EngineRefused,
    EventBlocked,
    HandlerException,
    Handshake,
    Log,
    PayloadRecord,
    Record,
    Refused,
    SetAttribute,
    Simulate,
    SocketInfo,
    Sync,
)
from server_core.secret_text import holds_name, json_masked, line_masked, string_masked
from server_core.secret_text import is_secret as is_secret

R = TypeVar("R", bound=Record)

MASK = "••••••"
#: The key under which a client that comes back names its session: whoever has it can take that over. It is a secret in
#: auth alone, for elsewhere a `pid` is a process.
PRIVATE_ID = "pid"

_encode = msgspec.json.Encoder().encode


class Redactor:
    """Masks secrets. With a key, a masked value keeps a digest of it, so that equal secrets stay equal."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key

    def value(self, value: str) -> str:
        """What stands in place of a secret value."""
        if self._key is None:
            return MASK
        return f"{MASK}{hashlib.blake2s(value.encode(errors='replace'), key=self._key, digest_size=4).hexdigest()}"

    def headers(self, headers: dict[str, str]) -> dict[str, str]:
        """Headers with the secret ones masked, and the secrets in what the others hold (a referer's query)."""
        return {name: self.value(value) if is_secret(name) else self.line(value) for name, value in headers.items()}

    def url(self, url: str) -> str:
        """A URL with the secret ones of its query's values masked."""
        path, mark, query = url.partition("?")
        if not mark or not holds_name(unquote(query)):
            return url
        pairs = (pair.partition("=") for pair in query.split("&"))
        return (
            path
            + "?"
            + "&".join(
                f"{name}{eq}{quote(self.value(unquote(value)), safe=MASK)}"
                if eq and is_secret(unquote(name))
                else name + eq + value
                for name, eq, value in pairs
            )
        )

    def json(self, text: str, also: str = "") -> str:
        """JSON text with the values under secret names masked, however deep, and those under the name `also`; all else
        as it was written."""
        return json_masked(text, self.value, also)

    def line(self, text: str) -> str:
        """Free text with what looks like `secret=value` masked."""
        return line_masked(text, self.value)

    def handshake(self, handshake: Handshake) -> Handshake:
        query = {
            name: (self.value(value) if isinstance(value, str) else [self.value(item) for item in value])
            if is_secret(name)
            else value
            for name, value in handshake.query.items()
        }
        return msgspec.structs.replace(
            handshake,
            headers=self.headers(handshake.headers),
            query=query,
            auth=self.json(handshake.auth, also=PRIVATE_ID),
            url=self.url(handshake.url),
        )

    def attribute(self, name: str, value: str) -> str:
        """An attribute's value (JSON text), masked when its name or a name within it is secret."""
        return _encode(self.value(value)).decode() if is_secret(name) else self.json(value)

    def socket(self, socket: SocketInfo) -> SocketInfo:
        attributes = {name: self.attribute(name, value) for name, value in socket.attributes.items()}
        return msgspec.structs.replace(socket, handshake=self.handshake(socket.handshake), attributes=attributes)

    def record(self, record: R) -> R:
        """The record with its secrets masked; the record itself when it has none."""
        changes: dict[str, Any] = {}
        match record:
            case EventBlocked():
                changes = {"message": self.line(record.message), "data": self.json(record.data)}
            case PayloadRecord():
                changes = {"data": self.json(record.data)}
            case Log():
                changes = {"text": self.line(record.text)}
            case Connecting():
                changes = {"handshake": self.handshake(record.handshake)}
            case Sync():
                sockets = (msgspec.structs.replace(sync, socket=self.socket(sync.socket)) for sync in record.sockets)
                changes = {"sockets": tuple(sockets)}
            case AttributeSet():
                changes = {"value": self.attribute(record.name, record.value)}
            case Refused():
                changes = {"message": self.line(record.message), "data": self.json(record.data)}
            case EngineRefused():
                changes = {"url": self.url(record.url)}
            case HandlerException():
                changes = {"message": self.line(record.message), "traceback": self.line(record.traceback)}
            case Commanded():
                changes = {"command": self._command(record), "result": self._result(record.result)}
        return msgspec.structs.replace(record, **changes) if changes else record

    def _command(self, record: Commanded) -> object:
        match command := record.command:
            case Emit() | Simulate():
                return msgspec.structs.replace(command, args=self.json(command.args))
            case SetAttribute():
                return msgspec.structs.replace(command, value=self.attribute(command.name, command.value))
        return command

    def _result(self, result: CommandResult) -> CommandResult:
        acks = tuple(
            msgspec.structs.replace(ack, data=None if ack.data is None else self.json(ack.data)) for ack in result.acks
        )
        return msgspec.structs.replace(result, error=self.line(result.error), acks=acks)


_on_screen = Redactor()


def mask_text(text: str) -> str:
    """JSON text as the screen shows it."""
    return _on_screen.json(text)


def mask_string(text: str) -> str:
    """What a JSON string says, as the screen shows it: it may be JSON with secrets."""
    return string_masked(text, _on_screen.value)


def mask_headers(headers: dict[str, str]) -> dict[str, str]:
    """Headers as the screen shows them."""
    return _on_screen.headers(headers)


def mask_url(url: str) -> str:
    """A URL as the screen shows it."""
    return _on_screen.url(url)


def mask_line(text: str) -> str:
    """Free text as the screen shows it."""
    return _on_screen.line(text)


def mask_attribute(name: str, value: str) -> str:
    """An attribute's value (JSON text) as the screen shows it."""
    return _on_screen.attribute(name, value)


def mask_handshake(handshake: Handshake) -> Handshake:
    """A handshake as the screen shows it."""
    return _on_screen.handshake(handshake)


def mask_record(record: R) -> R:
    """A record as it may leave the screen."""
    return _on_screen.record(record)
