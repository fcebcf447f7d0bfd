"""`SetAttribute` and `DeleteAttribute`: on a `Server` what is attached, on a stock one the session."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from server_core import records
from server_core.records import DeleteAttribute, SetAttribute
from tests.server_core.control.conftest import Acted
from tests.support.serving import client


async def what_is_attached(acted: Acted, sid: str) -> dict[str, Any]:
    if acted.is_own:
        return dict(acted.io.of("/").sockets[sid].attributes)
    return dict(await acted.io.get_session(sid))


async def test_a_value_is_attached_changed_and_taken(acted: Acted) -> None:
    async with client(acted.url) as a:
        for value, text in (({"name": "bob", "n": [1]}, '{"name":"bob","n":[1]}'), (None, "null"), ("é", '"é"')):
            assert (await acted.do(SetAttribute(socket=a.id, name="user", value=text))).ok
            assert await what_is_attached(acted, a.id) == {"user": value}
        gone = await acted.do(DeleteAttribute(socket=a.id, name="user"))
        assert (gone.ok, gone.sockets) == (True, 1)
        assert await what_is_attached(acted, a.id) == {}
        again = await acted.do(DeleteAttribute(socket=a.id, name="user"))
        assert (again.ok, "nothing named 'user'" in again.error) == (False, True)
    told = acted.of(records.AttributeSet, records.AttributeDeleted)
    assert [getattr(record, "value", None) for record in told] == ['{"name":"bob","n":[1]}', "null", '"é"', None]


NONSENSE: list[tuple[Any, str]] = [
    (SetAttribute(socket="", name="x", value="{"), "the value of x is not JSON"),
    (SetAttribute(socket="", name="x", value=""), "the value of x is not JSON"),
    (SetAttribute(socket="", name="", value="1"), "an attribute needs a name"),
    (SetAttribute(socket="nobody", name="x", value="1"), "socket nobody is not connected to /"),
    (SetAttribute(socket="", nsp="/none", name="x", value="1"), "is not connected to /none"),
    (DeleteAttribute(socket="nobody", name="x"), "socket nobody is not connected to /"),
]


async def test_nonsense_is_refused(acted: Acted) -> None:
    async with client(acted.url) as a:
        for command, error in NONSENSE:
            result = await acted.do(msgspec.structs.replace(command, socket=command.socket or a.id))
            assert (result.ok, error in result.error) == (False, True), (command, result)
        assert await what_is_attached(acted, a.id) == {}


@pytest.mark.parametrize("acted", ["own"], indirect=True)
async def test_the_sockets_own_names_are_refused_in_its_own_words(acted: Acted) -> None:
    async with client(acted.url) as a:
        for name in ("id", "rooms", "handshake", "emit", "data", "_attached", "__class__"):
            for command in (SetAttribute(socket=a.id, name=name, value="1"), DeleteAttribute(socket=a.id, name=name)):
                result = await acted.do(command)
                assert (result.ok, result.error) == (False, f"{name!r} is the socket's own and can't be overwritten")
        assert await a.emit_with_ack("echo", 1, timeout=20) == [1]


@pytest.mark.parametrize("acted", ["own"], indirect=True)
async def test_a_session_that_the_app_saved_is_changed_where_it_is_shown(acted: Acted) -> None:
    async with client(acted.url) as a:
        await acted.io.save_session(a.id, {"name": "bob"})
        assert (await acted.do(SetAttribute(socket=a.id, name="name", value='"carol"'))).ok
        assert await acted.io.get_session(a.id) == {"name": "carol"}
        assert await what_is_attached(acted, a.id) == {}


@pytest.mark.parametrize("acted", ["stock"], indirect=True)
async def test_a_session_that_is_no_dict_is_left_alone(acted: Acted) -> None:
    async with client(acted.url) as a:
        await acted.io.save_session(a.id, ["a", "list"])
        result = await acted.do(SetAttribute(socket=a.id, name="x", value="1"))
        assert (result.ok, result.error) == (False, "the session of this socket is a list, not a dict")
        await acted.io.save_session(a.id, {1: "one"})
        assert (await acted.do(SetAttribute(socket=a.id, name="1", value='"uno"'))).ok
        assert await acted.io.get_session(a.id) == {1: "uno"}
