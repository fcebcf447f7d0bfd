"""Records keep what they hold through both encodings."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server_core import records
from server_core.records import AnyRecord, EventReceived, decode_batch, decode_line, encode_batch, encode_lines
from tests.support.make import Maker

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(0, 2**53)

kinds: list[type[Any]] = list(AnyRecord.__args__)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type."""
    match kind:
        case msgspec.inspect.StrType():
            return text
        case msgspec.inspect.IntType():
            return numbers
        case msgspec.inspect.FloatType():
            return st.floats(0, 1e6)
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.BytesType():
            return st.binary(max_size=20)
        case msgspec.inspect.NoneType():
            return st.none()
        case msgspec.inspect.LiteralType():
            return st.sampled_from(kind.values)
        case msgspec.inspect.UnionType():
            return st.one_of(*map(values, kind.types))
        case msgspec.inspect.VarTupleType():
            return st.lists(values(kind.item_type), max_size=3).map(tuple)
        case msgspec.inspect.FrozenSetType():
            return st.frozensets(values(kind.item_type), max_size=3)
        case msgspec.inspect.ListType():
            return st.lists(values(kind.item_type), max_size=3)
        case msgspec.inspect.DictType():
            return st.dictionaries(text, values(kind.value_type), max_size=3)
        case msgspec.inspect.StructType():
            fields = {field.name: values(field.type) for field in kind.fields}
            return st.builds(kind.cls, **fields)
    raise AssertionError(f"no values for {kind}")


any_record = st.one_of(*(values(msgspec.inspect.type_info(kind)) for kind in kinds))


@given(st.lists(any_record, max_size=5))
def test_any_records_survive_a_batch_and_a_file(made: list[AnyRecord]) -> None:
    assert decode_batch(encode_batch(made)) == made
    assert [decode_line(line) for line in encode_lines(made).splitlines()] == made


def test_every_kind_is_known_by_its_tag() -> None:
    assert len({kind.__struct_config__.tag for kind in kinds}) == len(kinds)
    assert EventReceived(server="s", epoch=1, seq=1, time=1).kind == "event_received"


def test_lone_surrogates_of_a_peer_do_not_stop_the_stream() -> None:
    record = Maker()(records.RoomJoined, socket="a", room="\ud800room")
    assert decode_batch(encode_batch([record]))[0].room == "?room"  # type: ignore[union-attr]
    assert decode_line(encode_lines([record])).room == "?room"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("data", "event", "args"),
    [
        ('["hi",1,{"a":[2]}]', "hi", [1, {"a": [2]}]),
        ('["quo\\"te", 1]', 'quo"te', [1]),
        ("[5]", "5", []),
        ('["cut off", {"a', "cut off", None),
    ],
)
def test_an_events_name_and_arguments_are_read_from_its_payload(data: str, event: str, args: Any) -> None:
    record = EventReceived(server="s", epoch=1, seq=1, time=1, socket="a", data=data)
    assert (record.event, record.args) == (event, args)


def test_binary_parts_stand_in_their_places() -> None:
    data = '["up",{"_placeholder":true,"num":1},[{"_placeholder":true,"num":0}],{"_placeholder":true,"num":9}]'
    record = EventReceived(server="s", epoch=1, seq=1, time=1, socket="a", data=data, attachments=(b"x", b"yz"))
    assert record.args == [b"yz", [b"x"], {"_placeholder": True, "num": 9}]
    assert record.size == len(data) + 3
