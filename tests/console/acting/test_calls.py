"""The call that a command makes."""

from __future__ import annotations

from typing import Any

import pytest

from console.acting.calls import Api, api_of, call
from console.link.plain import LIBRARIES
from server_core.records import (
    Command,
    DeleteAttribute,
    Disconnect,
    Drop,
    Emit,
    Join,
    Leave,
    ServerInfo,
    SetAttribute,
    Simulate,
)


@pytest.mark.parametrize(
    ("command", "args", "own", "stock", "node"),
    [
        (
            Emit(rooms=("a",), event="news"),
            ["x", None],
            'io.to("a").emit("news", "x", None)',
            'await sio.emit("news", ("x", None), to="a")',
            'io.to("a").emit("news", "x", null)',
        ),
        (
            Emit(nsp="/chat", event="news", except_=("b",), ack=2.0),
            [],
            'io.of("/chat").except_("b").timeout(2).emit_with_ack("news")',
            'await sio.call("news", skip_sid="b", namespace="/chat", timeout=2)',
            'io.of("/chat").except("b").timeout(2000).emitWithAck("news")',
        ),
        (
            Emit(rooms=("a", "b"), event="news", sender="s"),
            [[1]],
            'socket.to(["a", "b"]).emit("news", [1])',
            'await sio.emit("news", ([1],), to=["a", "b"], skip_sid="s")',
            'socket.to(["a", "b"]).emit("news", [1])',
        ),
        (
            Emit(event="news", sender="s"),
            [{"a": True}],
            'socket.broadcast.emit("news", {"a": True})',
            'await sio.emit("news", {"a": True}, skip_sid="s")',
            'socket.broadcast.emit("news", {a: true})',
        ),
        (
            Join(sockets=("s",), rooms=("a",)),
            [],
            'io.in_("s").sockets_join("a")',
            'await sio.enter_room("s", "a")',
            'io.in("s").socketsJoin("a")',
        ),
        (
            Leave(nsp="/chat", sockets=tuple("stuvw"), rooms=("a", "b")),
            [],
            'io.of("/chat").in_(["s", "t", "u", "v", …]).sockets_leave(["a", "b"])',
            'await sio.leave_room(sid, "a", namespace="/chat")',
            'io.of("/chat").in(["s", "t", "u", "v", …]).socketsLeave(["a", "b"])',
        ),
        (
            Disconnect(sockets=("s",), close=True),
            [],
            'io.in_("s").disconnect_sockets(True)',
            'await sio.disconnect("s")',
            'io.in("s").disconnectSockets(true)',
        ),
    ],
)
def test_in_the_words_of_each_api(command: Command, args: list[Any], own: str, stock: str, node: str) -> None:
    apis: list[Api] = ["own", "stock", "node"]
    assert [call(command, args, api) for api in apis] == [own, stock, node]


def test_what_a_client_would_call() -> None:
    command = Simulate(socket="s", event="upload", ack=0.5)
    assert call(command, [b"\x00"]) == 'socket.timeout(500).emitWithAck("upload", Buffer.from("AA==", "base64"))'
    assert call(Simulate(socket="s", event="hi"), []) == 'socket.emit("hi")'


def test_attributes() -> None:
    set_user = SetAttribute(socket="s", name="user", value='{"ok":true}')
    assert call(set_user) == 'socket.user = {"ok": True}'
    assert call(set_user, api="node") == 'socket.user = {"ok":true}'
    assert call(set_user, api="stock") == '(await sio.get_session("s"))["user"] = {"ok": True}'
    assert call(DeleteAttribute(socket="s", name="user")) == "del socket.user"
    assert "cut" in call(Drop(sockets=("s",)))


@pytest.mark.parametrize(
    ("library", "api"),
    [
        ("server_core.Server (python-socketio 5.18.1, engineio 4.15.1)", "own"),
        ("socketio.AsyncServer (python-socketio 5.18.1, engineio 4.15.1)", "stock"),
        (LIBRARIES["python"], "stock"),
        (LIBRARIES["node"], "node"),
        ("", "own"),
    ],
)
def test_whose_words(library: str, api: Api) -> None:
    assert api_of(ServerInfo(library=library)) == api
