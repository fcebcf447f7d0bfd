"""From recordings to scripts, and back to the same."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from console.replay import lines, model, parse, printer, values
from console.replay.distill import distill
from console.replay.learn import learn, relax
from console.replay.model import Script, Step
from console.replay.outcome import Exit, Report
from console.replay.run import Options, replay
from console.replay.symbols import environment
from console.wire.client import Client
from console.wire.engine import Engine
from server_core import records
from server_core.host_config import HostConfig
from server_core.recording import read
from server_core.redact import Redactor
from tests.support.crowd import TRANSPORTS, crowd
from tests.support.make import NOON, Maker
from tests.support.run import APPS, SOCKETSCOPE, Running, headless

DEMO = "server_core.demo:app"


def steps(found: list[Any]) -> list[str]:
    """The steps of a distilled script, as lines."""
    return [printer.step(step) for step in distill(found).script.cases[0].steps]


def connected(make: Maker, *names: str) -> list[Any]:
    return [record for name in names for record in make.socket(f"{name}-socket-0123456789", auth={"name": name})]


def id_of(name: str) -> str:
    return f"{name}-socket-0123456789"


def test_ids_become_references_and_events_expectations() -> None:
    make = Maker()
    found = connected(make, "alice", "bob")
    found.append(make.received(id_of("alice"), "private message", id_of("bob"), {"text": f"to {id_of('bob')}!"}))
    found.append(make.sent("private message", id_of("alice"), "hi", socket=id_of("bob")))
    assert steps(found) == [
        'alice: {connect: {auth: {name: alice}, headers: {cookie: "sid=s3cret"}}}',
        'bob: {connect: {auth: {name: bob}, headers: {cookie: "sid=s3cret"}}}',
        'alice: {emit: [private message, $bob.id, {text: "to ${bob.id}!"}]}',
        "bob: {expect: [private message, $alice.id, hi]}",
    ]


def test_broadcasts_are_expected_by_who_got_them() -> None:
    make = Maker()
    found = connected(make, "alice", "bob", "cy")
    found += [make(records.RoomJoined, socket=id_of(name), room="dev") for name in ("alice", "cy")]
    found.append(make.sent("news", 1, rooms=("dev",), sockets=2))
    found.append(make.sent("all", except_=(id_of("cy"),), sockets=2))
    assert steps(found)[3:] == ["each: [alice, cy], expect: [news, 1]", "each: [alice, bob], expect: [all]"]


def test_acks_are_awaited_at_once_unless_others_acted_before_they_came() -> None:
    make = Maker()
    found = connected(make, "alice", "bob")
    found.append(make.received(id_of("alice"), "a", id=0))
    found.append(make(records.AckSent, socket=id_of("alice"), id=0, data='["done"]'))
    found.append(make.received(id_of("alice"), "ask", id=1))
    found.append(make.sent("q", socket=id_of("bob"), id=4))
    found.append(make(records.AckReceived, socket=id_of("bob"), id=4, data="[42]"))
    found.append(make(records.AckSent, socket=id_of("alice"), id=1, data="[42]"))
    found.append(make.received(id_of("alice"), "never", id=2))
    assert steps(found)[2:] == [
        "alice: {emit: [a]}, ack: [done]",
        "alice: {emit: [ask]}, id: ask-1",
        "bob: {expect: [q]}, reply: [42]",
        "alice: {expect-ack: {id: ask-1, values: [42]}}",
        "alice: {emit: [never]}, id: never-2",
    ]


def test_times_and_random_ids_become_matchers() -> None:
    make = Maker()
    found = connected(make, "alice")
    now = NOON / 1e9
    uuid, token = "123e4567-e89b-12d3-a456-426614174000", "aB3dE5fG7hI9jK1lM3"
    found.append(make.sent("e", now, now * 1000, "2023-11-14T22:13:20Z", uuid, 17, socket=id_of("alice")))
    found.append(make.sent("made", token, socket=id_of("alice")))
    found.append(make.received(id_of("alice"), "use", token))
    found.append(make.received(id_of("alice"), "mine", "zZ9yY8xX7wW6vV5uU4"))
    found.append(make.sent("echo", "zZ9yY8xX7wW6vV5uU4", socket=id_of("alice")))
    found.append(make.sent("left", "transport close", socket=id_of("alice")))
    assert steps(found)[1:] == [
        "alice: {expect: [e, !type number, !type number, !type string, !type string, 17]}",
        "alice: {expect: [made, !bind id1]}",
        "alice: {emit: [use, $id1]}",
        "alice: {emit: [mine, zZ9yY8xX7wW6vV5uU4]}",
        "alice: {expect: [echo, zZ9yY8xX7wW6vV5uU4]}",
        'alice: {expect: [left, !re "^(transport (close|error)|ping timeout)$"]}',
    ]


def test_masked_secrets_are_variables_of_the_environment() -> None:
    make, redact = Maker(), Redactor(b"k" * 16)
    auth = {"name": "alice", "token": "s3cret"}
    found: list[Any] = make.socket(id_of("alice"), auth=auth)
    found.append(make.received(id_of("alice"), "login", {"token": "s3cret", "password": "other"}))
    found.append(make.sent("again", {"token": "s3cret"}, socket=id_of("alice")))
    found.append(make.sent("new", {"token": "unknown"}, socket=id_of("alice")))
    script = distill([redact.record(record) for record in found]).script
    assert [printer.step(step) for step in script.cases[0].steps] == [
        'alice: {connect: {auth: {name: alice, token: "${TOKEN_ALICE}"}, headers: {cookie: "${COOKIE_ALICE}"}}}',
        'alice: {emit: [login, {token: "${TOKEN_ALICE}", password: "${PASSWORD_ALICE}"}]}',
        'alice: {expect: [again, {token: "${TOKEN_ALICE}"}]}',
        "alice: {expect: [new, {token: $any}]}",
    ]
    assert environment(script) == {"TOKEN_ALICE", "COOKIE_ALICE", "PASSWORD_ALICE"}


def test_dollars_of_a_payload_are_no_references() -> None:
    make = Maker()
    found = [*connected(make, "alice"), make.received(id_of("alice"), "pay", "$any", "${HOME} $5")]
    script = distill(found).script
    assert printer.step(script.cases[0].steps[1]) == 'alice: {emit: [pay, $$any, "$${HOME} $$5"]}'
    again = parse.parse(printer.script(script)).cases[0].steps[1]
    assert isinstance(again, model.Emit)
    assert again.values == ["pay", "$any", "${HOME} $5"]


def test_how_clients_left_and_what_the_operator_did() -> None:
    make = Maker()
    found = connected(make, "alice", "bob", "cy", "dan")
    reasons = ("client namespace disconnect", "transport close", "ping timeout", "server namespace disconnect")
    command = records.Disconnect(sockets=(id_of("dan"),))
    for name, reason in zip(("alice", "bob", "cy", "dan"), reasons, strict=True):
        if name == "dan":
            result = records.CommandResult(ok=True, sockets=1)
            found.append(make(records.Commanded, by="console", command=command, result=result))
        found.append(make(records.Disconnecting, socket=id_of(name), reason=reason))
        found.append(make.sent("bye", rooms=(id_of(name),), sockets=1))
        found.append(make(records.Disconnected, socket=id_of(name), reason=reason))
    assert steps(found)[4:] == [
        "alice: {disconnect: }",
        "alice: {allow: [bye]}",
        "bob: {drop: }",
        "bob: {allow: [bye]}",
        "cy: {drop: }",
        "cy: {allow: [bye]}",
        "console: {disconnect: $dan.id}",
        "dan: {allow: [bye]}",
        "dan: {expect-disconnect: {reason: io server disconnect}}",
    ]


def test_gaps_are_kept_and_the_place_is_the_records_line() -> None:
    make = Maker()
    found = connected(make, "alice")
    later = msgspec.structs.replace(make.received(id_of("alice"), "x"), time=found[-1].time + 1_500_000_000)
    step: Step = distill([*found, later], file="a.siorec").script.cases[0].steps[-1]
    assert (step.after, str(step.at)) == (1.5, f"a.siorec:{len(found) + 2}")


def test_what_differs_is_relaxed_and_nothing_else() -> None:
    told: list[str] = []
    got = ["e", 2, {"a": 1, "b": "x", "new": 1}, [1, 2], "id-1"]
    pattern = ["e", 1, {"a": 1, "b": "y"}, [1, 3], values.Ref("alice.id")]
    expected = [*pattern[:4], "id-1"]
    assert relax(pattern, expected, got, "s:3", told) == [
        "e",
        values.OfType("int"),
        values.Subset({"a": 1, "b": values.OfType("string")}),
        [1, values.OfType("int")],
        values.Ref("alice.id"),
    ]
    assert told == [
        "s:3[1]: 1 → !type int, for 2 came",
        "s:3[2].b: y → !type string, for x came",
        "s:3[2]: keys came and went: a subset",
        "s:3[3][1]: 3 → !type int, for 2 came",
    ]


# with real servers


async def record(path: Path, people: int, seconds: float, pace: float) -> Script:
    """Record the demo with a crowd, and distill it; through a file, as a person would."""
    async with headless(DEMO, "--no-traffic", "--record", str(path)) as server:
        await crowd(server.url, people, seconds, pace=pace)
        await server.end()
    script = distill(read(path).records, file=str(path)).script
    written = path.with_suffix(".sio.yaml")
    written.write_text(printer.script(script))
    assert parse.load(written) == script
    return parse.load(written)


async def play(script: Script, target: str = DEMO) -> Report:
    app = HostConfig(target=target, app_dir=str(APPS))
    return await replay(script, Options(app=app, environment={}))


async def test_a_recording_of_the_demo_passes_against_it_and_fails_where_it_was_changed(tmp_path: Path) -> None:
    script = await record(tmp_path / "d.siorec", 6, 4, pace=8)
    report = await play(script)
    assert report.exit is Exit.PASSED, "\n".join(lines.failure_lines(report.cases[0]))
    report = await play(script, "changed_demo:app")
    told = lines.failure_lines(report.cases[0])
    assert report.exit is Exit.FAILED
    failed = report.cases[0].failed
    assert failed
    assert isinstance(failed.step, model.Expect)
    assert failed.step.values[0] == "private message"
    whispers = [
        step for step in script.cases[0].steps if isinstance(step, model.Expect) and step.values[0] == "private message"
    ]
    assert failed.step is whispers[0], told


async def test_a_recording_of_a_stock_server_passes_against_it(tmp_path: Path) -> None:
    """Its handlers emit before it is noted that a socket is there, or gone."""

    async def person(url: str, number: int) -> None:
        dice = random.Random(number)
        await asyncio.sleep(dice.uniform(0, 0.5))
        for _ in range(2):
            client = Client(Engine(url, transports=dice.choice(TRANSPORTS)))
            await client.open()
            socket = await client.connect("/", {"name": f"user{number}"}, on_event=lambda _: None)
            room = dice.choice(("a", "b"))
            await socket.emit_with_ack("join", room, timeout=20)
            for line in ("one", "two"):
                await socket.emit("say", room, line)
                await socket.emit_with_ack("echo", line, timeout=20)
                await asyncio.sleep(dice.uniform(0, 0.2))
            if dice.random() < 0.4:
                await socket.disconnect()
            await (client.close() if dice.random() < 0.6 else client.engine.abort())

    async with headless("stock_asgi:app", "--record", str(tmp_path / "d.siorec")) as server:
        await asyncio.gather(*(person(server.url, number) for number in range(8)))
        await server.end()
    made = distill(read(tmp_path / "d.siorec").records)
    report = await play(parse.parse(printer.script(made.script)), "stock_asgi:app")
    assert report.exit is Exit.PASSED, "\n".join(lines.failure_lines(report.cases[0]))
    expected = [step for step in made.script.cases[0].steps if isinstance(step, model.Expect)]
    assert {str(step.values[0]) for step in expected} == {"user has joined", "said", "user has left"}


async def test_what_differs_from_run_to_run_is_learned(tmp_path: Path) -> None:
    script = parse.parse(
        "sio: 1\ncases:\n- name: c\n  steps:\n"
        "  - alice: {connect: {auth: {name: alice}}}\n  - bob: {connect: {auth: {name: bob}}}\n"
        "  - alice: {emit: [private message, $bob.id, hi]}\n"
        "  - bob: {expect: [private message, $alice.id, {text: hi, at: 17}], within: 1s}\n"
        "  - alice: {emit: [rename, {x: 1}], ack: [{name: alice, status: gone, x: 1}]}\n"
    )
    learned, told, report = await learn(script, Options(app=HostConfig(target=DEMO), environment={}))
    assert report.exit is Exit.PASSED
    assert [line.partition(": ")[2] for line in told] == [
        "17 → !type int, for 0 came",
        "gone → !type string, for here came",
    ]
    assert (await play(learned)).exit is Exit.PASSED


async def test_the_commands(tmp_path: Path) -> None:
    await record(tmp_path / "d.siorec", 2, 2, pace=6)
    async with Running([*SOCKETSCOPE, "distill", "d.siorec", "-o", "out.sio.yaml"], cwd=tmp_path) as process:
        assert await process.wait_exit() == 0, process.said()
    assert parse.load(tmp_path / "out.sio.yaml").cases[0].name == "d"
    async with Running([*SOCKETSCOPE, "replay", "d.siorec", "--app", "demo"], cwd=tmp_path) as process:
        assert await process.wait_exit() == 0, process.said()
    async with Running([*SOCKETSCOPE, "distill", "out.sio.yaml"], cwd=tmp_path) as process:
        assert await process.wait_exit() == 2
        assert "no recording" in process.stderr[0]


async def test_a_recording_of_nobody_says_that_there_is_nothing_to_play(tmp_path: Path) -> None:
    async with headless("demo", "--no-traffic", "--record", str(tmp_path / "d.siorec")) as server:
        await server.end()
    async with Running([*SOCKETSCOPE, "distill", "d.siorec"], cwd=tmp_path) as process:
        assert await process.wait_exit() == 0, process.said()
        assert process.stderr == ["note: there is nothing in it that a client could play"]


@pytest.mark.slow
async def test_a_minute_of_fifty_people_passes_ten_times_unedited(tmp_path: Path) -> None:
    script = await record(tmp_path / "d.siorec", 50, 60, pace=1)
    for _ in range(10):
        report = await play(script)
        assert report.exit is Exit.PASSED, "\n".join(lines.failure_lines(report.cases[0]))
        await asyncio.sleep(0)
    assert (await play(script, "changed_demo:app")).exit is Exit.FAILED
