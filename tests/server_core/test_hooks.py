"""What of python-socketio and python-engineio we stand on is still there, by name."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import engineio
import pytest
import socketio
from engineio.async_socket import AsyncSocket

import server_core
from server_core.engine import EngineServer
from server_core.engine_socket import EngineSocket
from server_core.hooks import ATTRIBUTES, HOOKS
from server_core.manager import Manager
from server_core.server import Server

SOURCE = Path(server_core.__file__).parent


@pytest.mark.parametrize(("owner", "name"), HOOKS, ids=lambda value: getattr(value, "__name__", value))
def test_the_library_still_has(owner: type, name: str) -> None:
    found = getattr(owner, name, None)
    assert found is not None, f"{owner.__name__}.{name} is gone: see where hooks.py says that it is used"
    assert tuple(inspect.signature(found).parameters) == HOOKS[owner, name]


@pytest.mark.parametrize("owner", ATTRIBUTES, ids=lambda owner: owner.__name__)
def test_instances_still_have(owner: type) -> None:
    instance: Any
    if owner is AsyncSocket:
        instance = AsyncSocket(engineio.AsyncServer(async_mode="asgi"), "sid")
    else:
        instance = owner() if owner is socketio.AsyncManager else owner(async_mode="asgi")
    missing = [name for name in ATTRIBUTES[owner] if not hasattr(instance, name)]
    assert missing == []


def test_all_that_is_overridden_is_listed() -> None:
    pairs: list[tuple[type, type]] = [
        (Server, socketio.AsyncServer),
        (Manager, socketio.AsyncManager),
        (EngineServer, engineio.AsyncServer),
        (EngineSocket, AsyncSocket),
    ]
    listed = {(owner.__name__, name) for owner, name in HOOKS}
    overridden = {
        (base.__name__, name)
        for ours, base in pairs
        for name in vars(ours)
        if name.startswith("_") and not name.startswith("__") and callable(getattr(base, name, None))
    }
    assert overridden - listed == set()


def test_all_that_is_replaced_on_a_stock_instance_is_listed() -> None:
    replaced = set(re.findall(r'_replace\(\w+, "(\w+)"', (SOURCE / "stock.py").read_text())) - {"packet_class"}
    assert replaced
    assert replaced - {name for _, name in HOOKS} == set()
