"""What the console did while it was recorded: steps of the console, and never a client's."""

from __future__ import annotations

from dataclasses import replace as replace_fields
from pathlib import Path

import msgspec

from console.replay import excerpt, lines, model, parse, printer
from console.replay.commands import works
from console.replay.distill import distill
from console.replay.hosting import Host
from console.replay.model import Script
from console.replay.outcome import Exit
from console.replay.run import Options, replay
from console.state.state import State
from server_core import records
from server_core.host_config import HostConfig
from server_core.recording import read
from server_core.records import Ack, AnyRecord, CommandResult, Record
from tests.support.make import Maker

DEMO = HostConfig(target="server_core.demo:app")
OPERATED = """sio: 1
defaults: {except: [user has joined, user has left]}
cases:
- name: operated
  unexpected: fail
  steps:
  - alice: {connect: {auth: {name: alice}}}
  - bob: {connect: {auth: {name: bob}}}
  - cat: {connect: {auth: {name: cat}}}
  - console: {emit: [news, {n: 1}], to: lobby}
  - each: [alice, bob, cat]
    expect: [news, {n: 1}]
  - console: {emit: [raw, !b64 AAEC], to: $bob.id}
  - bob: {expect: [raw, !b64 AAEC]}
  - console: {join: [$alice.id, $bob.id], rooms: night}
  - console: {emit: [late], to: night, except: $alice.id}
  - bob: {expect: [late]}
  - console: {leave: $alice.id, rooms: night}
  - console: {emit: [later], to: night}
  - bob: {expect: [later]}
  - parallel:
      console:
      - {emit: [sure], to: $bob.id, ack: [yes, 1]}
      bob:
      - {expect: [sure], reply: [yes, 1]}
  - console: {simulate: [message, lobby, hello], socket: $alice.id}
  - each: [bob, cat]
    expect: [message, alice, !sub {text: hello}]
  - console: {simulate: [rename, {status: busy}], socket: $alice.id, ack: [!sub {status: busy}]}
  - console: {set: {seat: 7}, socket: $alice.id}
  - console: {delete: seat, socket: $alice.id}
  - console: {disconnect: $alice.id}
  - alice: {expect-disconnect: {reason: io server disconnect}}
  - console: {drop: $bob.id}
  - bob: {expect-disconnect: {reason: !re transport}}
  - console: {disconnect: $cat.id, close: true}
  - cat: {expect-disconnect: }
"""


async def recorded(script: Script, path: Path) -> list[Record]:
    """What a server that is hosted for a script records."""
    report = await replay(script, Options(server=Host(DEMO, path), environment={}))
    assert report.exit is Exit.PASSED, "\n".join(lines.failure_lines(report.cases[0]))
    return list(read(path).records)


def written(script: Script) -> list[str]:
    """The steps as lines, without the gaps between them."""
    return [printer.step(replace_fields(step, after=0.0)) for step in script.cases[0].steps]


async def test_what_the_console_did_is_done_by_the_console_again(tmp_path: Path) -> None:
    found = await recorded(parse.parse(OPERATED), tmp_path / "a.siorec")
    made = distill(found)  # type: ignore[arg-type]
    assert made.notes == []
    again = parse.parse(printer.script(made.script))
    assert not [step for step in model.walk(again.cases[0].steps) if isinstance(step, model.Emit)]
    report = await replay(again, Options(app=DEMO, environment={}))
    assert report.exit is Exit.PASSED, "\n".join(lines.failure_lines(report.cases[0]))
    told = written(again)
    for step in (
        "console: {emit: [news, {n: 1}], to: lobby}",
        "console: {emit: [raw, !b64 AAEC], to: $bob.id}",
        "console: {simulate: [message, lobby, hello], socket: $alice.id}",
        "console: {join: [$alice.id, $bob.id], rooms: night}",
        "console: {drop: $bob.id}",
    ):
        assert step in told, told


def id_of(name: str) -> str:
    return f"{name}-socket-0123456789"


def people(make: Maker, *names: str) -> list[Record]:
    return [record for name in names for record in make.socket(id_of(name), auth={"name": name}, rooms=("lobby",))]


def steps(found: list[Record]) -> tuple[list[str], list[str]]:
    """The steps after those who connect, and the notes."""
    made = distill(found)  # type: ignore[arg-type]
    return [line for line in written(made.script) if "connect:" not in line], made.notes


def test_a_command_is_put_before_its_own_work_and_not_before_the_same_work_of_another() -> None:
    make = Maker()
    found = people(make, "alice", "bob")
    news = records.Emit(rooms=("lobby",), event="news", args="[1]")
    for _ in range(2):
        found.append(make.sent("news", 1, rooms=("lobby",), sockets=2))
        found.append(make(records.Commanded, by="ann", command=news, result=CommandResult(ok=True, sockets=2)))
    found.insert(-1, make.sent("news", 1, rooms=("lobby",), sockets=2, except_=()))  # the app's own, before it was told
    first, second = works(found).values()  # type: ignore[arg-type]
    assert (len(first), len(second), first == second) == (1, 1, False)
    emit, expect = "console: {emit: [news, 1], to: lobby}", "each: [alice, bob], expect: [news, 1]"
    assert steps(found)[0] == [emit, expect, expect, emit, expect]


def test_what_a_console_simulated_is_its_own_step_or_left_out_with_a_note() -> None:
    make = Maker()
    found = people(make, "alice")
    command = records.Simulate(socket=id_of("alice"), event="rename", args='[{"x":1}]')
    found.append(make.received(id_of("alice"), "rename", {"x": 1}, simulated=True))
    found.append(make(records.Commanded, by="ann", command=command, result=CommandResult(ok=True, sockets=1)))
    found.append(make.received(id_of("alice"), "admin", simulated=True))
    assert steps(found) == (
        ["console: {simulate: [rename, {x: 1}], socket: $alice.id}"],
        ["an event that a console simulated is left out"],
    )


def test_a_command_that_failed_is_left_out_with_a_note() -> None:
    make = Maker()
    found = people(make, "alice")
    command = records.Simulate(socket=id_of("alice"), event="boom")
    found.append(make.received(id_of("alice"), "boom", simulated=True))
    found.append(make(records.Commanded, by="ann", command=command, result=CommandResult(ok=False, error="raised")))
    assert steps(found) == ([], ["a command of a console that failed is left out"])


def test_an_emit_that_asks_stands_beside_the_answers() -> None:
    make = Maker()
    found = people(make, "alice", "bob")
    command = records.Emit(rooms=("lobby",), event="sure", ack=2.0)
    for name in ("alice", "bob"):
        found.append(make.sent("sure", socket=id_of(name), id=3))
    found.append(make(records.AckReceived, socket=id_of("alice"), id=3, data="[1]"))
    late = [Ack(socket=id_of("alice"), data="[1]"), Ack(socket=id_of("bob"))]
    all_came = [late[0], Ack(socket=id_of("bob"), data="[2]")]
    answer = make(records.AckReceived, socket=id_of("bob"), id=3, data="[2]")
    done = make(records.Commanded, by="ann", command=command, result=CommandResult(ok=True, acks=tuple(all_came)))
    (together,) = distill([*found, answer, done]).script.cases[0].steps[2:]  # type: ignore[list-item]
    assert isinstance(together, model.Parallel)
    assert {lane: [printer.step(step) for step in steps] for lane, steps in together.lanes.items()} == {
        "console": ["console: {emit: [sure], to: lobby, ack: $any}"],
        "alice": ["alice: {expect: [sure]}, reply: [1]"],
        "bob": ["bob: {expect: [sure]}, reply: [2]"],
    }
    done = msgspec.structs.replace(done, result=CommandResult(ok=True, acks=tuple(late)))
    assert steps([*found, done]) == (
        ["console: {emit: [sure], to: lobby}", "alice: {expect: [sure]}", "bob: {expect: [sure]}"],
        ["an emit of a console that not everybody answered asks for no answers"],
    )


# parts of what happened


def state_of(found: list[Record]) -> State:
    state = State()
    state.apply(found)  # type: ignore[arg-type]
    return state


def looked_through(looking: excerpt.Excerpt) -> list[AnyRecord]:
    """What an excerpt returns at last."""
    while True:
        try:
            next(looking)
        except StopIteration as done:
            found: list[AnyRecord] = done.value
            return found


def chosen(state: State, *kinds: str) -> list[int]:
    return [number for number in range(state.history.end) if state.history[number].kind in kinds]


def test_an_event_takes_its_answer_along_and_a_broadcast_one_who_got_it() -> None:
    make = Maker()
    found = people(make, "alice", "bob", "cy")
    found.append(make.received(id_of("alice"), "join", "dev", id=5))
    found.append(make(records.AckSent, socket=id_of("alice"), id=5, data="[true]"))
    found.append(make.received(id_of("alice"), "other", id=6))
    found.append(make(records.AckSent, socket=id_of("alice"), id=6, data="[false]"))
    found.append(make.sent("news", rooms=("lobby",), except_=(id_of("alice"),), sockets=2))
    state = state_of(found)
    asked = next(number for number in chosen(state, "event_received"))
    made = distill(looked_through(excerpt.of_records(state, [asked, *chosen(state, "event_sent")])), whole=False)
    assert [line.partition(" ")[2] for line in written(made.script)] == [
        '{connect: {auth: {name: alice}, headers: {cookie: "sid=s3cret"}}}',
        '{connect: {auth: {name: bob}, headers: {cookie: "sid=s3cret"}}}',
        "{emit: [join, dev]}, ack: [true]",
        "{expect: [news]}",
    ]


def test_what_the_console_emitted_takes_the_command_along() -> None:
    make = Maker()
    found = people(make, "alice", "bob")
    news = records.Emit(rooms=(id_of("bob"),), event="news")
    found.append(make.sent("news", rooms=(id_of("bob"),), socket=id_of("bob")))
    found.append(make(records.Commanded, by="ann", command=news, result=CommandResult(ok=True, sockets=1)))
    state = state_of(found)
    expected = ["console: {emit: [news], to: $bob.id}", "bob: {expect: [news]}"]
    for part in (
        excerpt.of_records(state, chosen(state, "event_sent")),
        excerpt.of_records(state, chosen(state, "command")),
        excerpt.of_sockets(state, [id_of("bob")]),
    ):
        assert written(distill(looked_through(part), whole=False).script)[1:] == expected
