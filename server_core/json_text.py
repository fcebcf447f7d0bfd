"""JSON at the speed of C, where that makes no difference: whatever would come out otherwise goes python-socketio's way.

Encoding is the standard library's own C encoder, made once instead of once a packet: the same text, to the byte.
Decoding is msgspec's; what it refuses (`NaN`, lone surrogates, integers past 100 digits) is tried by the library's.
"""

from __future__ import annotations

import json.encoder
import re
from collections.abc import Callable
from typing import Any

import engineio.json
import msgspec
from socketio.packet import Packet

_make: Any = getattr(json.encoder, "c_make_encoder", None)
_decode = msgspec.json.Decoder().decode
_has_digit = re.compile(r"\d").search
_has_long_integer = re.compile(r"\d{101}").search


class _NotPlain(Exception):
    """A value of which the standard library makes no JSON: binary, or an error to raise."""


def _refuse(value: object) -> Any:
    raise _NotPlain


def _encoder() -> Callable[[Any], str]:
    if _make is None:  # another Python than CPython
        return json.JSONEncoder(separators=(",", ":"), default=_refuse).encode
    encode = _make(None, _refuse, json.encoder.encode_basestring_ascii, None, ":", ",", False, False, True)
    return lambda value: "".join(encode(value, 0))


_encode = _encoder()


def is_default(packet_class: type[Any]) -> bool:
    """Whether packets are encoded as python-socketio does by default, with the standard library's JSON."""
    return packet_class is Packet and Packet.json is engineio.json


def encode(values: Any) -> str | None:
    """The JSON text of a payload, None where it has to be made the long way: it is binary, or no JSON."""
    try:
        return _encode(values)
    except Exception:  # noqa: BLE001  the library raises it again, in its own way
        return None


def decode(text: str) -> Any:
    """The value of a JSON text, None where the library has to say."""
    if len(text) > 100 and _has_digit(text[::101]) and _has_long_integer(text):
        return None
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None


class _Json:
    """The library's JSON module, with less work where that makes no difference."""

    @staticmethod
    def dumps(data: Any, **options: Any) -> str:
        text = encode(data)
        return engineio.json.dumps(data, **options) if text is None else text

    @staticmethod
    def loads(text: str) -> Any:
        value = decode(text)
        return engineio.json.loads(text) if value is None else value


class QuickPacket(Packet):
    """python-socketio's default packet: the same, sooner."""

    json = _Json

    @classmethod
    def data_is_binary(cls, data: Any) -> bool:
        """Whether there is anything binary in it."""
        if isinstance(data, bytes | bytearray):
            return True
        if isinstance(data, list):
            items: Any = data
        elif isinstance(data, dict):
            items = data.values()
        else:
            return False
        is_binary = cls.data_is_binary
        return any(type(item) not in _SCALARS and is_binary(item) for item in items)


_SCALARS = frozenset({str, int, float, bool, type(None)})
