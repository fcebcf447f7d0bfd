"""What is copied is code that says what was on the screen, and nothing that can't be seen."""

from __future__ import annotations

import ast
import json
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.snippets import LANGUAGES, Language, literals, snippet
from console.state.state import State
from server_core import records
from server_core.records import CommandResult, Disconnect, Emit, Join, Leave
from tests.console.screens.conftest import chat
from tests.console.screens.test_hostile import hostile_records
from tests.support import node
from tests.support.make import Maker

MAKE = Maker()
URL = "http://127.0.0.1:5000"


def said(thing: Any, language: Language, **options: Any) -> str:
    return snippet([thing], language, state=State(), url=URL, **options)


def commanded(command: Any) -> records.Commanded:
    return MAKE(records.Commanded, by="console", command=command, result=CommandResult(ok=True))


UPLOAD = '["up",{"_placeholder":true,"num":0}]'
BINARY = MAKE(records.EventReceived, socket="s", data=UPLOAD, attachments=(b"\x00\xff",))

CALLS = [
    (
        MAKE.received("s", "private message", "bob", {"text": "hi", "a-b": None}, id=1),
        'const response = await socket.emitWithAck("private message", "bob", { text: "hi", "a-b": null });',
        'response = await sio.call("private message", ("bob", {"text": "hi", "a-b": None}))',
    ),
    (
        MAKE.received("s", "typing", True, nsp="/chat"),
        'socket.emit("typing", true);',
        'await sio.emit("typing", True, namespace="/chat")',
    ),
    (MAKE.received("s", "ping"), 'socket.emit("ping");', 'await sio.emit("ping")'),
    (
        MAKE.sent("news", {"n": 1.5}, rooms=("lobby", "dev"), except_=("x",), nsp="/chat"),
        'io.of("/chat").to(["lobby", "dev"]).except("x").emit("news", { n: 1.5 });',
        'await io.of("/chat").to(["lobby", "dev"]).except_("x").emit("news", {"n": 1.5})',
    ),
    (MAKE.sent("all"), 'io.emit("all");', 'await io.emit("all")'),
    (
        MAKE.sent("ask", 1, socket="abc", id=3),
        'const responses = await io.to("abc").emitWithAck("ask", 1);',
        'responses = await io.to("abc").emit_with_ack("ask", 1)',
    ),
    (MAKE(records.AckSent, socket="s", id=1, data='[{"ok":true}]'), "callback({ ok: true });", 'return {"ok": True}'),
    (
        MAKE(
            records.EventReceived, socket="s", data='["up",{"_placeholder":true,"num":0}]', attachments=(b"\x00\xff",)
        ),
        'socket.emit("up", Uint8Array.from(atob("AP8="), (c) => c.charCodeAt(0)));',
        "await sio.emit(\"up\", b'\\x00\\xff')",
    ),
    (
        commanded(Emit(rooms=("a",), event="hi", args="[1]")),
        'io.to("a").emit("hi", 1);',
        'await io.to("a").emit("hi", 1)',
    ),
    (
        commanded(Join(sockets=("a", "b"), rooms=("r",), nsp="/x")),
        'io.of("/x").in(["a", "b"]).socketsJoin("r");',
        'await io.of("/x").in_(["a", "b"]).sockets_join("r")',
    ),
    (
        commanded(Leave(sockets=("a",), rooms=("r", "s"))),
        'io.in("a").socketsLeave(["r", "s"]);',
        'await io.in_("a").sockets_leave(["r", "s"])',
    ),
    (
        commanded(Disconnect(sockets=("a",), close=True)),
        'io.in("a").disconnectSockets(true);',
        'await io.in_("a").disconnect_sockets(True)',
    ),
]


@pytest.mark.parametrize(("record", "javascript", "python"), CALLS, ids=[python[:24] for _, _, python in CALLS])
def test_calls(record: Any, javascript: str, python: str) -> None:
    assert said(record, "javascript") == javascript
    assert said(record, "python") == python
    ast.parse(f"async def copied():\n    {python}")
    data = json.loads(said(record, "json"))
    assert data["kind"] == record.kind


def test_a_socket_is_copied_as_the_clients_connection() -> None:
    state = State()
    state.apply(chat())  # type: ignore[arg-type]
    ben = state.socket("kzQ19aZpzzzzzzzzAAAC")
    bob = state.socket("ojIckSD2jqNzOqIrAGzL")
    assert snippet([ben], "javascript", state=state, url=URL) == (
        'const socket = io("http://127.0.0.1:5000/chat", { transports: ["websocket"] });'
    )
    assert snippet([ben], "python", state=state, url=URL) == (
        'await sio.connect("http://127.0.0.1:5000", namespaces=["/chat"], transports=["websocket"])'
    )
    assert 'auth: { token: "••••••" }' in snippet([bob], "javascript", state=state, url=URL)
    assert 'auth={"token": "t0psecret"}' in snippet([bob], "python", state=state, url=URL, show_secrets=True)
    both = json.loads(snippet([ben, bob], "json", state=state, url=URL))
    assert [each["name"] for each in both] == ["ben", "bob"]
    assert "t0psecret" not in str(both)


def test_what_is_no_call_is_its_value() -> None:
    joined = MAKE(records.RoomJoined, socket="s", room="lobby")
    assert ast.literal_eval(said(joined, "python"))["room"] == "lobby"
    cut = MAKE(records.EventReceived, socket="s", data='["big","xx', length=1000)
    assert ast.literal_eval(said(cut, "python"))["data"] == '["big","xx'


def test_a_deep_payload_is_copied_as_json() -> None:
    deep = "[" * 400 + "]" * 400
    for depth in (deep, "[" * 100_000 + "]" * 100_000):
        for language in LANGUAGES:
            assert said(MAKE(records.EventReceived, socket="s", data=f'["deep",{depth}]'), language)


def test_several_are_one_below_the_other() -> None:
    two = [MAKE.received("s", "a"), MAKE.received("s", "b")]
    assert snippet(two, "javascript", state=State()) == 'socket.emit("a");\nsocket.emit("b");'
    assert [each["event"] for each in json.loads(snippet(two, "json", state=State()))] == ["a", "b"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_a_peer_sent_can_do_harm(language: Language) -> None:
    made = hostile_records()
    state = State()
    state.apply(made)  # type: ignore[arg-type]
    for thing in [*made, *state.sockets()]:
        text = snippet([thing], language, state=state, url=URL)
        assert [each for each in text if not each.isprintable() and each not in "\n\xa0"] == []
        text.encode()


numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["__proto__", "a b", "\\U0001f4a9", "\\\\ud83d\\udca9", "\U000e0001", "\u2028", "\x1b]52;\x07"]
)
values = st.recursive(
    numbers | st.none() | st.booleans() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_python_literals_are_the_value(value: Any) -> None:
    text = literals.python(value)
    assert ast.literal_eval(text) == value
    assert all(character.isprintable() or character.isspace() for character in text)


def test_javascript_literals_are_the_value(js: None, tmp_path: Any) -> None:
    seen: list[Any] = []

    @given(values)
    def collect(value: Any) -> None:
        text = literals.javascript(value)
        assert all(character.isprintable() or character.isspace() for character in text)
        seen.append((json.dumps(value), text))

    collect()
    script = tmp_path / "literals.js"
    checks = "\n".join(f"deepEqual({text}, JSON.parse({json.dumps(written)}));" for written, text in seen)
    script.write_text(f'const deepEqual = require("assert").deepStrictEqual;\n{checks}\nconsole.log("same");\n')
    done = subprocess.run([node.node(), str(script)], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("same\n", "")
