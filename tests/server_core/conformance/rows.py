"""Row of the specification → the test that holds it. A row is named by what its first column says."""

from __future__ import annotations

#: Table → row → the test's name, in the module of that table.
ROWS = {
    "identity": {
        "id": "test_id",
        "own room": "test_own_room",
        "handshake": "test_handshake",
        "rooms": "test_rooms",
        "data": "test_data",
        "attributes": "test_attributes",
        "conn": "test_conn",
    },
    "middlewares": {
        "io.use(fn) / io.of(nsp).use(fn)": "test_io_use",
        "refusing": "test_refusing",
        "not calling next": "test_not_calling_next",
        "slow middleware": "test_slow_middleware",
        "socket.use(fn)": "test_socket_use",
    },
    "events": {
        "reserved": "test_reserved",
        "several handlers, catch-all, in order, overlapping, bounded": "test_handlers",
        "acks both ways": "test_acks",
        "operators": "test_operators",
        "binary": "test_binary",
        "utility methods and namespaces": "test_utility_methods",
        "connection state recovery": "test_recovery",
    },
    "disconnection": {
        "order, each exactly once": "test_order",
        "the server calls disconnect()": "test_server_namespace_disconnect",
        "the client calls disconnect()": "test_client_namespace_disconnect",
        "the server shuts down": "test_server_shutting_down",
        "no PONG within the ping timeout": "test_ping_timeout",
        "connection lost or closed": "test_transport_close",
        "connection error, oversize WebSocket message, client sends a ping, overlapping polls": "test_transport_error",
        "undecodable Engine.IO packet": "test_parse_error",
        "undecodable Socket.IO packet, CONNECT twice, EVENT before CONNECT": "test_forced_close",
        "no namespace joined within connect_timeout": "test_forced_server_close",
    },
    "stock": {
        "spoofed connect and disconnect events": "test_spoofed_events",
        "broadcasts to a socket still in middleware": "test_broadcasts_during_a_middleware",
        "a client that leaves during a slow middleware": "test_leaving_during_a_middleware",
        "an exception in a middleware or handler": "test_exceptions",
        "40 packets in one polling POST": "test_many_packets_in_one_post",
        "text in the middle of binary attachments": "test_text_among_attachments",
        "order of events from one socket": "test_order_of_events",
        "shutdown()": "test_shutdown",
        "a re-entrant disconnect()": "test_reentrant_disconnect",
    },
}
