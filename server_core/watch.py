"""Putting a tap on a server, ours or a stock one, and asking it what is live."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import socketio

from server_core import stock
from server_core.handshake import Handshake, session_attributes
from server_core.records import EngineInfo, SocketInfo
from server_core.server import Server
from server_core.socket import Socket
from server_core.tap import Census, Tap
from server_core.taps import Taps

#: The taps on stock servers.
_taps: weakref.WeakKeyDictionary[socketio.AsyncServer, Tap] = weakref.WeakKeyDictionary()


def attach(tap: Tap, sio: socketio.AsyncServer) -> Callable[[], None]:
    """Have a tap watch a server; returns what ends that."""
    if isinstance(sio, Server):
        server = sio
        _set_taps(server, [*_taps_on(server), tap])
        return lambda: _set_taps(server, [each for each in _taps_on(server) if each is not tap])
    hooks = stock.StockHooks(tap, sio)
    hooks.install()
    before = _taps.get(sio)
    _taps[sio] = Taps([before, tap]) if before else tap

    def remove() -> None:
        hooks.remove()
        if before:
            _taps[sio] = before
        else:
            _taps.pop(sio, None)

    return remove


def _taps_on(server: Server) -> list[Tap]:
    tap = server.eio.tap
    return tap.taps if isinstance(tap, Taps) else [tap] if tap else []


def _set_taps(server: Server, taps: list[Tap]) -> None:
    server.eio.tap = None if not taps else taps[0] if len(taps) == 1 else Taps(taps)


def tap_of(sio: socketio.AsyncServer) -> Tap | None:
    """The tap that watches a server."""
    return sio.eio.tap if isinstance(sio, Server) else _taps.get(sio)


def census(sio: socketio.AsyncServer) -> Census:
    """What a server has live; called on its loop's thread."""
    return _census_own(sio) if isinstance(sio, Server) else _census_stock(sio)


def observe(tap: Tap, sio: Any, ids: Iterable[str]) -> None:
    """Note what is attached to these sockets now, changes inside a value included; called on the loop's thread."""
    if isinstance(sio, Server):
        for id in ids:
            for nsp in sio.namespaces_in_use.values():
                if own := nsp.sockets.get(id):
                    tap.attributes_are(id, nsp.name, _own_attributes(sio, own))
        return
    for id in ids:
        for nsp_name in list(sio.manager.rooms):
            if (eio_sid := sio.manager.eio_sid_from_sid(id, nsp_name)) and (engine := sio.eio.sockets.get(eio_sid)):
                tap.attributes_are(id, nsp_name, session_attributes(engine.session.get(nsp_name, {})))


def _own_attributes(server: Server, socket: Socket) -> dict[str, str]:
    return session_attributes(socket.conn.session.get(socket.nsp.name, {})) | socket.described


def _engines(sio: socketio.AsyncServer) -> list[EngineInfo]:
    now = time.time_ns()
    return [
        EngineInfo(
            id=eio_sid,
            transport="websocket" if socket.upgraded else "polling",
            address=Handshake(sio.environ.get(eio_sid, {}), None).address,
            opened=now,
            rtts=(rtt,) if (rtt := getattr(socket, "rtt", None)) is not None else (),
        )
        for eio_sid, socket in list(sio.eio.sockets.items())
        if not socket.closed
    ]


def _census_own(server: Server) -> Census:
    now = time.time_ns()
    sockets = [
        SocketInfo(
            id=socket.id,
            nsp=socket.nsp.name,
            engine=connection.id,
            handshake=socket.handshake.to_record(),
            connecting=socket.handshake.issued * 1_000_000,
            connected=now if socket.connected else 0,
            rooms=frozenset(map(str, socket.rooms)),
            attributes=_own_attributes(server, socket),
        )
        for connection in server.engines()
        for socket in server.sockets_of(connection.id)
    ]
    return _engines(server), sockets


def _census_stock(sio: Any) -> Census:
    now = time.time_ns()
    manager = sio.manager
    sockets: list[SocketInfo] = []
    for nsp, rooms in manager.rooms.items():
        rooms_of: dict[str, set[str]] = {}
        for room, members in rooms.items():
            for sid in members:
                rooms_of.setdefault(sid, set()).update(() if room is None else (str(room),))
        for sid, eio_sid in rooms.get(None, {}).items():
            handshake = Handshake(sio.environ.get(eio_sid, {}), None).to_record()
            engine = sio.eio.sockets.get(eio_sid)
            session = engine.session.get(nsp, {}) if engine else {}
            sockets.append(
                SocketInfo(
                    id=sid,
                    nsp=nsp,
                    engine=eio_sid,
                    handshake=handshake,
                    connecting=handshake.issued * 1_000_000,
                    connected=0 if manager.is_pre_connected(sid, nsp) else now,
                    rooms=frozenset(rooms_of.get(sid, ())),
                    attributes=session_attributes(session),
                )
            )
    return _engines(sio), sockets
