"""Every private name of python-socketio and python-engineio that we override, replace or call, in one place.

A new version of either that changes one of them fails a test by its name, before it can fail anybody's server.
"""

from __future__ import annotations

import engineio
import socketio
from engineio.async_socket import AsyncSocket
from engineio.payload import Payload
from socketio.async_pubsub_manager import AsyncPubSubManager
from socketio.packet import Packet

#: (class, name) → names of its parameters, or None for what is no function.
HOOKS: dict[tuple[type, str], tuple[str, ...] | None] = {
    # Server: overridden
    (socketio.AsyncServer, "_engineio_server_class"): ("self",),
    (socketio.AsyncServer, "_handle_eio_connect"): ("self", "eio_sid", "environ"),
    (socketio.AsyncServer, "_handle_eio_message"): ("self", "eio_sid", "data"),
    (socketio.AsyncServer, "_handle_eio_disconnect"): ("self", "eio_sid", "reason"),
    (socketio.AsyncServer, "_handle_connect"): ("self", "eio_sid", "namespace", "data"),
    (socketio.AsyncServer, "_handle_disconnect"): ("self", "eio_sid", "namespace", "reason"),
    (socketio.AsyncServer, "_handle_event"): ("self", "eio_sid", "namespace", "id", "data"),
    (socketio.AsyncServer, "_handle_ack"): ("self", "eio_sid", "namespace", "id", "data"),
    (socketio.AsyncServer, "_send_packet"): ("self", "eio_sid", "pkt"),
    # Server: called
    (socketio.AsyncServer, "_trigger_event"): ("self", "event", "namespace", "args"),
    (socketio.AsyncServer, "_get_event_handler"): ("self", "event", "namespace", "args"),
    (socketio.AsyncServer, "_get_namespace_handler"): ("self", "namespace", "args"),
    # stock server: called
    (socketio.AsyncManager, "disconnect"): ("self", "sid", "namespace", "kwargs"),
    (socketio.AsyncManager, "get_namespaces"): ("self",),
    # stock server: replaced on the instance
    (socketio.AsyncServer, "_handle_event_internal"): ("self", "server", "sid", "eio_sid", "data", "namespace", "id"),
    (socketio.AsyncServer, "save_session"): ("self", "sid", "session", "namespace"),
    (socketio.AsyncServer, "disconnect"): ("self", "sid", "namespace", "ignore_queue"),
    (socketio.AsyncManager, "pre_connect"): ("self", "eio_sid", "namespace"),
    (socketio.AsyncManager, "basic_disconnect"): ("self", "sid", "namespace", "kwargs"),
    (socketio.AsyncManager, "basic_enter_room"): ("self", "sid", "namespace", "room", "eio_sid"),
    (socketio.AsyncManager, "basic_leave_room"): ("self", "sid", "namespace", "room"),
    (socketio.AsyncManager, "emit"): (
        *("self", "event", "data", "namespace", "room", "skip_sid", "callback", "to", "kwargs"),
    ),
    (Packet, "encode"): ("self",),
    (engineio.AsyncServer, "_trigger_event"): ("self", "event", "args", "kwargs"),
    (AsyncSocket, "schedule_ping"): ("self",),
    (AsyncSocket, "_websocket_handler"): ("self", "ws"),
    # Manager: overridden beside those above
    (socketio.AsyncManager, "connect"): ("self", "sid", "namespace"),
    (socketio.AsyncManager, "is_pre_connected"): ("self", "sid", "namespace"),
    (socketio.AsyncManager, "is_connected"): ("self", "sid", "namespace"),
    (socketio.AsyncManager, "pre_disconnect"): ("self", "sid", "namespace"),
    (socketio.AsyncManager, "sid_from_eio_sid"): ("self", "eio_sid", "namespace"),
    (socketio.AsyncManager, "eio_sid_from_sid"): ("self", "sid", "namespace"),
    (socketio.AsyncManager, "basic_close_room"): ("self", "room", "namespace"),
    (socketio.AsyncManager, "get_rooms"): ("self", "sid", "namespace"),
    (socketio.AsyncManager, "get_participants"): ("self", "namespace", "room"),
    (socketio.AsyncManager, "_generate_ack_id"): ("self", "sid", "callback"),
    (socketio.AsyncManager, "trigger_callback"): ("self", "sid", "id", "data"),
    # Cluster: overridden
    (AsyncPubSubManager, "initialize"): ("self",),
    (AsyncPubSubManager, "_listen"): ("self",),
    (AsyncPubSubManager, "_publish"): ("self", "data"),
    (AsyncPubSubManager, "_handle_emit"): ("self", "message"),
    (AsyncPubSubManager, "can_disconnect"): ("self", "sid", "namespace"),
    (Packet, "data_is_binary"): ("data",),
    (Packet, "deconstruct_binary"): ("data",),
    (Packet, "reconstruct_binary"): ("data", "attachments"),
    # EngineServer: overridden or called
    (engineio.AsyncServer, "handle_request"): ("self", "args", "kwargs"),
    (engineio.AsyncServer, "create_queue"): ("self", "args", "kwargs"),
    (engineio.AsyncServer, "_handle_connect"): ("self", "environ", "transport", "jsonp_index"),
    (engineio.AsyncServer, "_make_response"): ("self", "response_dict", "environ"),
    (engineio.AsyncServer, "_cors_allowed_origins"): ("self", "environ"),
    (engineio.AsyncServer, "_bad_request"): ("self", "message"),
    (engineio.AsyncServer, "_ok"): ("self", "packets", "headers", "jsonp_index"),
    (engineio.AsyncServer, "_upgrades"): ("self", "sid", "transport"),
    (engineio.AsyncServer, "_generate_sid_cookie"): ("self", "sid", "attributes"),
    (engineio.AsyncServer, "_gzip"): ("self", "response"),
    (engineio.AsyncServer, "_deflate"): ("self", "response"),
    # EngineSocket: overridden
    (AsyncSocket, "check_ping_timeout"): ("self",),
    (AsyncSocket, "_send_ping"): ("self",),
    (AsyncSocket, "send"): ("self", "pkt"),
    (AsyncSocket, "receive"): ("self", "pkt"),
    (AsyncSocket, "poll"): ("self",),
    (AsyncSocket, "handle_get_request"): ("self", "environ"),
    (AsyncSocket, "handle_post_request"): ("self", "environ"),
    (AsyncSocket, "close"): ("self", "wait", "abort", "reason"),
    (Payload, "encode"): ("self", "jsonp_index"),
}

#: Attributes of instances that we read: class → names. `HOOKS` has their methods.
ATTRIBUTES: dict[type, tuple[str, ...]] = {
    socketio.AsyncServer: (
        *("eio", "manager", "environ", "handlers", "namespace_handlers", "namespaces", "not_handled"),
        *("packet_class", "_binary_packet", "async_mode", "manager_initialized"),
    ),
    socketio.AsyncManager: ("rooms", "callbacks", "server"),
    engineio.AsyncServer: (
        *("sockets", "handlers", "_async", "ping_interval", "ping_interval_grace_period", "ping_timeout"),
        *("transports", "cookie", "cors_allowed_origins", "max_http_buffer_size", "http_compression"),
        *("compression_threshold", "compression_methods"),
    ),
    AsyncSocket: ("server", "queue", "session", "connected", "upgraded", "closing", "closed", "last_ping"),
}
