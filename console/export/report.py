"""A report: one HTML file that anybody can open and search, with nothing in it that runs but our own few lines.

Its policy lets it load nothing, and run only the script whose digest it names; what peers sent is text in it.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Callable, Iterable
from typing import Any, TextIO

from console.export.harmless import plain
from console.export.sheets import RECORDS, Sheet
from server_core.records import AnyRecord

_STYLE = """
:root { color-scheme: light dark; font: 14px/1.4 system-ui, sans-serif; }
body { margin: 0; }
header { position: sticky; top: 0; padding: .6em 1em; background: Canvas; border-bottom: 1px solid GrayText; }
h1 { display: inline; font-size: 1.1em; margin: 0 1em 0 0; }
input { font: inherit; width: 40%; padding: .2em .5em; }
output { margin-left: 1em; color: GrayText; }
table { border-collapse: collapse; width: 100%; font: 12px/1.5 ui-monospace, monospace; }
th { text-align: left; padding: .3em .6em; }
td { padding: .1em .6em; vertical-align: top; white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
  max-width: 60em; }
tr.open td { white-space: pre-wrap; overflow-wrap: anywhere; }
tbody tr { cursor: pointer; content-visibility: auto; }
tbody tr:nth-child(even) { background: color-mix(in srgb, CanvasText 5%, Canvas); }
tbody tr[hidden] { display: none; }
"""

_SCRIPT = """
"use strict";
const field = document.getElementById("search"), count = document.getElementById("count");
const rows = [...document.querySelectorAll("tbody tr")], texts = [];
let timer;
function search() {
  const words = field.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  rows.forEach((row, number) => {
    const text = texts[number] ??= [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase();
    const has = (word) => word.length > 1 && word[0] === "!" ? !text.includes(word.slice(1)) : text.includes(word);
    row.hidden = !words.every(has);
    shown += !row.hidden;
  });
  count.textContent = words.length ? `${shown} of ${rows.length}` : `${rows.length}`;
}
field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 80); });
document.querySelector("tbody").addEventListener("click", (event) => {
  if (String(getSelection())) return;
  event.target.closest("tr")?.classList.toggle("open");
});
field.value = decodeURIComponent(location.hash.slice(1));
search();
"""


_GLYPHS = {
    "event_received": "←",
    "event_sent": "→",
    "ack_sent": "✓",
    "ack_received": "✓",
    "event_blocked": "⊘",
    "refused": "⊘",
    "engine_refused": "⊘",
    "connecting": "…",
    "connected": "+",
    "disconnecting": "✗",
    "disconnected": "✗",
    "room_joined": "»",
    "room_left": "«",
    "attribute_set": "=",
    "attribute_deleted": "=",
    "exception": "!",
    "server_blocked": "!",
    "command": "❯",
    "gap": "~",
}


def _line(record: AnyRecord, name_of: Callable[[str], str]) -> list[object]:
    """A record as a line of the timeline: what it says, without the columns that it leaves empty."""
    cells = dict(zip(RECORDS.titles, RECORDS.cells(record), strict=True))
    kind, socket = str(cells["kind"]), str(cells["socket"])
    reached = f" ×{cells['sockets']}" if kind == "event_sent" and not socket else ""
    rooms = " ".join(map(name_of, getattr(record, "rooms", ())))
    more = [f"ack #{cells['ack id']}"] if cells["ack id"] not in ("", None) else []
    more += [f"{cells['ack ms']} ms"] if cells["ack ms"] != "" else []
    more += [f"except {' '.join(map(name_of, except_))}"] if (except_ := getattr(record, "except_", ())) else []
    return [
        str(cells["time"]).replace("T", " ").rstrip("Z"),
        _GLYPHS.get(kind, "·"),
        name_of(socket) if socket else f"{rooms or (cells['namespace'] if reached else cells['server'])}{reached}",
        cells["event"] or kind.replace("_", " "),
        " ".join(str(cells[name]) for name in ("room", "message", "data") if cells[name] not in ("", "[]")),
        ", ".join(more),
        cells["namespace"],
        socket,
    ]


def _timeline(sheet: Sheet[Any]) -> Sheet[AnyRecord]:
    titles = ("time (UTC)", "", "who", "what", "content", "more", "namespace", "socket")
    return Sheet("events", RECORDS.data, titles, lambda record: _line(record, sheet.name_of))


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


POLICY = (
    f"default-src 'none'; script-src 'sha256-{_digest(_SCRIPT)}'; style-src 'sha256-{_digest(_STYLE)}'; "
    "base-uri 'none'; form-action 'none'"
)


def write_report(
    things: Iterable[Any], file: TextIO, sheet: Sheet[Any], progress: Callable[[int], None], title: str = ""
) -> int:
    """Write things as a report, one row each; how many they were."""
    sheet = _timeline(sheet) if sheet.name == RECORDS.name else sheet
    titles = "".join(f"<th scope=col>{_safe(name)}</th>" for name in sheet.titles)
    name = _safe(title or f"Socketscope: {sheet.name}")
    file.write(
        f"<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<meta name=referrer content=no-referrer>\n<title>{name}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<header><h1>{name}</h1><input id=search type=search autofocus placeholder="search: words, !without">'
        f"<output id=count></output></header>\n<table>\n<thead><tr>{titles}</tr></thead>\n<tbody>\n"
    )
    number = 0
    for number, thing in enumerate(things, 1):
        cells = "".join(f"<td>{_safe(value)}</td>" for value in sheet.cells(thing))
        file.write(f"<tr>{cells}</tr>\n")
        progress(number)
    file.write(f"</tbody>\n</table>\n<script>{_SCRIPT}</script>\n</body>\n</html>\n")
    return number


def _safe(value: object) -> str:
    return html.escape(str(plain(value)))
