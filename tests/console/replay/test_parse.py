"""Reading and writing scripts: what is wrong is said where it stands, and what is written reads as the same."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from console.replay import model, nodes, parse, printer, values
from console.replay.model import Script
from console.replay.parse import InvalidScript
from tests.console.replay.scripts import scripts

HERE = Path(__file__).parent
EXAMPLES = ("example.sio.yaml", "tour.sio.yaml")


def errors(text: str, folder: Path | None = None) -> list[str]:
    """What is wrong with a script, one line each."""
    with pytest.raises(InvalidScript) as caught:
        parse.parse(text, "s.yaml", folder)
    return str(caught.value).splitlines()


def with_steps(*steps: str) -> str:
    lines = "\n".join(f"  - {step}" for step in steps)
    return f"sio: 1\ncases:\n- name: c\n  steps:\n  - a: {{connect: }}\n{lines}\n"


def steps_of(*steps: str) -> tuple[model.Step, ...]:
    return parse.parse(with_steps(*steps)).cases[0].steps[1:]


# the format


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_read_and_written_as_the_same(name: str) -> None:
    script = parse.load(HERE / name)
    assert parse.parse(printer.script(script), str(HERE / name)) == script


def test_the_tour_has_every_kind_of_step_and_matcher() -> None:
    text = (HERE / "tour.sio.yaml").read_text()
    assert text.count("\n") >= 150
    steps = [step for case in parse.load(HERE / "tour.sio.yaml").cases for step in model.walk(case.steps)]
    found = {type(step) for step in steps}
    kinds = {kind for kind in vars(model).values() if isinstance(kind, type) and issubclass(kind, model.Step)}
    assert found == kinds - {model.Step, model.OneActor, model.SomeActors}
    commands = {step.command for step in steps if isinstance(step, model.Console)}
    assert commands == set(get_args(model.ConsoleVerb))
    for kind in found:
        mine = [step for step in steps if type(step) is kind]
        for each in fields(kind):
            if each.name not in ("at", "after", "within"):  # they stand beside any step
                assert any(getattr(step, each.name) != default(each) for step in mine), (kind, each.name)
    there = {type(value) for step in steps for pattern in step.patterns for value in parts(pattern)}
    assert there >= {*get_args(values.Matcher), values.Ref, values.Template, bytes, bool, type(None)} - {values.Missing}
    matchers = [value for step in steps for pattern in step.patterns for value in parts(pattern)]
    assert {value.name for value in matchers if isinstance(value, values.OfType)} == set(values.TYPES)
    assert all(any(getattr(step, name) for step in steps) for name in ("after", "within"))


def default(field: Field[Any]) -> Any:
    """What a field is where nothing is said."""
    if field.default_factory is not MISSING:
        return field.default_factory()
    return None if field.default is MISSING else field.default


def parts(value: Any) -> Iterator[Any]:
    """A value and all within it."""
    yield value
    inner = value.value if isinstance(value, values.Subset) else value
    if isinstance(inner, list | dict):
        for each in inner.values() if isinstance(inner, dict) else inner:
            yield from parts(each)


def test_yaml_is_of_version_1_2() -> None:
    (step,) = steps_of("a: {emit: [e, on, no, 12:30, 012, 0o14, 2001-01-02, ~, 1e3, yes]}")
    assert isinstance(step, model.Emit)
    assert step.values == ["e", "on", "no", "12:30", 12, 12, "2001-01-02", None, 1000.0, "yes"]


def test_texts_refer_to_what_is_known() -> None:
    (step,) = steps_of("a: {emit: [e, $a.id, 'cost $5', $$a, '${X:-y} and $$ ${Y}', '${a.id}']}")
    assert isinstance(step, model.Emit)
    template = values.Template((values.Variable("X", "y"), " and $ ", values.Variable("Y")))
    assert step.values[1:] == [
        values.Ref("a.id"),
        "cost $5",
        "$a",
        template,
        values.Template((values.Variable("a.id"),)),
    ]


def test_durations() -> None:
    waits = steps_of("wait: 300ms", "wait: 2s", "wait: 1.5m", "wait: 3", "wait: 1h")
    assert [step.seconds for step in waits if isinstance(step, model.Wait)] == [0.3, 2.0, 90.0, 3.0, 3600.0]


def test_what_stands_beside_a_step_may_stand_within_it() -> None:
    one, other = steps_of("a: {emit: [e], ack: [1], within: 1s}", "{a: {emit: [e]}, ack: [1], within: 1s}")
    assert one == other


@given(scripts)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink a whole script takes minutes
)
def test_what_is_written_reads_as_the_same(script: Script) -> None:
    text = printer.script(script)
    reader = parse._Script(Path("s.yaml"), Path())
    assert reader.script(text) == script, text
    assert reader._errors == []
    assert printer.script(reader.script(text)) == text


# what is wrong, and where


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "s.yaml:1:1: the script is empty"),
        ("[1]", 's.yaml:1:1: a script is a map that begins with "sio: 1"'),
        ("sio: 2\ncases: []", 's.yaml:1:6: this reads version 1 of the format, not "2"'),
        ("sio: 1", 's.yaml:1:1: a script needs "cases"'),
        ("sio: 1\ncases: []\nsteps: []", "s.yaml:1:1: a script has cases; steps alone are a file to include"),
        ("sio: 1\ncase: []", 's.yaml:2:1: a script has no "case": did you mean "cases"?'),
        ("sio: 1\ncases:\n- nam: x", 's.yaml:3:3: a case has no "nam": did you mean "name"?'),
        ("sio: 1\ncases:\n- name: x", 's.yaml:3:3: a case needs "steps"'),
        ("sio: 1\nsio: 1", 's.yaml:2:1: "sio" stands here twice, first in line 1'),
        ("sio: 1\ncases: [", "s.yaml:2:9: not YAML: expected the node content"),
        ("sio: 1\ncases: &a [*a]", "s.yaml:2:12: found recursive anchor"),
        ("a: &a {}\n<<: *a", 's.yaml:2:1: YAML 1.2 has no merge key "<<"'),
        ("sio: 1\ncases: []\ndefaults: {timeout: soon}", 's.yaml:3:21: "soon" is no duration: write 300ms, 2s or 1m'),
        ("sio: 1\ncases: []\nvars: {any: 1}", 's.yaml:3:8: a variable can\'t be called "any"'),
        (
            "sio: 1\ncases: []\nvars: {a: !py x}",
            "s.yaml:3:11: there is no tag !py; there are !type !re !sub !bind !b64",
        ),
        ("sio: 1\ncases: []\nvars: {a: !any }", "s.yaml:3:11: there is no tag !any: write $any"),
        ("sio: 1\ncases: []\nvars: {a: .nan}", "s.yaml:3:11: JSON has no such number"),
        (
            "sio: 1\ncases: []\nvars: {a: $any}",
            "s.yaml:3:11: a matcher is for expectations: nothing can be sent for it",
        ),
        ("sio: 1\ncases: []\nvars: {a: !b64 x}", "s.yaml:3:11: !b64: not base64: "),
    ],
)
def test_a_script_that_is_wrong_says_where(text: str, error: str) -> None:
    found = errors(text)
    assert found[0].startswith(error) or ("recursive" in error and "s.yaml:2:" in found[0]), found


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("a: {emti: [x]}", '6:9: a client can\'t "emti": did you mean "emit"?'),
        ("{a: {emit: [x]}, withn: 1s}", '6:22: a step has no "withn": did you mean "within"?'),
        ("{a: {emit: [x]}, nth: 1}", '6:22: emit has no "nth"'),
        ("a: {connect: {auht: {}}}", '6:19: connect has no "auht": did you mean "auth"?'),
        ("a: {connect: {auth: 3}}", "6:25: auth is a map"),
        ("a: {connect: {transports: [pigeon]}}", '6:32: "pigeon" is none of polling, websocket'),
        ("a: {emit: []}", "6:15: expected [event, arguments…]"),
        ("a: {emit: [x, !type int]}", "6:19: a matcher is for expectations: nothing can be sent for it"),
        (
            "a: {expect: [x, !type integer]}",
            "6:21: !type takes string, int, number, bool, null, list, map, binary; not",
        ),
        ("a: {expect: [x, !re '(']}", "6:21: !re: missing ), unterminated subpattern at position 0"),
        ("a: {never: x}", "6:16: expected {event: NAME, for: 300ms}"),
        ("a: {never: {event: x}}", '6:16: never needs "for"'),
        ("a: {emit: [x], expect: [y]}", "6:20: one step, one of emit and expect"),
        ("a: hello", "6:8: what does a do? for example {emit: [hello]}"),
        ("5", '6:5: expected a step, for example {alice: {emit: [hello]}}, got "5"'),
        ("{ack: [1]}", "6:5: who acts? a step begins with an actor, http, console, parallel or repeat"),
        ("http: {gte: /x}", '6:12: http has no "gte": did you mean "get"?'),
        ("http: {json: 1}", "6:11: an http step has one of get, post, put, patch, delete, head, options"),
        ("console: {jion: x}", '6:14: what does the console do? jion: did you mean "join"?'),
        ("console: {join: x}", '6:14: console join needs "rooms"'),
        ("{each: [a, b], emit: [x]}", "6:20: each is for expectations: emit is one actor's"),
        ("{repeat: 2}", '6:5: repeat needs "steps"'),
        ("{repeat: -1, steps: []}", '6:14: expected a number from 0 to 1000000, got "-1"'),
        ("any: {emit: [x]}", '6:5: an actor can\'t be called "any": it is a word of the format'),
        ("a b: {emit: [x]}", '6:5: an actor can\'t be called "a b": it is no name: letters, digits, - and _'),
        ("include: ../x.yaml", "6:14: ../x.yaml is not beneath the script's own folder"),
        ("include: /etc/passwd", "6:14: /etc/passwd is not beneath the script's own folder"),
        ("include: none.yaml", "6:14: can't read none.yaml: No such file or directory"),
        ("aa: {emit: [x]}", '6:16: aa never connects: did you mean "a"?'),
        ("a: {emit: [x, $a.id, $b.id]}", "6:15: nothing defines $b.id"),
    ],
)
def test_a_step_that_is_wrong_says_where(step: str, error: str) -> None:
    (found,) = errors(with_steps(step))
    assert found.startswith(f"s.yaml:{error}"), found


def test_all_that_is_wrong_is_said_at_once() -> None:
    found = errors(with_steps("a: {emti: [x]}", "a: {emit: [x]}", "{a: {expect: [x]}, nht: 2}"))
    assert [line.partition(": ")[0] for line in found] == ["s.yaml:6:9", "s.yaml:8:24"]


# bounds


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    (found,) = errors("sio: 1\nvars:\n  " + "\n  ".join(lines) + "\ncases: []")
    assert "do they multiply?" in found


def test_deep_nesting_is_refused() -> None:
    assert "deep" in errors(f"sio: 1\ncases: []\nvars: {{a: {'[' * 200}{']' * 200}}}")[0]
    assert "deep" in errors("[" * 50_000)[0]


def test_includes_stay_beneath_the_scripts_folder_and_end(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("sio: 1\nsteps: []\n")
    folder = tmp_path / "scripts"
    folder.mkdir()
    os.symlink(outside, folder / "link.yaml")
    (folder / "loop.yaml").write_text("sio: 1\nsteps:\n- include: loop.yaml\n")
    (folder / "cases.yaml").write_text("sio: 1\ncases: []\n")
    assert "link.yaml is not beneath" in errors(with_steps("include: link.yaml"), folder)[0]
    script = folder / "s.yaml"
    script.write_text(with_steps("include: loop.yaml"))
    with pytest.raises(InvalidScript, match=r"loop\.yaml:3:12: loop\.yaml includes itself"):
        parse.load(script)
    script.write_text(with_steps("include: cases.yaml"))
    with pytest.raises(InvalidScript, match=r'cases.yaml:1:1: it has cases: a file to include has "steps"'):
        parse.load(script)


@given(st.binary(max_size=300))
@example(b"\xff\xfe")
@example(b"\x00")
@example(b"a: \xed\xa0\x80")
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_are_refused_in_one_line(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.sio.yaml"
    path.write_bytes(data)
    with pytest.raises(InvalidScript) as caught:
        parse.load(path)
    assert all(str(path) in str(error) for error in caught.value.errors)


@given(st.text(st.sampled_from("sio: 1cas\n-{}[]&*!|>'\"%@`,?#$\t\x85\u2028"), max_size=80))
@example("? - a\n")
@example("!!binary x")
@example("%YAML 9.9\n---\nsio: 1")
@example("--- a\n--- b")
@example('"\\ud800"')
@settings(max_examples=300, deadline=None)
def test_random_yaml_never_ends_in_a_traceback(text: str) -> None:
    for read in (lambda: parse.parse(f"sio: 1\ncases: []\nvars: {text}"), lambda: nodes.read(text, "x")):
        with contextlib.suppress(InvalidScript, nodes.ScriptError):
            read()
