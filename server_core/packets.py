"""Encoded Socket.IO packets, split without decoding their payload."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK = range(7)

RESERVED_EVENTS = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}
)


#: Past it no peer counts, and records hold none.
_MAX_ID = 2**53


class Head(NamedTuple):
    """A packet's parts; `data` is JSON text, "" when there is none."""

    type: int
    #: How many binary attachments follow.
    attachments: int
    nsp: str
    id: int | None
    data: str


def split(text: str) -> Head:
    """The parts of a packet of Socket.IO's default encoding; ValueError when it is none."""
    kind = ord(text[0]) - 48 if text else -1
    if not 0 <= kind <= BINARY_ACK:
        raise ValueError("unknown packet type")
    if text[1:2] == "[":  # the most frequent: an event to "/" without ack
        return Head(kind, 0, "/", None, text[1:])
    at = 1
    attachments = 0
    if kind >= BINARY_EVENT:
        dash = text.index("-", at)
        attachments = int(text[at:dash])
        at = dash + 1
    nsp = "/"
    if text[at : at + 1] == "/":
        comma = text.find(",", at)
        end = len(text) if comma < 0 else comma
        nsp = text[at:end].partition("?")[0]
        at = end + 1
    start = at
    while text[at : at + 1].isdigit():
        at += 1
    ack_id = int(text[start:at]) if at > start else None
    if ack_id is not None and ack_id >= _MAX_ID:
        ack_id = None
    return Head(kind, attachments, nsp, ack_id, text[at:])


def split_msgpack(data: bytes) -> tuple[Head, tuple[bytes, ...]]:
    """The parts of a packet of the msgpack encoding, its binary values as attachments; ValueError when it is none."""
    try:
        packet = _unpack(data)
        attachments: list[bytes] = []
        payload = packet.get("data")
        text = "" if payload is None else msgspec.json.encode(_detach(payload, attachments)).decode()
        kind, nsp, ack_id = packet["type"], packet.get("nsp") or "/", packet.get("id")
        if kind not in range(BINARY_ACK + 1) or not isinstance(nsp, str):
            raise ValueError("not a packet: what is there is of another type")
        if type(ack_id) is not int or not 0 <= ack_id < _MAX_ID:
            ack_id = None
        head = Head(int(kind), 0, nsp, ack_id, text)
    except (msgspec.MsgspecError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not a packet: {error}") from error
    return head, tuple(attachments)


def encode_args(values: Sequence[Any]) -> tuple[str, tuple[bytes, ...]]:
    """JSON text of a list of values, and the attachments that its placeholders name; TypeError for what is no JSON."""
    attachments: list[bytes] = []
    return msgspec.json.encode(_detach(list(values), attachments)).decode(), tuple(attachments)


def decode(text: str, attachments: Sequence[bytes] = ()) -> Any:
    """The value of a JSON text, attachments in place of their placeholders; `msgspec.DecodeError` when it is none."""
    value = _decode(text)
    return _fill(value, attachments) if attachments else value


def check_placeholders(value: Any, attachments: int) -> None:
    """Raise ValueError for a payload with a placeholder for none of its attachments."""
    if isinstance(value, list):
        for item in value:
            check_placeholders(item, attachments)
    elif isinstance(value, dict):
        if not value.get("_placeholder"):
            for item in value.values():
                check_placeholders(item, attachments)
        elif type(num := value.get("num")) is not int or not 0 <= num < attachments:
            raise ValueError("illegal attachments")


def _fill(value: Any, attachments: Sequence[bytes]) -> Any:
    """`value` with its placeholders replaced by the attachments that they name."""
    if isinstance(value, list):
        return [_fill(item, attachments) for item in value]
    if isinstance(value, dict):
        if value.get("_placeholder") is True:
            num = value.get("num")
            if isinstance(num, int) and 0 <= num < len(attachments):
                return attachments[num]
            return value
        return {key: _fill(item, attachments) for key, item in value.items()}
    return value


def _extension(_code: int, data: memoryview) -> bytes | None:
    """A value of msgpack's extensions: JavaScript's undefined is one of a zero byte."""
    return bytes(data) if any(data) else None


_unpack = msgspec.msgpack.Decoder(ext_hook=_extension).decode
_decode = msgspec.json.Decoder().decode


def _detach(value: Any, attachments: list[bytes]) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        attachments.append(bytes(value))
        return {"_placeholder": True, "num": len(attachments) - 1}
    if isinstance(value, list | tuple):
        return [_detach(item, attachments) for item in value]
    if isinstance(value, dict):
        return {key: _detach(item, attachments) for key, item in value.items()}
    return value
