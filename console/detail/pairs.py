"""A record or a handshake as (name, text) pairs; a text may have several lines, and is not safe for the screen yet."""

from __future__ import annotations

from typing import Any

import msgspec

from console import text
from console.lines import Reader, clock
from server_core import redact
from server_core.records import (
    AckReceived,
    AckSent,
    AnyRecord,
    AttributeSet,
    Command,
    Commanded,
    Connecting,
    Disconnected,
    EventBlocked,
    EventReceived,
    EventSent,
    HandlerException,
    Handshake,
    PayloadRecord,
    Refused,
    ServerBlocked,
)


def of_record(record: AnyRecord, reader: Reader) -> list[tuple[str, str]]:
    """All about a record that its line leaves out."""
    line = reader.line(record)
    pairs = [("", f"{line.glyph} {line.who} {line.what}"), ("time", clock(record.time, full=True))]
    pairs.append(("record", f"{record.kind} #{record.seq} of {record.server}"))
    if socket := getattr(record, "socket", ""):
        pairs.append(("socket", f"{socket} ({reader.label(socket)}) in {getattr(record, 'nsp', '/')}"))
    match record:
        case PayloadRecord():
            pairs += _of_payload(record, reader)
        case HandlerException():
            pairs += [("where", record.where), ("raised", f"{record.type}: {reader.mask_line(record.message)}")]
            pairs.append(("traceback", reader.mask_line(record.traceback.rstrip())))
        case Refused():
            pairs += [
                ("message", reader.mask_line(record.message)),
                ("by", record.by),
                ("data", _pretty_masked(record.data, reader)),
            ]
        case Connecting():
            pairs += of_handshake(record.handshake, reader)
        case AttributeSet():
            pairs += [("attribute", record.name), ("value", _pretty_text(reader.attribute(record.name, record.value)))]
        case Disconnected():
            pairs += [("reason", record.reason), ("rooms", ", ".join(sorted(record.rooms - {record.socket})))]
        case ServerBlocked():
            pairs += [("held for", text.seconds(record.seconds)), ("stack", record.stack.rstrip())]
        case Commanded():
            pairs += [("by", record.by), ("result", reader.outcome(record))]
            pairs.append(("command", _pretty(msgspec.to_builtins(_command(record, reader)))))
        case _:
            pairs.append(("", line.rest))
    return [(name, value) for name, value in pairs if value]


def _of_payload(record: PayloadRecord, reader: Reader) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    if isinstance(record, EventSent):
        to = reader.target(record)
        left_out = f" except {', '.join(map(reader.label, record.except_))}" if record.except_ else ""
        pairs.append(("to", f"{to}{left_out}: {text.count(record.sockets, 'socket')}"))
    if isinstance(record, AckSent | AckReceived) and record.elapsed is not None:
        pairs.append(("after", text.seconds(record.elapsed)))
    if isinstance(record, EventBlocked):
        pairs.append(("blocked", reader.mask_line(record.message) or "its middleware never called next"))
    if isinstance(record, EventReceived) and record.simulated:
        pairs.append(("simulated", "by a console: the client did not send it"))
    if (number := getattr(record, "id", None)) is not None:
        pairs.append(("ack id", f"#{number}"))
    pairs.append(("size", text.size(record.size) + (" (cut)" if record.length else "")))
    pairs.append(("payload", _pretty_masked(record.data, reader)))
    for index, data in enumerate(record.attachments):
        pairs.append((f"binary {index}", f"{text.size(len(data))}  {data[:64].hex(' ')}"))
    return pairs


def of_handshake(handshake: Handshake, reader: Reader) -> list[tuple[str, str]]:
    """A handshake, its secrets masked unless they are shown."""
    shown = handshake if reader.show_secrets else redact.mask_handshake(handshake)
    pairs = [("address", shown.address), ("url", shown.url), ("time", shown.time)]
    pairs.append(("secure", "yes" if shown.secure else "no"))
    pairs.append(("cross-origin", "yes" if shown.xdomain else "no"))
    pairs.append(("auth", _pretty_masked(shown.auth, reader)))
    pairs += [(f"query {name}", str(value)) for name, value in shown.query.items()]
    pairs += [(name, value) for name, value in shown.headers.items()]
    return pairs


def _command(record: Commanded, reader: Reader) -> Command:
    shown = reader.masked(record)
    return shown.command if isinstance(shown, Commanded) else record.command


def _pretty_masked(json_text: str, reader: Reader) -> str:
    return _pretty_text(reader.mask(json_text)) if json_text else ""


def _pretty_text(json_text: str) -> str:
    try:
        return msgspec.json.format(json_text, indent=2)
    except (msgspec.DecodeError, RecursionError):
        return json_text


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value).decode(), indent=2)
