"""The HTML report: what peers sent is text in it, and nothing but our own script can run."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.export import write
from console.export.report import POLICY
from console.export.sheets import records as records_of
from console.state.state import State
from server_core import records
from tests.console.screens.conftest import chat
from tests.support.make import Maker

EVIL = (
    "<script>document.title='owned'</script>",
    "</td></tr></table><img src=x onerror=\"document.title='owned'\">",
    "</script><script>document.title='owned'</script>",
    "<!--",
    "\"><svg onload=document.title='owned'>",
    "javascript:alert(1)",
    "&lt;b&gt;",
    "\u202egnp.exe",
    "\x1b]52;c;aGk=\x07",
)


def report(things: Any) -> str:
    file = io.BytesIO()
    write(things, file, "html")
    return file.getvalue().decode()


class Parsed(HTMLParser):
    """The elements, attributes and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.texts.setdefault(tag, []).append("")
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1]][-1] += data


SKELETON = {"html", "head", "meta", "title", "style", "body", "header", "h1", "input", "output", "table", "thead"}
SKELETON |= {"tr", "th", "tbody", "td", "script"}


def check(page: str, rows: int) -> Parsed:
    parsed = Parsed(page)
    names = [tag for tag, _ in parsed.tags]
    assert set(names) <= SKELETON
    assert (names.count("script"), names.count("style"), names.count("tr")) == (1, 1, rows + 1)
    assert names.count("td") == rows * 8
    assert all(not attributes for tag, attributes in parsed.tags if tag in ("td", "tr", "script", "style"))
    for name in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(parsed.texts[name][0].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in POLICY
    metas = [attributes for tag, attributes in parsed.tags if tag == "meta"]
    assert {"http-equiv": "Content-Security-Policy", "content": POLICY} in metas
    assert "http:" not in page.split("<tbody>")[0]
    return parsed


def test_a_report_has_a_row_for_each_record() -> None:
    made = [each for each in chat() if not isinstance(each, records.Log)]
    parsed = check(report(made), len(made))
    cells = parsed.texts["td"]
    assert "private message" in cells
    assert any("division by zero" in cell for cell in cells)


def test_sockets_have_the_names_that_the_console_shows() -> None:
    make = Maker()
    made = make.socket("aX3f", user={"name": "<b>alice</b>"}) + make.socket(
        "bY9k", rooms=("a-room-with-a-long-name",), auth={"name": "bob"}
    )
    made += [
        make.received("aX3f", "hi"),
        make.sent("hi", rooms=("a-room-with-a-long-name", "bY9k"), except_=("aX3f",), sockets=2),
    ]
    state = State()
    state.apply(made)  # type: ignore[arg-type]
    file = io.BytesIO()
    write(made, file, "html", records_of(state))
    cells = check(file.getvalue().decode(), len(made)).texts["td"]
    received, sent = cells[-16:-8], cells[-8:]
    assert (received[2], received[7]) == ("<b>alice</b>", "aX3f")
    assert (sent[2], sent[5], sent[7]) == ("a-room-with-a-long-name bob ×2", "except <b>alice</b>", "")


def test_what_peers_sent_is_text() -> None:
    make = Maker()
    made: list[records.Record] = [make.received(text, text, {text: text}) for text in EVIL]
    made += [make(records.RoomJoined, socket=text, room=text, nsp=text) for text in EVIL]
    page = report(made)
    parsed = check(page, len(made))
    assert EVIL[0] in parsed.texts["td"]
    assert sum(EVIL[1] in cell for cell in parsed.texts["td"]) >= 3
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)


@given(st.lists(st.text(max_size=30), min_size=1, max_size=4))
def test_any_text_is_text(texts: list[str]) -> None:
    make = Maker()
    check(report([make.received(text, text, text) for text in texts]), len(texts))


@pytest.mark.slow
def test_a_browser_shows_it_searches_it_and_runs_nothing_of_a_peer(tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no Chromium here")
    make = Maker()
    page = report([make.received(text, f"event-{number}", text) for number, text in enumerate(EVIL)])
    path = tmp_path / "report.html"
    path.write_text(page)
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000", "--dump-dom"]
    shown = subprocess.run([*command, path.as_uri()], capture_output=True, text=True, timeout=110, check=True).stdout
    assert "<title>Socketscope: events</title>" in shown
    assert f'<output id="count">{len(EVIL)}</output>' in shown
    assert {tag for tag, _ in Parsed(shown).tags} <= SKELETON
    command.append(f"{path.as_uri()}#EVENT-3")
    shown = subprocess.run(command, capture_output=True, text=True, timeout=110, check=True).stdout
    assert f'<output id="count">1 of {len(EVIL)}</output>' in shown
    assert shown.count('hidden=""') == len(EVIL) - 1
