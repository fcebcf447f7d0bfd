"""What the tests of the reference's own server (`packages/socket.io/test` of socketio/socket.io) test, written anew.

Without an equivalent here:

- socket: `reconnect_failed` told once (the JavaScript client's own); `null` from the transport, no Engine.IO request
  (WebTransport), a changed `Object.prototype` (all Node); `client` and `request` (Node's objects; `conn` and
  `handshake` stand for them); compression on and off (the web server decides that; only that `compress()` changes
  nothing is tested); an event and a disconnection in one chunk (the reference drops the event; ours starts its
  handlers, by design: only what comes after the end is tested).
- namespaces: `write`; `allSockets` (`fetch_sockets` stands for it); `of` with a second argument.
- middleware: no merge of handshake packets (of an old protocol); `_preConnectSockets` (private).
- messaging-many: `leaveAll` (private); the precomputed WebSocket frame; acks through callbacks (ours are awaited).
- utility-methods: a custom adapter (`test_cluster.py` has the sockets of other servers).
- socket-timeout: callbacks beside promises.
- close: an HTTP server attached, its port freed, or not running (the web server is not ours).
- handshake: `allowRequest` (there is none; that another origin is refused stands for it).
- server-attachment ("http server attaching", "serves client bundle"), uws, v2-compatibility, the types.

Covered in `test_server.py`: arguments, acks both ways, binary values in them; query, headers, `conn`; rooms,
`broadcast`, exclusion; refusal with a message and data, and what is rolled back then; an unknown namespace;
`disconnecting` before the rooms are left; an event middleware's `error`.

Covered in `test_socket_api.py`: `on_any` and `on_any_outgoing` added and removed; dynamic namespaces by a pattern and
by a function; immutable operators of the server; broadcasts with acks, answered and late; `fetch_sockets` of all and of
a room; `disconnect_sockets` of all; CONNECT twice and undecodable packets on WebSocket.
"""
