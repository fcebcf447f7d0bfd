"""Targets: found wherever the server is, refused in one line that says what to do."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import socketio

from server_core import Server
from server_core.target import Target, TargetError, load

Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a module and returns its name; what it did to the process is undone."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    made: list[str] = []

    def write(code: str) -> str:
        name = f"target_{tmp_path.name.replace('-', '_')}_{len(made)}"
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(code))
        made.append(name)
        return name

    return write


STOCK = "import socketio\nsio = socketio.AsyncServer(async_mode='asgi')\n"


@pytest.mark.parametrize(
    ("code", "attribute"),
    [
        ("from server_core import Server\nio = Server()", "io"),
        (STOCK, "sio"),
        (STOCK + "app = socketio.ASGIApp(sio)", "app"),
        (STOCK + "from fastapi import FastAPI\napp = FastAPI()\napp.mount('/ws', socketio.ASGIApp(sio))", "app"),
        (
            STOCK + "from starlette.applications import Starlette\nfrom starlette.routing import Mount, Router\n"
            "app = Starlette(routes=[Mount('/a', app=Router([Mount('/b', app=socketio.ASGIApp(sio))]))])",
            "app",
        ),
        (STOCK + "from fastapi import FastAPI\napp = socketio.ASGIApp(sio, other_asgi_app=FastAPI())", "app"),
        (
            STOCK + "inner = socketio.ASGIApp(sio)\n"
            "async def app(scope, receive, send):\n    await inner(scope, receive, send)",
            "app",
        ),
        (
            STOCK + "class Wrap:\n    def __init__(self, app): self.app = app\n"
            "    async def __call__(self, *a): await self.app(*a)\n"
            "app = Wrap(Wrap(socketio.ASGIApp(sio)))",
            "app",
        ),
        (STOCK + "class Holder:\n    inside = socketio.ASGIApp(sio)", "Holder.inside"),
    ],
    ids=["ours", "stock", "asgi", "fastapi", "nested mounts", "other app", "function", "middlewares", "dotted"],
)
def test_the_server_is_found(write: Write, code: str, attribute: str) -> None:
    target = load(f"{write(code)}:{attribute}")
    assert [type(server) for server in target.servers] == [Server if "Server()" in code else socketio.AsyncServer]
    assert callable(target.app)


def test_several_servers_are_all_found(write: Write) -> None:
    code = STOCK + (
        "two = socketio.AsyncServer(async_mode='asgi')\nfrom fastapi import FastAPI\napp = FastAPI()\n"
        "app.mount('/a', socketio.ASGIApp(sio))\napp.mount('/b', socketio.ASGIApp(two))"
    )
    assert len(load(f"{write(code)}:app").servers) == 2


def test_a_factory_is_called(write: Write) -> None:
    code = STOCK + "def make():\n    return socketio.ASGIApp(sio)"
    assert len(load(f"{write(code)}:make", factory=True).servers) == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("main", "write module:attribute"),
        (":app", "write module:attribute"),
        ("no_such_module_here:app", 'there is no module "no_such_module_here"'),
        ("json:nothing", 'has no attribute "nothing"'),
        ("json:decoder", "neither a Socket.IO server nor an ASGI app"),
    ],
)
def test_a_wrong_name_is_said_in_one_line(write: Write, name: str, said: str) -> None:
    with pytest.raises(TargetError, match=said) as caught:
        load(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import socketio\napp = socketio.Server(async_mode='threading')", "synchronous socketio.Server.*attach URL"),
        (
            "import socketio\nsio = socketio.Server(async_mode='threading')\napp = socketio.WSGIApp(sio)",
            "can't be hosted here.*attach URL",
        ),
        (STOCK + "sio.async_mode = 'aiohttp'\napp = sio", 'aiohttp is installed.*AsyncServer.async_mode="asgi".'),
        ("app = 5", "is a int, neither"),
    ],
)
def test_what_cannot_be_hosted_says_what_to_do_instead(write: Write, code: str, said: str) -> None:
    with pytest.raises(TargetError, match=said):
        load(f"{write(code)}:app")


def test_an_import_error_of_the_app_itself_is_the_apps(write: Write) -> None:
    with pytest.raises(ModuleNotFoundError, match="not_installed_anywhere"):
        load(f"{write('import not_installed_anywhere')}:app")


def test_a_server_made_when_the_app_starts_is_found_then() -> None:
    class App:
        state: dict[str, Any]

        async def __call__(self, *_: Any) -> None: ...

    app = App()
    target = Target("x:app", app, [])
    assert target.find_servers() == []
    app.state = {"sio": Server()}
    assert len(target.find_servers()) == 1
