"""Hooks that let a tap watch a stock `socketio.AsyncServer`: on that instance alone, its behaviour unchanged.

Every hook is an attribute of the instance that stands before its class's own method, notes, and calls that method.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import engineio
import socketio
from socketio import packet as sio_packet
from socketio.async_pubsub_manager import AsyncPubSubManager

from server_core import json_text
from server_core.handshake import Handshake, session_attributes
from server_core.remote import unpack
from server_core.stock_rooms import count_recipients, is_in, names_of
from server_core.tap import Tap

_MISSING = object()


class StockHooks:
    """One tap on one stock server."""

    def __init__(self, tap: Tap, sio: socketio.AsyncServer) -> None:
        self._tap = tap
        self._sio = sio
        self._undo: list[Callable[[], None]] = []
        #: What takes the hooks from a live connection.
        self._connections: dict[str, tuple[Callable[[], None], ...]] = {}
        self._auth: dict[tuple[str, str], Any] = {}
        self._reasons: dict[tuple[str, str], str] = {}
        #: Rooms that a socket leaves because it is going, while it is.
        self._leaving: dict[tuple[str, str], set[str]] = {}
        self._emitting: _Emitting | None = None

    def install(self) -> None:
        """Start watching."""
        sio, eio, manager = self._sio, self._sio.eio, self._sio.manager
        self._hook_engine(eio)
        self._hook_connections(sio, manager)
        self._hook_rooms(manager)
        self._hook_events(sio, manager)

    def remove(self) -> None:
        """Stop watching: nothing of the hooks stays on the instance."""
        for undo in itertools.chain.from_iterable(self._connections.values()):
            undo()
        self._connections.clear()
        while self._undo:
            self._undo.pop()()

    def _replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Put `make(original)` before a method of one instance."""
        self._undo.append(_put(owner, name, make))

    # engine

    def _hook_engine(self, eio: Any) -> None:
        tap = self._tap
        connect, disconnect = eio.handlers["connect"], eio.handlers["disconnect"]

        async def on_connect(eio_sid: str, environ: dict[str, Any]) -> Any:
            client = environ.get("asgi.scope", {}).get("client")
            websocket = "transport=websocket" in environ.get("QUERY_STRING", "")
            tap.engine_opened(eio_sid, "websocket" if websocket else "polling", str(client[0]) if client else "")
            answer = await connect(eio_sid, environ)
            if (answer is None or answer is True) and (socket := eio.sockets.get(eio_sid)):
                self._connections[eio_sid] = self._hook_engine_socket(socket)
            return answer

        async def on_disconnect(eio_sid: str, *args: Any) -> Any:
            try:
                return await disconnect(eio_sid, *args)
            finally:
                self._connections.pop(eio_sid, None)
                tap.engine_closed(eio_sid, str(args[0]) if args else "")

        eio.handlers.update(connect=on_connect, disconnect=on_disconnect)
        self._undo.append(lambda: eio.handlers.update(connect=connect, disconnect=disconnect))
        self._replace(eio, "_trigger_event", self._noting_trigger(eio))

        def make_response(original: Any) -> Any:
            async def respond(response: dict[str, Any], environ: dict[str, Any]) -> Any:
                tap.engine_response(response, environ)
                return await original(response, environ)

            return respond

        self._replace(eio, "_make_response", make_response)

    def _noting_trigger(self, eio: Any) -> Callable[[Any], Any]:
        """Makes what notes each message as it comes.

        It starts the message's handler itself, as python-engineio does but with fewer calls: that pays for the noting.
        """
        tap, handlers, create_task = self._tap, eio.handlers, asyncio.ensure_future
        own = type(eio)._trigger_event is not engineio.AsyncServer._trigger_event  # the app's subclass
        tasks: set[asyncio.Future[Any]] = set()
        keep, drop = tasks.add, tasks.discard

        async def run(handler: Any, eio_sid: str, data: Any) -> Any:
            try:
                return await handler(eio_sid, data)
            except asyncio.CancelledError:
                pass
            except BaseException:  # as python-engineio does
                eio.logger.exception("message async handler error")

        def noting(original: Any) -> Any:
            async def trigger(event: str, *args: Any, run_async: bool = False) -> Any:
                if event != "message":
                    return await original(event, *args, run_async=run_async)
                eio_sid, data = args
                if isinstance(data, str | bytes):
                    tap.packet_received(eio_sid, data)
                if own or not run_async:
                    return await original(event, *args, run_async=run_async)
                task = create_task(run(handlers["message"], eio_sid, data))
                keep(task)
                task.add_done_callback(drop)
                return task

            return trigger

        return noting

    def _hook_engine_socket(self, socket: Any) -> tuple[Callable[[], None], ...]:
        """RTT and upgrade of one connection; these hooks go with it, or with what is returned."""
        tap = self._tap
        schedule_ping, handler = socket.schedule_ping, socket._websocket_handler
        pinged = False

        def on_schedule_ping() -> None:
            # called when the connection opens, then with each PONG: `last_ping` is then when the PING was sent
            nonlocal pinged
            if pinged and socket.last_ping:
                tap.engine_heartbeat(socket.sid, max(0.0, time.time() - socket.last_ping))
            pinged = True
            schedule_ping()

        async def on_websocket(ws: Any) -> Any:
            if socket.connected:  # an upgrade: its second packet completes it
                wait, packets = ws.wait, 0

                async def probe() -> Any:
                    nonlocal packets
                    data = await wait()
                    packets += 1
                    if packets == 2:
                        ws.wait = wait
                        if data == "5":
                            tap.engine_upgraded(socket.sid, "websocket")
                    return data

                ws.wait = probe
            return await handler(ws)

        return (
            _put(socket, "schedule_ping", lambda _: on_schedule_ping),
            _put(socket, "_websocket_handler", lambda _: on_websocket),
        )

    # connections

    def _hook_connections(self, sio: Any, manager: Any) -> None:
        tap = self._tap

        def handle_connect(original: Any) -> Any:
            async def handle(eio_sid: str, namespace: str | None, data: Any) -> Any:
                key = eio_sid, namespace or "/"
                self._auth[key] = data
                try:
                    return await original(eio_sid, namespace, data)
                except Exception as error:
                    sid = manager.sid_from_eio_sid(*key) or ""
                    tap.exception("on 'connect'", error, sid, key[1])
                    raise
                finally:
                    self._auth.pop(key, None)

            return handle

        def pre_connect(original: Any) -> Any:
            async def register(eio_sid: str, namespace: str) -> Any:
                sid = await original(eio_sid, namespace)
                if sid is not None:
                    handshake = Handshake(sio.environ.get(eio_sid, {}), self._auth.get((eio_sid, namespace)))
                    tap.connecting(sid, namespace, eio_sid, handshake.to_record())
                return sid

            return register

        def handle_disconnect(original: Any) -> Any:
            async def handle(eio_sid: str, namespace: str | None, reason: str | None = None) -> Any:
                sid = manager.sid_from_eio_sid(eio_sid, namespace or "/")
                with self._leaves(sid, namespace, reason or sio.reason.CLIENT_DISCONNECT):
                    return await original(eio_sid, namespace, reason)

            return handle

        def disconnect(original: Any) -> Any:
            async def handle(sid: str, namespace: str | None = None, ignore_queue: bool = False) -> Any:
                with self._leaves(sid, namespace, sio.reason.SERVER_DISCONNECT):
                    return await original(sid, namespace=namespace, ignore_queue=ignore_queue)

            return handle

        def basic_disconnect(original: Any) -> Any:
            def drop(sid: str, namespace: str, **kwargs: Any) -> Any:
                key = namespace, sid
                rooms = self._leaving[key] = set()
                try:
                    return original(sid, namespace, **kwargs)
                finally:
                    del self._leaving[key]
                    tap.disconnected(sid, namespace, self._reasons.pop(key, ""), frozenset(rooms))

            return drop

        self._replace(sio, "_handle_connect", handle_connect)
        self._replace(manager, "pre_connect", pre_connect)
        self._replace(sio, "_handle_disconnect", handle_disconnect)
        self._replace(sio, "disconnect", disconnect)
        self._replace(manager, "basic_disconnect", basic_disconnect)

    @contextmanager
    def _leaves(self, sid: str | None, namespace: str | None, reason: str) -> Iterator[None]:
        """While a socket is on its way out: why, for whoever drops it from its rooms."""
        if sid is None:
            yield
            return
        key = namespace or "/", sid
        if key not in self._reasons and self._sio.manager.is_connected(sid, key[0]):
            self._tap.disconnecting(sid, key[0], reason)
        self._reasons.setdefault(key, reason)
        try:
            yield
        except Exception as error:
            self._tap.exception("on 'disconnect'", error, sid, key[0])
            raise
        finally:
            self._reasons.pop(key, None)

    # rooms

    def _hook_rooms(self, manager: Any) -> None:
        tap = self._tap

        def enter(original: Any) -> Any:
            def join(sid: str, namespace: str, room: Any, eio_sid: str | None = None) -> Any:
                joins = room is not None and room != sid and not is_in(manager, namespace, room, sid)
                result = original(sid, namespace, room, eio_sid=eio_sid)
                if joins:
                    tap.room_joined(sid, namespace, room)
                return result

            return join

        def leave(original: Any) -> Any:
            def depart(sid: str, namespace: str, room: Any) -> Any:
                leaves = room is not None and is_in(manager, namespace, room, sid)
                result = original(sid, namespace, room)
                if leaves:
                    going = self._leaving.get((namespace, sid))
                    if going is None:
                        tap.room_left(sid, namespace, room)
                    else:
                        going.add(str(room))
                return result

            return depart

        self._replace(manager, "basic_enter_room", enter)
        self._replace(manager, "basic_leave_room", leave)

    # events

    def _hook_events(self, sio: Any, manager: Any) -> None:
        tap = self._tap
        publishes = isinstance(manager, AsyncPubSubManager)

        def handle_event(original: Any) -> Any:
            async def handle(
                server: Any, sid: str, eio_sid: str, data: list[Any], namespace: str, id: int | None
            ) -> Any:
                try:
                    return await original(server, sid, eio_sid, data, namespace, id)
                except Exception as error:
                    tap.exception(f"on {data[0]!r}", error, sid, namespace)
                    raise

            return handle

        def send_packet(original: Any) -> Any:
            async def send(eio_sid: str, pkt: Any) -> None:
                encoded = pkt.encode()
                tap.packet_sent(eio_sid, encoded)
                if isinstance(encoded, list):
                    for part in encoded:
                        await sio.eio.send(eio_sid, part)
                else:
                    await sio.eio.send(eio_sid, encoded)

            async def send_own(eio_sid: str, pkt: Any) -> Any:
                encoded = pkt.encode()
                tap.packet_sent(eio_sid, encoded)
                pkt.encode = lambda: encoded  # it is encoded once
                return await original(eio_sid, pkt)

            return send if type(sio)._send_packet is socketio.AsyncServer._send_packet else send_own

        def emit(original: Any) -> Any:
            async def broadcast(
                event: str,
                data: Any,
                namespace: str,
                room: Any = None,
                skip_sid: Any = None,
                callback: Any = None,
                to: Any = None,
                **kwargs: Any,
            ) -> Any:
                rooms = to or room
                emitting = None
                if callback is None:  # with one, each recipient gets a packet of its own
                    skip = skip_sid if isinstance(skip_sid, list) else [skip_sid]
                    emitting = _Emitting(namespace, rooms, skip, count_recipients(manager, namespace, rooms, skip))
                self._emitting = emitting
                result = await original(
                    event, data, namespace, room=room, skip_sid=skip_sid, callback=callback, to=to, **kwargs
                )
                if emitting is not None and self._emitting is emitting:  # nobody is there: it was not even encoded
                    args = list(data) if isinstance(data, tuple) else [] if data is None else [data]
                    sio.packet_class(sio_packet.EVENT, namespace=namespace, data=[event, *args]).encode()
                return result

            async def publish(event: str, data: Any, namespace: str, *args: Any, **kwargs: Any) -> Any:
                # what goes to all servers comes to this one by `_handle_emit`, as what the others emit does
                emits = broadcast if kwargs.get("ignore_queue") else original
                return await emits(event, data, namespace, *args, **kwargs)

            return publish if publishes else broadcast

        def handle_emit(original: Any) -> Any:
            async def handle(message: dict[str, Any]) -> Any:
                namespace, rooms, skip_sid = (
                    message.get("namespace") or "/",
                    message.get("room"),
                    message.get("skip_sid"),
                )
                emitting = None
                if message.get("callback") is None:
                    skip = skip_sid if isinstance(skip_sid, list) else [skip_sid]
                    emitting = _Emitting(namespace, rooms, skip, count_recipients(manager, namespace, rooms, skip))
                self._emitting = emitting
                result = await original(message)
                if emitting is not None and self._emitting is emitting:
                    values = unpack({"binary": False, **message})
                    args = [] if values == [None] else values
                    sio.packet_class(sio_packet.EVENT, namespace=namespace, data=[message["event"], *args]).encode()
                return result

            return handle

        def save_session(original: Any) -> Any:
            async def save(sid: str, session: Any, namespace: str | None = None) -> Any:
                result = await original(sid, session, namespace=namespace)
                tap.attributes_are(sid, namespace or "/", session_attributes(session))
                return result

            return save

        self._replace(sio, "_handle_event_internal", handle_event)
        self._replace(sio, "_send_packet", send_packet)
        self._replace(manager, "emit", emit)
        if publishes:
            self._replace(manager, "_handle_emit", handle_emit)
        self._replace(sio, "save_session", save_session)
        self._replace(sio, "packet_class", self._noting_class)

    def _noting_class(self, packet_class: type[Any]) -> type[Any]:
        """The server's packet class, whose `encode` also notes the emit that is being made; where it is the library's
        own, its JSON takes less time, which pays for the rest.

        Between an emit's start and its one `encode` nothing else runs, so the two belong together.
        """
        hooks = self

        base: Any = json_text.QuickPacket if json_text.is_default(packet_class) else packet_class

        class NotingPacket(base):
            def encode(self) -> Any:
                encoded = super().encode()
                emitting = hooks._emitting
                if emitting is not None and self.id is None and self.packet_type in _EVENTS:
                    hooks._emitting = None
                    hooks._tap.broadcast(
                        emitting.namespace, names_of(emitting.rooms), emitting.skip, emitting.sockets, encoded
                    )
                return encoded

        NotingPacket.__name__ = packet_class.__name__
        NotingPacket.__qualname__ = packet_class.__qualname__
        return NotingPacket


def _put(owner: Any, name: str, make: Callable[[Any], Any]) -> Callable[[], None]:
    """Put `make(original)` before a method of one instance; returns what takes it away again."""
    original = getattr(owner, name)
    # not by `vars`: to ask an instance for its dict makes all its attributes slower from then on
    inherited = getattr(original, "__func__", None) is getattr(type(owner), name, _MISSING)
    setattr(owner, name, make(original))
    return functools.partial(delattr, owner, name) if inherited else functools.partial(setattr, owner, name, original)


_EVENTS = (sio_packet.EVENT, sio_packet.BINARY_EVENT)


class _Emitting(NamedTuple):
    namespace: str
    rooms: Any
    skip: list[str | None]
    sockets: int
