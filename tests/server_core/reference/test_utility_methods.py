"""Methods that find, move and disconnect many sockets at once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from console.wire.client import ClientSocket
from console.wire.errors import Closed
from server_core import Server
from tests.server_core.reference.support import server_side
from tests.support.serving import client, receive
from tests.support.waiting import poll

Clients = tuple[ClientSocket, ClientSocket, ClientSocket]


@pytest.fixture
async def clients(io: Server, url: str) -> AsyncIterator[Clients]:
    """Three clients: the first in both rooms, the others in one each."""
    async with client(url) as both, client(url) as one, client(url) as two:
        await server_side(io, both).join(["room1", "room2"])
        await server_side(io, one).join("room1")
        await server_side(io, two).join("room2")
        yield both, one, two


def _rooms(io: Server, clients: Clients) -> list[set[str]]:
    """The rooms of each client, without its own."""
    return [server_side(io, socket).rooms - {socket.id} for socket in clients]


async def test_all_sockets_join_a_room(io: Server, clients: Clients) -> None:
    await io.sockets_join("room3")
    assert _rooms(io, clients) == [{"room1", "room2", "room3"}, {"room1", "room3"}, {"room2", "room3"}]


async def test_the_members_of_a_room_join_another(io: Server, clients: Clients) -> None:
    await io.in_("room1").sockets_join("room3")
    assert _rooms(io, clients) == [{"room1", "room2", "room3"}, {"room1", "room3"}, {"room2"}]


async def test_all_sockets_leave_a_room(io: Server, clients: Clients) -> None:
    await io.sockets_leave("room1")
    assert _rooms(io, clients) == [{"room2"}, set(), {"room2"}]


async def test_the_members_of_a_room_leave_another(io: Server, clients: Clients) -> None:
    await io.in_("room2").sockets_leave("room1")
    assert _rooms(io, clients) == [{"room2"}, {"room1"}, {"room2"}]


@pytest.mark.parametrize("close", [False, True])
async def test_the_members_of_a_room_are_disconnected(io: Server, clients: Clients, close: bool) -> None:
    both, one, two = clients
    await io.in_("room2").disconnect_sockets(close)
    await io.emit("marker")
    for socket in (both, two):
        with pytest.raises(Closed, match="io server disconnect"):
            await receive(socket)
    assert await receive(one) == ["marker"]
    if close:
        assert await poll(lambda: both._client.engine.reason and two._client.engine.reason, 20)
    assert bool(both._client.engine.reason) is close
    assert one._client.engine.reason == ""
