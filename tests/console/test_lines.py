"""How records read."""

from __future__ import annotations

import json

import pytest

from console.detail import pairs
from console.lines import Reader
from console.state.session import Session
from console.state.state import State
from server_core import redact
from server_core.records import (
    CONSOLE,
    AckReceived,
    AckSent,
    AnyRecord,
    Commanded,
    CommandResult,
    Emit,
    EventBlocked,
    EventReceived,
    HandlerException,
    Refused,
    ServerBlocked,
    ServerReloaded,
    ServerStopped,
)
from tests.support.make import Maker


def test_a_simulated_event_is_told_from_one_that_the_client_sent() -> None:
    make, reader = Maker(), Reader(Session(State()))
    sent, simulated = (
        make(EventReceived, socket="a", data='["hi",1]', simulated=simulated) for simulated in (False, True)
    )
    assert reader.line(sent).rest == "[1]"
    assert reader.line(simulated).rest == "simulated  [1]"
    assert ("simulated", "by a console: the client did not send it") in pairs.of_record(simulated, reader)
    assert "simulated" in reader.text_of(simulated)
    assert "simulated" not in reader.text_of(sent)


def test_a_huge_payload_is_masked_once_not_at_each_look(monkeypatch: pytest.MonkeyPatch) -> None:
    masked: list[int] = []

    def mask(text: str) -> str:
        masked.append(len(text))
        return text.replace("s3cret", "••••••")

    monkeypatch.setattr(redact, "mask_text", mask)
    make, session = Maker(), Session(State())
    reader = Reader(session)
    huge = make(EventReceived, socket="a", data='["hi",{"token":"s3cret","text":"' + "x" * 1_000_000 + '"}]')
    lines = [reader.line(huge).rest for _ in range(20)]
    assert len(masked) == 1
    assert set(lines) == {lines[0]}
    assert lines[0].startswith('[{"token":"••••••","text":"xxx')
    assert len(lines[0]) < 20_000
    assert "s3cret" in Reader(session, show_secrets=True).line(huge).rest


def test_a_reload_names_the_files_that_changed() -> None:
    line = Reader(Session(State())).line(Maker()(ServerReloaded, files=("main.py", "package/module.py")))
    assert (line.who, line.what, line.rest) == ("server", "reloaded", "main.py, package/module.py")


def test_a_server_that_did_not_start_is_told_from_one_that_stopped() -> None:
    make, reader = Maker(), Reader(Session(State()))
    failed = make(ServerStopped, server=CONSOLE, why="the target could not be loaded: SyntaxError", code=2)
    assert reader.line(failed).what == "not started"
    assert reader.line(failed).rest == "the target could not be loaded: SyntaxError; its log has more"
    assert reader.line(make(ServerStopped, why="the server ended")).what == "stopped"


def test_an_ack_names_the_event_that_it_answers() -> None:
    make, session = Maker(), Session(State())
    reader = Reader(session)
    made: list[AnyRecord] = [
        make.received("a", "search", "x", id=3),
        make.received("b", "other", id=3),
        make.sent("ask", socket="a", id=3),
        make(AckSent, socket="a", id=3, data="[1]", elapsed=0.003),
        make(AckReceived, socket="a", id=3, data="[2]", elapsed=0.002),
        make(AckSent, socket="a", id=9, data="[]", elapsed=0.5),
        make(AckSent, socket="a", id=3, data="[]"),
    ]
    session.apply(made)
    told = [(line.what, line.rest) for line in map(reader.line, made[3:])]
    assert told == [
        ("ack of search", "sent after 3.0 ms  [1]  #3"),
        ("ack of ask", "got after 2.0 ms  [2]  #3"),
        ("ack #9", "sent after 500 ms  []"),
        ("ack #3", "sent  []"),
    ]


def test_a_blocked_loop_names_the_apps_own_innermost_call() -> None:
    own = '  File "/home/me/chat/main.py", line 7, in save\n    requests.post(url)\n'
    library = '  File "/venv/lib/python3.12/site-packages/requests/api.py", line 1, in post\n    return request()\n'
    standard = '  File "/usr/lib/python3.12/socket.py", line 705, in readinto\n    return self._sock.recv_into(b)\n'
    reader, make = Reader(Session(State())), Maker()
    line = reader.line(make(ServerBlocked, seconds=1.5, stack=own + library + standard))
    assert line.rest == 'for 1.5 s  File "/home/me/chat/main.py", line 7, in save requests.post(url)'
    assert "readinto" in reader.line(make(ServerBlocked, seconds=1.5, stack=standard)).rest
    assert reader.line(make(ServerBlocked, seconds=1.5)).rest == "for 1.5 s  "


def test_a_message_shows_no_secret_in_its_line() -> None:
    make, reader = Maker(), Reader(Session(State()))
    message = "no user for token=s3cret-of-somebody"
    for record in (
        make(HandlerException, where="h", type="KeyError", message=message, traceback=""),
        make(Refused, socket="a", engine="e", message=message),
        make(EventBlocked, socket="a", data='["hi"]', message=message),
    ):
        line = reader.line(record)
        assert "no user for token" in line.rest
        assert "s3cret" not in line.rest
        assert "s3cret" in Reader(Session(State()), show_secrets=True).line(record).rest


def test_json_in_a_string_and_a_commands_arguments_show_no_secret() -> None:
    make, reader = Maker(), Reader(Session(State()))
    inner = '{"token":"s3cret"}'
    received = make.received("a", "login", inner)
    command = Emit(event="login", args=json.dumps([inner, {"password": "s3cret"}]))
    commanded = make(Commanded, by="console", command=command, result=CommandResult(ok=False, error="token=s3cret"))
    blocked = make(EventBlocked, socket="a", data='["go"]', message="token=s3cret")
    for record in (received, commanded, blocked):
        assert "s3cret" not in reader.line(record).rest
        assert "s3cret" not in str(pairs.of_record(record, reader))
    assert "s3cret" in str(pairs.of_record(commanded, Reader(Session(State()), show_secrets=True)))
