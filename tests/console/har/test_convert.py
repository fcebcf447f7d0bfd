"""HAR files of each exporter become what the server saw."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from console.cli import cli
from console.har.convert import convert
from console.har.entries import HarError
from console.state.state import State
from server_core import records
from server_core.recording import read
from tests.console.har.make import CONVERSATION, START, chrome, encoded, polling

EXPORTS = Path(__file__).parent / "exports"

KINDS = [
    "sync",
    "engine_opened",
    "connecting",
    "connected",
    "refused",
    "event_received",
    "ack_sent",
    "event_sent",
    "event_received",
    "engine_heartbeat",
    "event_sent",
    "ack_received",
    "disconnecting",
    "disconnected",
    "engine_closed",
]


@pytest.mark.parametrize("har", [chrome(), chrome(scale=1_000.0), polling()], ids=["chrome", "playwright", "polling"])
def test_each_exporters_file_says_the_same(har: dict[str, Any]) -> None:
    imported = convert(encoded(har))
    assert (imported.url, imported.connections, imported.unreadable) == ("http://localhost:3000", 1, 0)
    assert [record.kind for record in imported.records] == KINDS
    found: Any = {record.kind: record for record in imported.records}
    assert found["connecting"].handshake.auth == '{"name":"alice","token":"t0psecret"}'
    assert (found["connected"].socket, found["connected"].server) == ("alice-1", "localhost:3000")
    assert (found["refused"].nsp, found["refused"].message) == ("/chat", "unknown user")
    assert found["refused"].data == '{"retry":false}'
    first, upload = [each for each in imported.records if isinstance(each, records.EventReceived)]
    assert (first.id, first.args) == (0, ["bob-1", "hi bob"])
    assert upload.values == ["upload", b"\x00\x01\xfe\xff"]
    assert found["ack_sent"].elapsed == pytest.approx(0.044, abs=0.003)
    assert found["ack_received"].elapsed == pytest.approx(0.02, abs=0.003)
    assert found["engine_heartbeat"].rtt == pytest.approx(0.008, abs=0.003)
    assert first.time / 1e9 == pytest.approx(START + 0.1, abs=0.002)
    assert found["disconnected"].reason == "client namespace disconnect"
    assert [record.seq for record in imported.records] == list(range(len(KINDS)))


def test_it_folds_into_a_state() -> None:
    state = State()
    state.apply(convert(encoded(chrome(CONVERSATION[:9]))).records[:-3])
    assert [(socket.id, socket.nsp) for socket in state.sockets()] == [("alice-1", "/")]
    assert state.label("alice-1") == "alice"
    socket = state.socket("alice-1")
    assert socket
    assert socket.handshake.xdomain


def test_an_upgrade_is_one_connection() -> None:
    har = polling()
    har["log"]["entries"] = har["log"]["entries"][:3]
    later = [(0.1, True, "2probe"), (0.11, False, "3probe"), (0.12, True, "5"), (0.13, True, '42["hi"]')]
    upgraded = chrome(later, url="wss://localhost:3000/socket.io/?EIO=4&transport=websocket&sid=engine-1")
    har["log"]["entries"] += upgraded["log"]["entries"]
    imported = convert(encoded(har))
    assert imported.connections == 1
    kinds = [record.kind for record in imported.records]
    assert kinds.index("engine_upgraded") < kinds.index("event_received")
    event = next(each for each in imported.records if isinstance(each, records.EventReceived))
    assert event.socket == "alice-1"


def test_several_connections_keep_apart() -> None:
    har = chrome()
    other = [
        (at, sent, text.replace("alice-1", "bob-1").replace("engine-1", "engine-2") if isinstance(text, str) else text)
        for at, sent, text in CONVERSATION
    ]
    har["log"]["entries"] += chrome(other)["log"]["entries"]
    imported = convert(encoded(har))
    assert imported.connections == 2
    assert {each.socket for each in imported.records if isinstance(each, records.Connected)} == {"alice-1", "bob-1"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no HAR file"),
        (b"[1,2]", "no HAR file"),
        (b'{"log":{}}', "no HAR file"),
        (b'{"log":{"entries":[]}}', "no Socket.IO connection"),
        (encoded(chrome(())), "Chrome, Edge, Playwright"),
        (encoded(chrome(CONVERSATION[:1])), "Firefox and Safari leave them out"),
        (encoded(chrome(url="ws://localhost/socket.io/?EIO=3")), "Socket.IO 2"),
    ],
)
def test_what_can_not_be_imported_says_why(data: bytes, said: str) -> None:
    with pytest.raises(HarError, match=said) as caught:
        convert(data)
    assert "\n" not in str(caught.value)


def test_an_entry_that_can_not_be_read_is_counted() -> None:
    har = chrome()
    har["log"]["entries"].append({"request": 5})
    assert convert(encoded(har)).unreadable == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_stands_in_a_file_is_no_traceback(data: st.DataObject) -> None:
    har = copy.deepcopy(data.draw(st.sampled_from([chrome(), polling()])))
    entry = data.draw(st.sampled_from(har["log"]["entries"][-8:]))
    for _ in range(3):
        target: Any = entry
        while isinstance(target, dict | list) and target:
            keys = list(target) if isinstance(target, dict) else range(len(target))
            key = data.draw(st.sampled_from(keys))
            if data.draw(st.booleans()) or not isinstance(target[key], dict | list):
                old = target[key]
                text = st.sampled_from(["4", "45", "451-", "43", "40/", "b", "0{", "42" + "[" * 50]) | st.text()
                target[key] = data.draw(json_values | text if isinstance(old, str) else json_values)
                break
            target = target[key]
    said = ""
    try:
        convert(json.dumps(har).encode())
    except HarError as error:
        said = str(error)
    assert "\n" not in said


def test_the_command_writes_a_recording_with_its_secrets_masked(tmp_path: Path) -> None:
    har, out = tmp_path / "x.har", tmp_path / "x.siorec"
    har.write_bytes(encoded(chrome()))
    done = CliRunner().invoke(cli, ["import", str(har), "-o", str(out)])
    assert (done.exit_code, done.output) == (0, f"1 connection, 15 records in {out}\n")
    assert [record.kind for record in read(out).records] == KINDS
    text = out.read_text()
    assert "t0psecret" not in text
    assert "s3cret" not in text
    done = CliRunner().invoke(cli, ["open", str(har), "--summary", "--json"])
    assert json.loads(done.stdout)["records"] == 15
    har.write_bytes(encoded(chrome(())))
    done = CliRunner().invoke(cli, ["import", str(har), "-o", str(out)])
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)


@pytest.mark.parametrize("exporter", ["mitmproxy", "playwright", "chrome"])
def test_a_real_export_says_what_was_said(exporter: str) -> None:
    imported = convert((EXPORTS / f"{exporter}.har").read_bytes())
    assert (imported.connections, imported.unreadable) == (4, 0)
    found = imported.records
    names: dict[str, str] = {}
    for record in found:
        if isinstance(record, records.Connecting):
            names[record.socket] = json.loads(record.handshake.auth)["name"]
    assert sorted(names.values()) == ["alice", "bob", "carol"]
    assert {each.socket for each in found if isinstance(each, records.SocketRecord | records.PayloadRecord)} == {*names}
    said = {
        (names[each.socket], each.event, tuple(map(str, (each.args or [])[-1:])))
        for each in found
        if isinstance(each, records.EventReceived)
    }
    assert said == {
        ("alice", "private message", ("hi bob",)),
        ("bob", "message", ("hello to all, ü and \U0001f600",)),
        ("alice", "upload", (r"b'\x00\x01\xfe\xff'",)),
        ("bob", "upload", (r"b'hi\x80'",)),
        ("carol", "rename", ("{'status': 'away'}",)),
    }
    heard = [(names[each.socket], each.event) for each in found if isinstance(each, records.EventSent)]
    assert ("bob", "private message") in heard
    assert heard.count(("alice", "message")) == heard.count(("carol", "message")) == 1
    acks = [(names[each.socket], each.data) for each in found if isinstance(each, records.AckSent)]
    assert sorted(acks)[:2] == [("alice", '[{"size":4}]'), ("bob", '[{"size":3}]')]
    assert all(0 < (each.elapsed or 0) < 1 for each in found if isinstance(each, records.AckSent))
    (refused,) = [each for each in found if isinstance(each, records.Refused)]
    assert (refused.message, refused.data) == ("unknown user", '{"retry":false}')
    (upgraded,) = [each for each in found if isinstance(each, records.EngineUpgraded)]
    assert upgraded.transport == "websocket"
    gone = {names[each.socket]: each.reason for each in found if isinstance(each, records.Disconnected)}
    assert gone == dict.fromkeys(("alice", "bob", "carol"), "client namespace disconnect")
    state = State()
    state.apply(found)
    assert (list(state.sockets()), next(iter(state.rosters.values())).engines) == ([], {})
