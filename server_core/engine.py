"""The Engine.IO server of a `Server`: who may connect, and everything seen by the tap."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import engineio
from engineio import exceptions, packet
from engineio.packet import Packet

from server_core.engine_socket import EngineSocket
from server_core.reasons import SERVER_SHUTTING_DOWN
from server_core.send_queue import SendQueue

if TYPE_CHECKING:
    from server_core.tap import Tap


MAX_QUEUED_BYTES = 64 * 1024 * 1024


class EngineServer(engineio.AsyncServer):
    """The Engine.IO server of a `Server`."""

    sockets: dict[str, EngineSocket]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        #: What watches this server, if anything.
        self.tap: Tap | None = None
        #: Takes a text message when it is one of the frequent kinds, and says so; else it goes to the handler.
        self.take: Callable[[str, str], bool] = lambda sid, text: False
        #: Bytes that may wait for one client that does not read; past them its connection is closed.
        self.max_queued_bytes = MAX_QUEUED_BYTES
        kwargs["monitor_clients"] = False  # each connection has its own timer
        super().__init__(*args, **kwargs)

    def create_queue(self, *_args: Any, **_kwargs: Any) -> SendQueue:
        return SendQueue()

    async def message(self, sid: str, data: str | bytes) -> None:
        """Hand a message to the Socket.IO server."""
        if self.tap:
            self.tap.packet_received(sid, data)
        await self.handlers["message"](sid, data)

    async def closed(self, sid: str, reason: str) -> None:
        """Tell the Socket.IO server that a connection is over."""
        try:
            await self.handlers["disconnect"](sid, reason)
        finally:
            if self.tap:
                self.tap.engine_closed(sid, reason)

    async def shutdown(self) -> None:
        """Close every connection: their sockets' reason is `server shutting down`."""
        await asyncio.gather(
            *(socket.close(wait=False, reason=SERVER_SHUTTING_DOWN) for socket in list(self.sockets.values()))
        )

    async def handle_request(self, *args: Any, **kwargs: Any) -> Any:
        """Answer an HTTP request, or serve a WebSocket connection."""
        translate = self._async["translate_request"]
        environ = translate(*args, **kwargs)
        if inspect.isawaitable(environ):
            environ = await environ
        response = await self._answer(environ)
        if not isinstance(response, dict):
            return response
        self._compress(response, environ)
        return await self._make_response(response, environ)

    async def _answer(self, environ: dict[str, Any]) -> Any:
        """A response to make, or what a WebSocket connection that has ended returned."""
        origin = environ.get("HTTP_ORIGIN")
        if origin and self.cors_allowed_origins != []:
            allowed = self._cors_allowed_origins(environ)
            if allowed is not None and origin not in allowed:
                return self._bad_request(f"{origin} is not an accepted origin.")
        method = environ["REQUEST_METHOD"]
        if method == "OPTIONS":
            return self._ok()
        query = parse_qs(environ.get("QUERY_STRING", ""))
        transport = query.get("transport", [""])[0]
        websocket = environ.get("HTTP_UPGRADE", "").lower() == "websocket"
        if transport not in self.transports or (transport == "websocket") != websocket:
            return self._bad_request("Invalid transport")
        sid = query.get("sid", [""])[0]
        if not sid:
            if query.get("EIO") != ["4"]:
                return self._bad_request("The client is using an unsupported version of the Engine.IO protocol")
            return await self._handle_connect(environ, transport) if method == "GET" else self._bad_request()
        socket = self.sockets.get(sid)
        if socket is None or socket.closed:
            return self._bad_request(f"Invalid session {sid}")
        if websocket:
            return await self._async["websocket"](socket._websocket_handler, self)(environ)
        if not socket.connected or socket.upgraded:
            return self._bad_request("Unexpected HTTP request")
        try:
            if method == "GET":
                return self._ok(await socket.handle_get_request(environ))
            if method == "POST":
                await socket.handle_post_request(environ)
                return {"status": "200 OK", "headers": [("Content-Type", "text/html")], "response": b"ok"}
        except exceptions.EngineIOError as error:
            return self._bad_request(str(error) or None)
        return self._bad_request("Invalid method")

    async def _handle_connect(self, environ: dict[str, Any], transport: str, jsonp_index: int | None = None) -> Any:
        sid = self.generate_id()
        socket = EngineSocket(self, sid, environ)
        self.sockets[sid] = socket
        handshake = {
            "sid": sid,
            "upgrades": self._upgrades(sid, transport),
            "pingTimeout": int(self.ping_timeout * 1000),
            "pingInterval": int((self.ping_interval + self.ping_interval_grace_period) * 1000),
            "maxPayload": self.max_http_buffer_size,
        }
        socket.put(Packet(packet.OPEN, handshake))
        if self.tap:
            client = environ.get("asgi.scope", {}).get("client")
            self.tap.engine_opened(sid, transport, str(client[0]) if client else "")
        await self.handlers["connect"](sid, environ)
        socket.schedule_ping()
        if transport == "websocket":
            return await self._async["websocket"](socket._websocket_handler, self)(environ)
        socket.connected = True
        headers = []
        if self.cookie:
            attributes = {"name": self.cookie, "path": "/", "SameSite": "Lax"}
            cookie = self.cookie if isinstance(self.cookie, dict) else attributes
            headers.append(("Set-Cookie", self._generate_sid_cookie(sid, cookie)))
        return self._ok(await socket.poll(), headers=headers)

    def _compress(self, response: dict[str, Any], environ: dict[str, Any]) -> None:
        if not self.http_compression or len(response["response"]) < self.compression_threshold:
            return
        for accepted in environ.get("HTTP_ACCEPT_ENCODING", "").split(","):
            encoding = accepted.split(";")[0].strip()
            if encoding in self.compression_methods:
                response["response"] = getattr(self, f"_{encoding}")(response["response"])
                response["headers"] += [("Content-Encoding", encoding)]
                return

    async def _make_response(self, response_dict: dict[str, Any], environ: dict[str, Any]) -> Any:
        if self.tap:
            self.tap.engine_response(response_dict, environ)
        return await super()._make_response(response_dict, environ)
