"""HAR files as each exporter writes them, of one small conversation."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

#: Seconds since the epoch.
START = 1_700_000_000.0

#: (seconds after the start, whether the client sent it, text or bytes) of a WebSocket.
CONVERSATION: tuple[tuple[float, bool, str | bytes], ...] = (
    (0.010, False, '0{"sid":"engine-1","upgrades":[],"pingInterval":25000,"pingTimeout":20000}'),
    (0.020, True, '40{"name":"alice","token":"t0psecret"}'),
    (0.025, False, '40{"sid":"alice-1"}'),
    (0.026, True, '40/chat,{"name":"alice"}'),
    (0.030, False, '44/chat,{"message":"unknown user","data":{"retry":false}}'),
    (0.100, True, '420["private message","bob-1","hi bob"]'),
    (0.144, False, '430[{"ok":true}]'),
    (0.200, False, '42["news",{"n":1}]'),
    (0.300, True, '451-["upload",{"_placeholder":true,"num":0}]'),
    (0.301, True, b"\x00\x01\xfe\xff"),
    (0.400, False, "2"),
    (0.408, True, "3"),
    (0.500, False, '427["rate?"]'),
    (0.520, True, "437[5]"),
    (0.600, True, "41"),
)


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(START + seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def chrome(conversation: Any = CONVERSATION, *, scale: float = 1.0, url: str = "") -> dict[str, Any]:
    """Chrome's: stamps in seconds, binary frames in base64. Playwright's are in milliseconds: `scale=1000`."""
    messages = [
        {
            "type": "send" if sent else "receive",
            "time": (START + at) * scale,
            "opcode": 2 if isinstance(content, bytes) else 1,
            "data": base64.b64encode(content).decode() if isinstance(content, bytes) else content,
        }
        for at, sent, content in conversation
    ]
    entry = {
        "_resourceType": "websocket",
        "_webSocketMessages": messages,
        "startedDateTime": stamp(0),
        "time": 700.0,
        "request": {
            "method": "GET",
            "url": url or "ws://localhost:3000/socket.io/?EIO=4&transport=websocket",
            "httpVersion": "HTTP/1.1",
            "headers": [
                {"name": "Origin", "value": "http://localhost:8080"},
                {"name": "Cookie", "value": "sid=s3cret"},
            ],
            "cookies": [],
        },
        "response": {"status": 101, "content": {"size": 0, "mimeType": "x-unknown"}},
    }
    page = {"startedDateTime": stamp(-1), "time": 5, "request": {"url": "http://localhost:8080/", "headers": []}}
    return {"log": {"version": "1.2", "creator": {"name": "WebInspector"}, "entries": [page, entry]}}


def polling() -> dict[str, Any]:
    """The same conversation over HTTP long-polling."""
    base = "http://localhost:3000/socket.io/?EIO=4&transport=polling"
    entries: list[dict[str, Any]] = []
    for at, sent, content in CONVERSATION:
        packet = "b" + base64.b64encode(content).decode() if isinstance(content, bytes) else content
        last = entries[-1] if entries else None
        if isinstance(content, bytes) and last:  # attachments go with their packet
            last["request"]["postData"]["text"] += f"\x1e{packet}"
            continue
        sid = "" if at == 0.010 else "&sid=engine-1"
        request: dict[str, Any] = {"method": "POST" if sent else "GET", "url": base + sid, "headers": []}
        response: dict[str, Any] = {"status": 200, "content": {"text": "ok" if sent else packet}}
        if sent:
            request["postData"] = {"mimeType": "text/plain", "text": packet}
        started = at if sent else max(0.0, at - 0.001)
        took = 1.0 if not sent else 2.0
        entries.append({"startedDateTime": stamp(started), "time": took, "request": request, "response": response})
    return {"log": {"entries": entries}}


def encoded(har: Any) -> bytes:
    return json.dumps(har).encode()
