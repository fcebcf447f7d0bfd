"""What is in a recording, without a screen."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

import msgspec

from console import text
from console.link.recording_index import Index
from server_core.records import CONSOLE, Connecting, EventReceived, EventSent, Gap, Sync


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A recording, counted. Times are wall times in nanoseconds, 0 where nothing happened."""

    file: str
    #: Bytes.
    size: int
    created: str
    by: str
    target: str
    url: str
    first: int
    last: int
    records: int
    #: How often each kind of record is in it, the most frequent first.
    kinds: dict[str, int]
    servers: list[str]
    #: Sockets that were live at any time.
    sockets: int
    events_in: int
    events_out: int
    #: Records that had been lost before they could be recorded.
    lost: int
    damaged_lines: int
    #: Whether the last line is cut short.
    truncated: bool


def summarize(path: Path) -> Summary:
    """Read a whole recording; RecordingError when it is none."""
    index = Index(path)
    kinds: Counter[str] = Counter()
    servers: dict[str, None] = {}
    sockets: set[str] = set()
    lost = 0
    while (records := index.advance()) is not None:
        for record in records:
            kinds[record.kind] += 1
            if record.server != CONSOLE:
                servers[record.server] = None
            match record:
                case Connecting():
                    sockets.add(record.socket)
                case Sync():
                    sockets.update(each.socket.id for each in record.sockets)
                case Gap():
                    lost += record.lost
    index.close()
    header = index.header
    return Summary(
        file=str(path),
        size=index.size,
        created=header.created,
        by=header.by,
        target=header.target,
        url=header.url,
        first=min(index.times, default=0),
        last=max(index.times, default=0),
        records=len(index),
        kinds=dict(kinds.most_common()),
        servers=list(servers),
        sockets=len(sockets),
        events_in=kinds[str(EventReceived.__struct_config__.tag)],
        events_out=kinds[str(EventSent.__struct_config__.tag)],
        lost=lost,
        damaged_lines=index.damaged,
        truncated=index.truncated,
    )


def as_text(summary: Summary) -> str:
    """The summary as lines for a person."""
    span = f"{_time(summary.first)} to {_time(summary.last)} ({text.seconds((summary.last - summary.first) / 1e9)})"
    lines = [
        ("file", f"{summary.file} ({text.size(summary.size)})"),
        ("recorded", f"{summary.created} by {summary.by}" if summary.created else ""),
        ("target", " ".join(filter(None, (summary.target, summary.url)))),
        ("servers", ", ".join(summary.servers)),
        ("span", span if summary.records else "nothing happened"),
        ("sockets", f"{summary.sockets:,}"),
        ("events", f"{summary.events_in:,} in, {summary.events_out:,} out"),
        ("records", f"{summary.records:,}"),
        *((f"  {kind}", f"{number:,}") for kind, number in summary.kinds.items()),
    ]
    if summary.lost:
        lines.append(("lost", f"{summary.lost:,} before they could be recorded"))
    if summary.damaged_lines:
        lines.append(("damaged", text.count(summary.damaged_lines, "line")))
    if summary.truncated:
        lines.append(("cut short", "the last line"))
    return "\n".join(f"{name:<22} {text.safe(value)}" for name, value in lines if value)


def _time(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds / 1e9).astimezone().strftime("%Y-%m-%d %H:%M:%S")
