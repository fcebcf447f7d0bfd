"""Playing scripts against the demo app: what passes, and how each failure reads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.replay import lines, parse
from console.replay.outcome import CaseResult, Exit, Report, Status
from console.replay.run import Options, replay
from server_core import demo
from server_core.host_config import HostConfig
from server_core.recording import read
from tests.support.serving import serve

HERE = Path(__file__).parent
PEOPLE = ("alice: {connect: {auth: {name: alice}}}", "bob: {connect: {auth: {name: bob}}}")


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with serve(demo.app) as url:
        yield url


def script(*steps: str, more: str = "") -> str:
    return "\n".join(["sio: 1", more, "cases:", "- name: the case", "  steps:", *(f"  - {step}" for step in steps)])


async def play(text: str, url: str = "", **options: object) -> Report:
    return await replay(parse.parse(text, "s.sio.yaml", HERE), Options(url=url, environment={}, **options))  # type: ignore[arg-type]


async def passes(url: str, *steps: str, more: str = "") -> CaseResult:
    report = await play(script(*steps, more=more), url)
    (case,) = report.cases
    assert case.status is Status.PASSED, "\n".join(lines.failure_lines(case))
    assert report.exit is Exit.PASSED
    return case


async def fails(url: str, *steps: str, more: str = "", exit: Exit = Exit.FAILED) -> list[str]:
    """The lines of the failure, and that it is told of the last step."""
    report = await play(script(*steps, more=more), url)
    (case,) = report.cases
    assert report.exit is exit
    told = lines.failure_lines(case)
    assert told[1] == f"  s.sio.yaml:{5 + len(steps)}", told
    return told


# what passes


@pytest.mark.parametrize("name", ["example.sio.yaml", "tour.sio.yaml"])
async def test_the_examples_pass_against_the_hosted_demo(name: str) -> None:
    options = Options(app=HostConfig(target="server_core.demo:app"), environment={})
    report = await replay(parse.load(HERE / name), options)
    told = [line for case in report.cases for line in lines.failure_lines(case)]
    assert (report.exit, told) == (Exit.PASSED, [])


async def test_expectations_take_events_in_any_order_and_each_event_once(url: str) -> None:
    emit = "alice: {emit: [private message, $bob.id, %s]}"
    expect = "bob: {expect: [private message, $any, !sub {text: %s}], within: 500ms}"
    steps = [*PEOPLE, emit % 1, emit % 2, expect % 2, expect % 1]
    await passes(url, *steps)
    assert "no 'private message' came to bob within 0.5 s" in (await fails(url, *steps, expect % 1))[0]


async def test_a_step_reaches_the_server_before_the_next_actors_does(url: str) -> None:
    """Both emit to one counter at once, a hundred times: the order of the script is the order on the server."""
    demo.rooms["race"] = 0
    joins = [f"{name}: {{emit: [join, race], ack: $any}}" for name in ("alice", "bob")]
    steps = ["repeat: 50", "  steps:"]
    steps += ["  - alice: {emit: [message, race, a]}", "  - bob: {emit: [message, race, b]}"]
    text = script(*PEOPLE, *joins) + "\n  - repeat: 50\n    steps:\n"
    text += "    - alice: {emit: [message, race, a]}\n    - bob: {emit: [message, race, b]}\n"
    text += "    - bob: {expect: [message, alice, !sub {text: a, n: !bind n}]}\n"
    text += "    - alice: {expect: [message, bob, !sub {text: b}]}\n"
    report = await play(text, url)
    assert report.exit is Exit.PASSED
    assert demo.rooms["race"] == 100


async def test_captures_flow_from_step_to_step(url: str) -> None:
    await passes(
        url,
        *PEOPLE,
        "alice: {emit: [rename, {seat: 7, status: away}], ack: [{name: alice, status: !bind status, seat: !bind n}]}",
        "alice: {emit: [private message, $bob.id, ['${status} at ${n}', $n, '${NOT_SET:-none}']]}",
        "bob: {expect: [private message, $any, !sub {text: [away at 7, 7, none]}]}",
    )


async def test_speed_scales_gaps_and_no_timeouts(url: str) -> None:
    text = script(PEOPLE[0], "wait: 4s", "{alice: {never: {event: x, for: 100ms}}, after: 4s}")
    took = {speed: (await play(text, url, speed=speed)).cases[0].seconds for speed in (4.0, None)}
    assert took[4.0] > 2.1
    assert 0.1 < took[None] < took[4.0] - 1  # 2 s less, but for what a busy machine makes late


async def test_what_only_a_hosted_server_can_do_may_be_left_out(url: str) -> None:
    report = await play(script(PEOPLE[0], "console: {disconnect: $alice.id}"), url, skip_console=True)
    assert [step.status for step in report.cases[0].steps] == [Status.PASSED, Status.SKIPPED]


async def test_cases_are_selected_by_name_and_tag(url: str) -> None:
    text = "sio: 1\ncases:\n- {name: first one, steps: [], tags: [a]}\n- {name: other, steps: []}\n"
    for options, played in (
        ({"only": ("ONE",)}, ["first one"]),
        ({"only": ("o*r",)}, ["other"]),
        ({"tags": ("a", "b")}, ["first one"]),
        ({}, ["first one", "other"]),
    ):
        report = await play(text, url, **options)
        assert [case.case.name for case in report.cases if case.status is Status.PASSED] == played
    report = await play(text, url, only=("nothing like it",))
    assert report.exit is Exit.NOTHING_RAN


async def test_simulated_clients_give_a_latency_summary(url: str) -> None:
    text = script("repeat: {actors: 20, ramp: 50ms, times: 2}").replace("\n  - repeat", "\n  - repeat") + (
        "\n    steps:\n    - c: {connect: {auth: {name: 'c${client}'}}}\n"
        "    - c: {emit: [rename, {n: $index}], ack: [!sub {n: $index}]}\n"
    )
    report = await play(text, url)
    ((load,),) = [[step.load for step in case.loads] for case in report.cases]
    assert load is not None
    assert (load.clients, load.errors) == (20, 0)
    assert {what: len(row.seconds) for what, row in load.rows.items()} == {"connect": 40, "rename → ack": 40}
    row = load.rows["rename → ack"]
    assert 0 < row.percentile(0.5) <= row.percentile(0.95) <= row.percentile(1)
    head, columns, *rows = lines.load_lines(load)
    assert head.startswith("20 clients in ")
    assert columns.split() == ["count", "p50", "p95", "max", "errors"]
    assert [line.split("  ")[0] for line in rows] == ["connect", "rename → ack"]


# what fails, and how it reads


async def test_an_event_that_differs(url: str) -> None:
    told = await fails(
        url,
        *PEOPLE,
        "alice: {emit: [private message, $bob.id, {text: hi, to: [a, b]}]}",
        "{bob: {expect: [private message, $alice.id, {text: {text: hi, to: [a, c]}, at: $any}]}, within: 500ms}",
    )
    assert told[0] == "the case: no 'private message' that matches came to bob within 0.5 s"
    assert told[2].startswith("  step     bob: {expect: [private message, $alice.id, {text: {")
    assert told[3].startswith("  expected [private message, ")
    assert told[3].endswith(", {text: {text: hi, to: [a, c]}, at: $any}]")
    assert told[4].startswith("  got      [private message, ")
    assert told[5] == "  differs  [2].text.to[1]: not equal"
    around = told[told.index("  around it:") + 1 :]
    assert any("→ bob private message" in line for line in around)
    assert any("← alice private message" in line for line in around)


async def test_long_values_are_compared_line_by_line(url: str) -> None:
    long = ", ".join(f"key-{n}: value {n}" for n in range(12))
    told = await fails(
        url,
        *PEOPLE,
        f"alice: {{emit: [private message, $bob.id, {{{long}}}]}}",
        f"{{bob: {{expect: [private message, $any, {{at: $any, text: {{{long.replace('value 7', 'value 8')}}}}}]}}, "
        "within: 500ms}",
    )
    diff = told[told.index("  line by line, - expected, + got:") + 1 :]
    assert [line for line in diff if line[4] in "-+"] == ["    -     key-7: value 8", "    +     key-7: value 7"]


async def test_an_event_that_does_not_come(url: str) -> None:
    told = await fails(url, *PEOPLE, "{alice: {expect: [nothing like it]}, within: 50ms}")
    assert told[0] == "the case: no 'nothing like it' came to alice within 0.05 s"
    assert told[3:5] == ["  expected [nothing like it]", "  got      nothing"]
    assert "  note     it got, and nobody asked for: user has joined" in told


async def test_the_next_event_is_another(url: str) -> None:
    told = await fails(url, *PEOPLE, "alice: {expect: [user has left, bob], strict: true}")
    assert told[0] == "the case: the next event of alice differs"
    assert "  differs  [0]: not equal" in told


async def test_the_nth_event_is_another(url: str) -> None:
    emits = [f"alice: {{emit: [private message, $bob.id, {n}]}}" for n in (1, 2)]
    expect = "bob: {expect: [private message, $any, !sub {text: %d}], nth: %d, within: 500ms}"
    told = await fails(url, *PEOPLE, *emits, expect % (1, 2))
    assert told[0] == "the case: event 2 of that name of bob differs"
    told = await fails(url, *PEOPLE, *emits, expect % (1, 3))
    assert "  note     only 2 of that name came" in told


async def test_an_event_that_never_should_come(url: str) -> None:
    told = await fails(url, *PEOPLE, "alice: {never: {event: user has joined, for: 2s}}")
    assert told[0] == "the case: 'user has joined' came to alice, which never should"
    assert "  got      [user has joined, bob]" in told


async def test_events_that_nobody_asked_for(url: str) -> None:
    told = await fails(url, *PEOPLE, "alice: {nothing-else: }")
    assert told[0] == "the case: alice got what nobody asked for"
    assert "  got      [[user has joined, bob]]" in told
    await passes(url, *PEOPLE, "alice: {nothing-else: {except: [user has joined]}}")
    told = await fails(url, *PEOPLE, more="defaults: {unexpected: fail}")
    assert told[0] == "the case: alice got what nobody asked for"
    await passes(url, *PEOPLE, more="defaults: {unexpected: fail, except: [user has joined]}")


async def test_an_ack_that_differs_or_does_not_come(url: str) -> None:
    told = await fails(url, PEOPLE[0], "alice: {emit: [divide, 1, 4], ack: [4]}")
    assert told[0] == "the case: the ack of 'divide' to alice differs"
    assert told[3:6] == ["  expected [4]", "  got      [0.25]", "  differs  [0]: not equal"]
    told = await fails(url, PEOPLE[0], "{alice: {emit: [divide, 1, 0], ack: [4]}, within: 50ms}")
    assert told[0] == "the case: no ack of 'divide' came to alice within 0.05 s"
    told = await fails(
        url,
        PEOPLE[0],
        "alice: {emit: [divide, 1, 0], id: d}",
        "{alice: {expect-ack: {id: d}}, within: 50ms}",
    )
    assert told[0] == "the case: no ack 'd' came to alice within 0.05 s"


async def test_a_refusal_that_was_not_expected_and_one_that_was_not_given(url: str) -> None:
    told = await fails(url, "mallory: {connect: {auth: {name: mallory}}}")
    assert told[0] == "the case: mallory was refused: unknown user"
    assert "  got      {message: unknown user, data: {retry: false}}" in told
    told = await fails(url, "alice: {connect: {auth: {name: alice}}, expect-refused: {message: no}}")
    assert told[0] == "the case: alice was not refused: it is connected"
    told = await fails(url, "m: {connect: {auth: {name: mallory}}, expect-refused: {data: {retry: true}}}")
    assert told[0] == "the case: m was refused otherwise"
    assert "  differs  data.retry: not equal" in told


async def test_a_disconnect_for_another_reason_or_none(url: str) -> None:
    kick = "http: {post: /kick, json: {id: $alice.id}, expect: {status: 202}}"
    told = await fails(url, PEOPLE[0], kick, "alice: {expect-disconnect: {reason: ping timeout}}")
    assert told[0] == "the case: alice was disconnected for another reason"
    assert told[3:5] == ["  expected ping timeout", "  got      io server disconnect"]
    told = await fails(url, PEOPLE[0], "alice: {expect-disconnect: , within: 50ms}")
    assert told[0] == "the case: alice is still connected after 0.05 s"
    told = await fails(url, PEOPLE[0], kick, "alice: {expect-disconnect: }", "alice: {emit: [x]}")
    assert told[0] == "the case: alice is not connected any more: io server disconnect"


async def test_http_that_answers_otherwise(url: str) -> None:
    told = await fails(url, "http: {post: /kick, json: {id: nobody}, expect: {status: 202}}")
    assert told[0] == f"the case: POST {url}/kick was answered otherwise"
    assert "  differs  status: not equal" in told
    assert '  got      {status: 404, text: "404\\n"}' in told


async def test_another_transport(url: str) -> None:
    told = await fails(url, PEOPLE[0], "alice: {expect-transport: polling}")
    assert told[0] == "the case: alice does not use polling"


async def test_simulated_clients_that_fail(url: str) -> None:
    step = "repeat: {actors: 3, steps: [{c: {connect: {auth: {name: mallory}}}}]}"
    told = await fails(url, step)
    assert told[0].startswith("the case: 3 of 3 clients failed; client ")
    assert "was refused: unknown user" in told[0]
    await passes(url, step.replace("actors: 3", "actors: 3, allow-errors: 3"))


async def test_nobody_there() -> None:
    async with serve(demo.app) as url:
        pass
    told = await fails(url, PEOPLE[0], exit=Exit.UNREACHABLE)
    assert told[0].startswith(f"the case: alice can't connect: {url}: ")


async def test_what_the_script_asks_for_can_not_be(url: str) -> None:
    told = await fails(url, PEOPLE[0], "console: {disconnect: $alice.id}", exit=Exit.USAGE)
    assert told[0] == "the case: a console step needs the server to be hosted: replay with --app TARGET"
    told = await fails(url, PEOPLE[0], "alice: {emit: [x, '${SURELY_NOT_SET}']}", exit=Exit.USAGE)
    assert told[0].startswith("the case: nothing has defined SURELY_NOT_SET yet")
    report = await play(script(PEOPLE[0]))
    assert report.exit is Exit.USAGE
    assert report.cases[0].failure
    assert report.cases[0].failure.message.startswith("no target: name a URL, host one with --app")


async def test_the_console_steps_that_fail(tmp_path: Path) -> None:
    names = ("no such room", "no such exception", "no such socket", "refused")
    steps = (
        "console: {expect-socket: $alice.id, rooms: [dev], within: 1s}".replace(", within: 1s}", "}"),
        "console: {expect-exception: {type: KeyError}}",
        "console: {expect-socket: nobody}",
        "console: {disconnect: nobody}",
    )
    cases = "\n".join(
        f"- name: {name}\n  steps:\n  - {PEOPLE[0]}\n  - {step}" for name, step in zip(names, steps, strict=True)
    )
    text = f"sio: 1\ndefaults: {{timeout: 200ms}}\ncases:\n{cases}"
    report = await play(text, app=HostConfig(target="server_core.demo:app"), keep=tmp_path)
    told = [lines.failure_lines(case) for case in report.cases]
    assert told[0][0] == "no such room: the server has it otherwise"
    assert told[0][3:5] == ["  expected {rooms: [dev]}", "  got      {rooms: [lobby]}"]
    assert told[1][0] == "no such exception: the server noted no exception"
    assert told[2][0] == "no such socket: the server has no socket nobody"
    assert told[3][0] == "refused: the server did not disconnect: socket nobody is not connected to /"
    assert report.exit is Exit.FAILED
    kept = [Path(case.recording) for case in report.cases]
    assert kept[0].name == "s-no-such-room.siorec"
    assert all(read(path).records for path in kept)


async def test_a_target_that_can_not_be_loaded() -> None:
    report = await play(script(PEOPLE[0]), app=HostConfig(target="server_core.nothing:app"))
    assert report.exit is Exit.USAGE
    assert "there is no module" in "\n".join(lines.failure_lines(report.cases[0]))


async def test_what_a_peer_sends_can_not_reach_the_terminal(url: str) -> None:
    told = await fails(
        url, *PEOPLE, 'alice: {emit: [private message, $bob.id, "\\e]0;x\\a\\u202e[bold]"]}', "bob: {nothing-else: }"
    )
    assert all(line.isprintable() for line in told)
    assert any("\\u001b]0;x\\u0007" in line for line in told)


async def test_secrets_are_masked_unless_asked_for(url: str) -> None:
    steps = (*PEOPLE, "alice: {emit: [rename, {token: s3cret}], ack: [{token: other}]}")
    assert not any("s3cret" in line for line in await fails(url, *steps))
    (case,) = (await play(script(*steps), url)).cases
    assert any("s3cret" in line for line in lines.failure_lines(case, show_secrets=True))


async def test_the_recording_of_a_failure_is_kept_without_a_hosted_server(url: str, tmp_path: Path) -> None:
    report = await play(script(*PEOPLE, "alice: {expect: [x], within: 10ms}"), url, keep=tmp_path / "kept")
    (case,) = report.cases
    recording = read(Path(case.recording))
    assert case.recording.endswith("kept/s-the-case.siorec")
    kinds = [record.kind for record in recording.records]
    assert kinds.count("connected") == 2
    assert "event_sent" in kinds


async def test_what_is_missing_is_filled_in(url: str, tmp_path: Path) -> None:
    from console.replay import record

    path = tmp_path / "m.sio.yaml"
    text = script(
        *PEOPLE,
        "alice: {emit: [rename, {a: 1}], ack: $missing}  # the answer",
        "{alice: {emit: [join, dev]}, ack: [$missing]}",
        "alice: {emit: [private message, $bob.id, hi]}",
        "bob: {expect: [private message, $missing]}",
        "alice: {emit: [private message, $bob.id, {x: [1, two]}]}",
        "bob: {expect: [private message, $alice.id, !sub {text: $missing}]}",
    )
    path.write_text(text)
    report = await replay(parse.load(path), Options(url=url, environment={}))
    assert "nothing is recorded here yet" in "\n".join(lines.failure_lines(report.cases[0]))
    report = await replay(parse.load(path), Options(url=url, environment={}, record_missing=True))
    assert report.exit is Exit.PASSED, lines.failure_lines(report.cases[0])
    assert record.fill(report) == ({path: 4}, [])
    filled = path.read_text()
    assert "ack: [{name: alice, status: here, a: 1}]}  # the answer" in filled
    assert "ack: [{rooms: [dev, lobby]}]" in filled
    assert "!sub {text: {x: [1, two]}}" in filled
    assert "$missing" not in filled
    assert filled.count("\n") == text.count("\n")


async def test_answers_over_http_refusals_and_reasons_are_filled_in(url: str, tmp_path: Path) -> None:
    from console.replay import record

    path = tmp_path / "m.sio.yaml"
    text = script(
        *PEOPLE,
        "http: {post: /kick, json: {id: $bob.id}, expect: {status: $missing, text: $missing}}",
        "bob: {expect-disconnect: {reason: $missing}}",
        "http: {get: /kick, expect: {status: 404, json: $missing, headers: {Content-Type: $missing}}}",
        "mallory: {connect: {auth: {name: mallory}}, expect-refused: {message: $missing, data: {retry: $missing}}}",
        "{nobody: {connect: {}}, expect-refused: $missing}".replace("$missing", "{data: $missing}"),
        "parallel:",
    )
    text += "\n      http:\n      - get: /\n        expect:\n          status: $missing\n"
    path.write_text(text)
    report = await replay(parse.load(path), Options(url=url, environment={}, record_missing=True))
    assert report.exit is Exit.PASSED, lines.failure_lines(report.cases[0])
    assert record.fill(report) == ({path: 9}, [])
    filled = path.read_text()
    assert 'expect: {status: 202, text: "202\\n"}' in filled
    assert "expect-disconnect: {reason: io server disconnect}" in filled
    assert "expect: {status: 404, json: 404, headers: {Content-Type: text/plain}}" in filled
    assert "expect-refused: {message: unknown user, data: {retry: false}}" in filled
    assert "expect-refused: {data: {retry: false}}" in filled
    assert "          status: 404" in filled
    report = await replay(parse.load(path), Options(url=url, environment={}))
    assert report.exit is Exit.PASSED, lines.failure_lines(report.cases[0])


async def test_what_the_server_has_is_filled_in_and_where_nothing_is_is_said(tmp_path: Path) -> None:
    from console.replay import record

    path = tmp_path / "m.sio.yaml"
    text = script(
        PEOPLE[0],
        "console: {expect-socket: $alice.id, rooms: $missing, attributes: {user: {name: alice, status: $missing}}}",
        "alice: {emit: [divide, 1, 0]}",
        "console: {expect-exception: {type: $missing, message: !re division}}",
        "console: {simulate: [rename, {n: 1}], socket: $alice.id, ack: $missing}",
        "alice: {allow: [news, $missing]}",
    )
    path.write_text(text)
    options = Options(app=HostConfig(target="server_core.demo:app"), environment={}, record_missing=True)
    report = await replay(parse.load(path), options)
    assert report.exit is Exit.PASSED, lines.failure_lines(report.cases[0])
    filled = record.fill(report)
    assert (filled.files, [str(place) for place in filled.left]) == ({path: 4}, [f"{path}:11"])
    written = path.read_text()
    assert "rooms: [lobby], attributes: {user: {name: alice, status: here}}" in written
    assert "expect-exception: {type: ZeroDivisionError, message: !re division}" in written
    assert "ack: [{name: alice, status: here, n: 1}]" in written
