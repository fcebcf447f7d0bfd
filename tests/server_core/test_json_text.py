"""Encoding and decoding for less: the same as python-socketio's, whatever it is given."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
import math
from typing import Any

import engineio.json
import pytest
import socketio
from hypothesis import given
from hypothesis import strategies as st
from socketio.packet import Packet

from server_core import Server, json_text


class _Colour(enum.IntEnum):
    RED = 1


class _Text(str):
    __slots__ = ()


@dataclasses.dataclass
class _Point:
    x: int = 1


_LEAVES: Any = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just("\ud800"), st.binary(max_size=3)
)
_KEYS = st.one_of(st.text(max_size=5), st.integers(), st.booleans(), st.none(), st.floats())
_VALUES: Any = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(_KEYS, inner, max_size=4), st.tuples(inner, inner)
    ),
    max_leaves=12,
)

_circular: list[Any] = []
_circular.append(_circular)


def _stock(data: Any) -> Any:
    """What python-socketio makes of it: the packet, or the error."""
    try:
        return Packet(socketio.packet.EVENT, namespace="/", data=["event", data]).encode()
    except Exception as error:  # noqa: BLE001  whatever it raises
        return type(error)


def _ours(data: Any) -> Any:
    try:
        parts = Server().encode(socketio.packet.EVENT, "/", ["event", data])
    except Exception as error:  # noqa: BLE001  whatever it raises
        return type(error)
    return parts[0] if len(parts) == 1 else parts


@given(_VALUES)
def test_any_value_is_encoded_as_python_socketio_does(value: Any) -> None:
    assert _ours(value) == _stock(value)


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        -math.inf,
        {2: "a", True: "b", None: "c", 1.5: "d"},
        collections.OrderedDict(b=1, a=2),
        collections.defaultdict(list, a=[1]),
        _Colour.RED,
        {_Colour.RED: _Text("x")},
        _Text("text"),
        (1, (2, b"x")),
        [bytearray(b"x"), {"deep": [b"y"]}],
        {b"key": 1},
        {(1, 2): 1},
        _Point(),
        datetime.datetime(2026, 1, 1),
        {1, 2},
        object(),
        10**400,
        _circular,
    ],
    ids=lambda value: type(value).__name__,  # parallel runs need the same names: no addresses
)
def test_what_other_encoders_do_differently(value: Any) -> None:
    assert _ours(value) == _stock(value)


def _loads(text: str) -> Any:
    try:
        return engineio.json.loads(text)
    except (ValueError, RecursionError):
        return ValueError


@given(st.one_of(st.text(), st.text(alphabet='0123456789.eE+-[]{}",: ntrufalsNI\\u'), _VALUES.map(repr)))
def test_what_is_decoded_is_what_the_library_decodes(text: str) -> None:
    value = json_text.decode(text)
    assert value is None or repr(value) == repr(_loads(text))


def _packet(packet_class: type[Any], text: str) -> Any:
    try:
        packet = packet_class(encoded_packet=text)
    except Exception as error:  # noqa: BLE001  whatever it raises
        return type(error)
    return repr(vars(packet))


@given(_VALUES)
def test_a_tapped_server_packets_are_the_same(value: Any) -> None:
    def made(packet_class: type[Any]) -> Any:
        try:
            return packet_class(socketio.packet.EVENT, namespace="/", data=["event", value]).encode()
        except Exception as error:  # noqa: BLE001  whatever it raises
            return type(error)

    assert made(json_text.QuickPacket) == made(Packet)


@given(st.one_of(st.text(), st.builds("2{}".format, st.text(alphabet='0123456789.eE+-[]{}",: ntrufalsNI/?-'))))
def test_a_tapped_server_reads_packets_as_before(text: str) -> None:
    assert _packet(json_text.QuickPacket, text) == _packet(Packet, text)


@pytest.mark.parametrize("digits", [99, 100, 101, 102, 300, 5000])
@pytest.mark.parametrize("before", [0, 1, 57, 100, 101])
def test_integers_past_a_hundred_digits_are_left_to_the_library(digits: int, before: int) -> None:
    text = f'["{"x" * before}",{"1" * digits}]'
    assert (json_text.decode(text) is None) == (digits > 100)


def test_another_json_module_is_the_one_that_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Loud:
        @staticmethod
        def dumps(*_args: Any, **_options: Any) -> str:
            return '["LOUD"]'

    server = Server()
    monkeypatch.setattr(Packet, "json", Loud)
    assert server.encode(socketio.packet.EVENT, "/", ["quiet"]) == ['2["LOUD"]']
