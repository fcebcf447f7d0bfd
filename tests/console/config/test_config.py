"""The config file: what it may say, and what is said about the rest."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.config.command import init, keys, show
from console.config.error import ConfigError
from console.config.example import effective, example
from console.config.keys import is_key, keys_of
from console.config.load import Config, check, conflicts, line_of, load, parse
from console.settings import Settings

ROOT = Path(__file__).parent.parent.parent.parent


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as wrong:
        parse(text, Path("/etc/config.toml"))
    return wrong.value.problems


def test_what_is_not_said_is_as_it_is_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCKETSCOPE_CONFIG", str(tmp_path / "none.toml"))
    assert load() == Config()
    assert parse("").settings == Settings()


def test_settings_are_read_from_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('theme = "light"\nmax_records = 1000\n[keys]\nmessage = "M"\n[columns]\nsockets = ["id", "rtt"]\n')
    monkeypatch.setenv("SOCKETSCOPE_CONFIG", str(file))
    settings = load().settings
    assert (settings.theme, settings.max_records, settings.show_secrets) == ("light", 1000, False)
    assert settings.keys == {"message": "M"}
    assert settings.columns == {"sockets": ("id", "rtt")}


def test_a_file_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: there is no such file"):
        load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('\nmax_records = "many"', "/etc/config.toml:2: max_records: has to be a whole number from 100 to 100000000"),
        (
            "max_records = 1.5",
            "/etc/config.toml:1: max_records: has to be a whole number from 100 to 100000000, not 1.5",
        ),
        ("max_log_lines = 3", "/etc/config.toml:1: max_log_lines: has to be a whole number, 100 or more, not 3"),
        ("show_secrets = 1", "/etc/config.toml:1: show_secrets: has to be true or false, not 1"),
        ("theme = []", "/etc/config.toml:1: theme: has to be a text, not a list"),
        ('[columns]\n\nsockets = "id"', '/etc/config.toml:3: columns.sockets: has to be a list of texts, not "id"'),
        ("[filters]\nslow = 3", "/etc/config.toml:2: filters.slow: has to be a text, not 3"),
        ("keys = 3", "/etc/config.toml:1: keys: has to be a table, not 3"),
        ("teme = 1", "/etc/config.toml:1: teme: there is no such setting: did you mean theme?"),
        ("zzz = 1", "/etc/config.toml:1: zzz: there is no such setting: there are columns, filters, keep_bytes"),
        ("a = 1\nb = = 2", "/etc/config.toml:2: not TOML: invalid value"),
        ("a = [1", "/etc/config.toml:1: not TOML: unclosed array"),
        ("\x1b]52;c;x\x07 = 1", "/etc/config.toml:1: not TOML"),
    ],
)
def test_what_is_wrong_is_said_by_file_line_and_key(text: str, expected: str) -> None:
    (said,) = problems(text)
    assert said.startswith(expected)
    assert said.isprintable()


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert len(problems('theme = 1\nmax_bytes = "x"\nnope = 2\n[filters]\na = 1\nb = 2')) == 5


@pytest.mark.parametrize("data", [b"\xff\xfe", b"# \xe9"])
def test_a_file_that_is_not_utf8(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b"\n" + data)
    with pytest.raises(ConfigError, match=r"config\.toml:2: it is not UTF-8"):
        load(file)


def test_a_file_that_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="it can't be read"):
        load(tmp_path)
    huge = tmp_path / "huge.toml"
    huge.write_bytes(b"#" * 2_000_000)
    with pytest.raises(ConfigError, match="that is no config file"):
        load(huge)


def check_text(text: str) -> list[str]:
    actions = {"message": "m", "disconnect": "d", "help": "question_mark", "filter": "slash,f3"}
    return check(parse(text), views={"sockets": ("id", "rtt")}, actions=actions, themes=("dark", "light"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('theme = "ligth"', 'settings:1: theme: there is no theme "ligth": did you mean light?'),
        ('[columns]\nsocket = ["id"]', "settings:2: columns.socket: there is no such view: did you mean sockets?"),
        ('[columns]\nsockets = ["x"]', 'settings:2: columns.sockets: there is no column "x": there are id, rtt'),
        ('[keys]\nmesage = "M"', "settings:2: keys.mesage: there is no such action: did you mean message?"),
        ('[keys]\nmessage = "ctlr+x"', 'settings:2: keys.message: "ctlr+x" is no key: it is a character, or a name'),
        ('[keys]\nmessage = "x,up"', 'settings:2: keys.message: "up" moves in lists'),
        ('[keys]\nmessage = "?,f3"\nhelp = "question_mark"', 'settings:3: keys.help: "question_mark" is the key of'),
        ('[keys]\nmessage = "x"\nhelp = "x"', 'settings:3: keys.help: "x" is the key of message already'),
    ],
)
def test_what_there_is_not_is_said(text: str, expected: str) -> None:
    (said,) = check_text(text)
    assert said.startswith(expected)


def test_a_key_that_is_taken_from_another_action_is_said() -> None:
    actions = {"message": "m", "disconnect": "d", "filter": "slash,f3"}
    assert conflicts({"message": "d"}, actions) == ["d is message now: disconnect has no key"]
    assert conflicts({"message": "d", "disconnect": "m"}, actions) == []
    assert conflicts({"message": "f3"}, actions) == []
    assert conflicts({"message": "f3,slash"}, actions) == ["slash is message now: filter has no key"]


def test_every_key_of_the_registry_is_one() -> None:
    from console.actions.table import ACTIONS

    for action in ACTIONS.values():
        assert all(map(is_key, keys_of(action.key))), action.id


def test_the_example_explains_every_setting_and_changes_none() -> None:
    text = example()
    assert parse(text).settings == Settings()
    for name in Settings.__struct_fields__:
        assert f"# {name} = " in text or f"[{name}]" in text
    said = "\n".join(line.removeprefix("# ") if " = " in line else line for line in text.splitlines())
    assert parse(said).settings.filters["slow"] == "ack>200ms"


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
settings = st.builds(
    Settings,
    theme=texts,
    show_secrets=st.booleans(),
    max_records=st.integers(100, 10**8),
    max_bytes=st.integers(10**6, 2**60),
    columns=st.dictionaries(texts, st.lists(texts, max_size=3).map(tuple), max_size=3),
    filters=st.dictionaries(texts, texts, max_size=3),
    keys=st.dictionaries(texts, texts, max_size=3),
)


@given(settings)
def test_what_is_in_force_can_be_written_back(settings: Settings) -> None:
    assert parse(effective(settings)).settings == settings


values = st.recursive(
    st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*Settings.__struct_fields__, "x", "y.z"]), values, min_size=1))
def test_whatever_it_holds_is_settings_or_a_line_that_says_why_not(data: dict[str, object]) -> None:
    for line in said_about("\n".join(f'"{name}" = {str(value).lower()}' for name, value in data.items())):
        assert line.startswith("settings:")
        assert line.isprintable()


@given(st.text(max_size=60))
def test_no_text_brings_it_down(text: str) -> None:
    assert all(line.isprintable() for line in said_about(text))


def said_about(text: str) -> tuple[str, ...]:
    """What is wrong with a text; nothing where it is settings."""
    try:
        parse(text)
    except ConfigError as error:
        return error.problems
    return ()


def test_lines_of_keys() -> None:
    text = 'a = 1\n[t]\n# b = 1\nb = 2\n[t.u]\n"c d" = 3\n[x]\ny.z = 4\n'
    assert [line_of(text, where) for where in [("a",), ("t", "b"), ("t", "u", "c d"), ("x", "y", "z"), ("q",)]] == [
        1,
        4,
        6,
        8,
        0,
    ]


def test_the_command_shows_writes_and_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "some" / "config.toml"
    monkeypatch.setenv("SOCKETSCOPE_CONFIG", str(file))
    assert "not there: socketscope config --init writes it" in show()
    assert init().endswith("config.toml is written\n")
    assert file.stat().st_mode & 0o777 == 0o600
    assert tomllib.loads(show())["theme"] == "dark"
    with pytest.raises(ConfigError, match="is there already: it is left as it is"):
        init()
    listed = tomllib.loads(keys())["keys"]
    assert listed["message"] == "m"
    file.write_text(keys())
    assert "message" in show()


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "console", *arguments]
    env = {**os.environ, **environment}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, env=env)


def test_a_wrong_file_ends_in_its_lines_and_exit_code_2(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('theme = "ligth"\n[keys]\nmesage = "M"\n')
    done = run("config", SOCKETSCOPE_CONFIG=str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert [line.rpartition("config.toml")[2] for line in done.stderr.splitlines()] == [
        ':1: theme: there is no theme "ligth": did you mean light?',
        ":3: keys.mesage: there is no such action: did you mean message? (socketscope config --keys lists all)",
    ]
