"""Packets are split as python-socketio, which encodes them, would decode them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from socketio.packet import ACK, EVENT, Packet

from server_core import packets

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | text | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from([EVENT, ACK]),
    st.lists(json, max_size=4),
    st.sampled_from([None, "/", "/chat", "/a/b"]),
    st.one_of(st.none(), st.integers(0, 2**40)),
)
def test_a_packet_of_python_socketio_is_read_back(
    kind: int, values: list[Any], nsp: str | None, id: int | None
) -> None:
    data = ["event", *values]
    encoded = Packet(kind, data=data, namespace=nsp, id=id).encode()
    head, *attachments = encoded if isinstance(encoded, list) else [encoded]
    split = packets.split(head)
    assert split.type == kind + (3 if attachments else 0)
    assert (split.attachments, split.nsp, split.id) == (len(attachments), nsp or "/", id)
    assert packets.decode(split.data, attachments) == data


@given(st.lists(json, max_size=4))
def test_arguments_survive_encoding(values: list[Any]) -> None:
    encoded, attachments = packets.encode_args(values)
    assert packets.decode(encoded, attachments) == values


@given(st.text(max_size=30))
def test_any_text_is_split_or_refused(data: str) -> None:
    try:
        packets.split(data)
    except ValueError:
        return


@given(st.binary(max_size=60))
def test_any_bytes_are_split_or_refused(data: bytes) -> None:
    try:
        packets.split_msgpack(data)
    except ValueError:
        return


def test_a_msgpack_packet_is_split() -> None:
    data = msgspec.msgpack.encode({"type": 2, "data": ["up", b"\x00"], "nsp": "/chat", "id": 3})
    head, attachments = packets.split_msgpack(data)
    assert head == packets.Head(2, 0, "/chat", 3, '["up",{"_placeholder":true,"num":0}]')
    assert attachments == (b"\x00",)


@pytest.mark.parametrize("data", ["", "9", "x", "5", "5x-[]"])
def test_what_is_no_packet_is_refused(data: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  its text is for nobody
        packets.split(data)


@pytest.mark.parametrize(
    "packet",
    [
        {"type": 2, "nsp": [1], "data": ["x"]},
        {"type": 2, "nsp": 5, "data": ["x"]},
        {"type": 7, "nsp": "/", "data": ["x"]},
        {"type": 2.5, "nsp": "/", "data": ["x"]},
        {"type": "2", "nsp": "/", "data": ["x"]},
        {"type": float("inf"), "nsp": "/", "data": ["x"]},
        {"type": float("nan"), "nsp": "/", "data": ["x"]},
        {"type": {}, "nsp": "/", "data": ["x"]},
    ],
)
def test_what_has_a_part_of_another_type_is_no_msgpack_packet(packet: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a packet"):
        packets.split_msgpack(msgspec.msgpack.encode(packet))


@pytest.mark.parametrize("id", [{}, [], 1.5, -1, True, "1", 2**60])
def test_an_id_that_is_no_count_is_none_in_msgpack_too(id: Any) -> None:
    data = msgspec.msgpack.encode({"type": 2, "nsp": "/", "id": id, "data": ["x"]})
    assert packets.split_msgpack(data)[0] == packets.Head(2, 0, "/", None, '["x"]')


def test_a_namespace_loses_its_query() -> None:
    assert packets.split('0/chat?token=1,{"a":1}') == packets.Head(0, 0, "/chat", None, '{"a":1}')


def test_an_id_past_what_any_peer_counts_is_none() -> None:
    assert packets.split(f'2{"9" * 90}["hi"]').id is None


def test_javascripts_undefined_in_msgpack() -> None:
    undefined = msgspec.msgpack.encode(
        {"type": 0, "nsp": "/", "data": {"sid": "x", "pid": msgspec.msgpack.Ext(0, b"\0")}}
    )
    head, attachments = packets.split_msgpack(undefined)
    assert (head.data, attachments) == ('{"sid":"x","pid":null}', ())
