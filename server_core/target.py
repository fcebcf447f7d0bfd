"""Loading a target, `module:attribute`, and finding the Socket.IO servers in it."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

import socketio

#: How deep in an app a server is looked for: middlewares wrap apps, apps hold routers, routers hold routes.
_DEPTH = 12
_MAX_OBJECTS = 20_000


class TargetError(Exception):
    """A target that can't be hosted; its text says why, and what to do, in one line."""


class Target:
    """An ASGI app and the Socket.IO servers in it."""

    def __init__(self, name: str, app: Any, servers: list[socketio.AsyncServer]) -> None:
        self.name = name
        self.app = app
        self.servers = servers

    def find_servers(self) -> list[socketio.AsyncServer]:
        """Look again: an app may make its server when it starts."""
        self.servers = self.servers or list(_servers_in(self.app))
        return self.servers


def load(name: str, *, app_dir: str = ".", factory: bool = False) -> Target:
    """Import a target; TargetError says what is wrong with it, an exception of its own code passes through."""
    module_name, colon, attribute = name.partition(":")
    if not module_name or not colon or not attribute:
        raise TargetError(f'"{name}" is no target: write module:attribute, for example main:app')
    sys.path.insert(0, os.path.abspath(app_dir))
    found = _attribute(_import(module_name), module_name, attribute)
    if factory:
        if not callable(found):
            raise TargetError(f"{name} can't be called, so it is no factory: leave --factory out")
        found = found()
    return _as_target(name, found)


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise TargetError(
                f'there is no module "{name}" in {os.getcwd()}: check the name, or use --app-dir'
            ) from None
        raise


def _attribute(module: ModuleType, module_name: str, path: str) -> Any:
    found: Any = module
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise TargetError(f'module "{module_name}" has no attribute "{path}"') from None
    return found


def _as_target(name: str, found: Any) -> Target:
    if isinstance(found, socketio.AsyncServer):
        _check_mode(name, found)
        return Target(name, getattr(found, "app", None) or socketio.ASGIApp(found), [found])
    _refuse_what_is_no_asgi(name, found)
    servers = list(_servers_in(found))
    for server in servers:
        _check_mode(name, server)
    return Target(name, found, servers)


def _check_mode(name: str, server: socketio.AsyncServer) -> None:
    if server.async_mode == "asgi":
        return
    hint = ""
    if server.async_mode == "aiohttp":
        hint = " (python-socketio's choice where aiohttp is installed)"
    raise TargetError(
        f'{name} has async_mode "{server.async_mode}"{hint}, which can\'t be hosted here: '
        'write AsyncServer(async_mode="asgi")'
    )


def _refuse_what_is_no_asgi(name: str, found: Any) -> None:
    kind = type(found)
    origin = kind.__module__.partition(".")[0]
    attach = "run it as you do, with sio.instrument(), and use: socketscope attach URL"
    if isinstance(found, socketio.Server):
        raise TargetError(f"{name} is a synchronous socketio.Server, which can't be hosted here: {attach}")
    if origin in ("aiohttp", "flask", "flask_socketio", "sanic", "tornado") or isinstance(found, socketio.WSGIApp):
        raise TargetError(f"{name} is a {origin} {kind.__name__}, which can't be hosted here: {attach}")
    if isinstance(found, ModuleType) or not callable(found):
        raise TargetError(f"{name} is a {kind.__name__}, neither a Socket.IO server nor an ASGI app")


def _servers_in(app: Any) -> Iterator[socketio.AsyncServer]:
    """The servers that an app holds, nearest first: in its attributes, routes, mounts, middlewares and closures."""
    seen: set[int] = set()
    level = [app]
    for _ in range(_DEPTH):
        following: list[Any] = []
        for item in level:
            if id(item) in seen or len(seen) > _MAX_OBJECTS:
                continue
            seen.add(id(item))
            if isinstance(item, socketio.AsyncServer):
                yield item
            else:
                following.extend(_parts(item))
        level = following


def _parts(item: Any) -> list[Any]:
    if isinstance(item, str | bytes | int | float | type | ModuleType | type(None)):
        return []
    if isinstance(item, dict):
        return list(item.values())
    if isinstance(item, list | tuple | set | frozenset):
        return list(item)
    parts: list[Any] = []
    if isinstance(item, FunctionType):
        parts += [cell.cell_contents for cell in item.__closure__ or () if _is_full(cell)]
        parts += [item.__globals__[name] for name in item.__code__.co_names if name in item.__globals__]
    if (wrapped := getattr(item, "__wrapped__", None)) is not None:
        parts.append(wrapped)
    if (owner := getattr(item, "__self__", None)) is not None:
        parts.append(owner)
    try:
        parts += vars(item).values()
    except TypeError:  # it has slots
        parts += [getattr(item, name, None) for name in getattr(type(item), "__slots__", ())]
    return parts


def _is_full(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False
