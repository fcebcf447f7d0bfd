"""From a TOML file to `Settings`; whatever is wrong with it is said by file, line and key, with what is allowed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, get_args

import msgspec
from msgspec import inspect

from console import places
from console.config.error import ConfigError
from console.config.keys import TAKEN, is_key, keys_of
from console.settings import Settings
from console.text import safe

#: A config file is written by hand: one larger than this is something else.
MAX_SIZE = 1_000_000

_AT = re.compile(r" ?\(at (?:line (\d+), column \d+|end of document)\)$")


#: The settings, by name.
FIELDS = {field.encode_name: field for field in msgspec.structs.fields(Settings)}


class Config(NamedTuple):
    """Settings, and where they come from."""

    settings: Settings = Settings()
    #: The file that was read, None where there is none.
    path: Path | None = None
    text: str = ""

    def problem(self, where: tuple[str, ...], what: str) -> str:
        """What is wrong with a key of this file, as one line."""
        line = line_of(self.text, where)
        at = f":{line}" if line else ""
        name = safe(".".join(where))
        return f"{places.shown(self.path) if self.path else 'settings'}{at}: {name}: {what}"


def load(path: Path | None = None) -> Config:
    """The settings of the named file, or of the usual place; what is not there is as it is by default."""
    named = path is not None
    path = path or places.config_file()
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SIZE + 1)
    except FileNotFoundError:
        if named:
            raise ConfigError([f"{places.shown(path)}: there is no such file"]) from None
        return Config()
    except OSError as error:
        raise ConfigError([f"{places.shown(path)}: it can't be read: {error.strerror or error}"]) from None
    if len(data) > MAX_SIZE:
        raise ConfigError([f"{places.shown(path)}: that is no config file: it has more than {MAX_SIZE:,} bytes"])
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError([f"{places.shown(path)}:{line}: it is not UTF-8"]) from None
    return parse(text, path)


def parse(text: str, path: Path | None = None) -> Config:
    """The settings that a file's text says."""
    config = Config(Settings(), path, text)
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError([_not_toml(error, config)]) from None
    problems: list[str] = []
    kept: dict[str, Any] = {}
    for name, value in data.items():
        field = FIELDS.get(name)
        if field is None:
            problems.append(config.problem((name,), f"there is no such setting{_suggestion(name, FIELDS)}"))
            continue
        wrong = list(_wrong(value, field.type))
        problems += [
            config.problem((name, *where), f"has to be {what}, not {_said(item)}") for where, what, item in wrong
        ]
        if not wrong:
            kept[name] = msgspec.convert(value, field.type)
    if problems:
        raise ConfigError(problems)
    return config._replace(settings=Settings(**kept))


def check(
    config: Config, *, views: Mapping[str, Sequence[str]], actions: Mapping[str, str], themes: Sequence[str]
) -> list[str]:
    """What the settings name that there is not, or set twice.

    `views` has the columns of each view, `actions` the keys of each action as they are by default.
    """
    settings = config.settings
    problems: list[str] = []
    if settings.theme not in themes:
        what = f"there is no theme {_said(settings.theme)}{_suggestion(settings.theme, themes)}"
        problems.append(config.problem(("theme",), what))
    for view, columns in settings.columns.items():
        if view not in views:
            problems.append(config.problem(("columns", view), f"there is no such view{_suggestion(view, views)}"))
            continue
        for column in columns:
            if column not in views[view]:
                what = f"there is no column {_said(column)}: there are {', '.join(views[view])}"
                problems.append(config.problem(("columns", view), what))
    taken: dict[str, str] = {}
    for id, keys in settings.keys.items():
        if id not in actions:
            what = f"there is no such action{_suggestion(id, actions)} (socketscope config --keys lists all)"
            problems.append(config.problem(("keys", id), what))
        for key in keys_of(keys):
            other = taken.setdefault(key, id)
            what = ""
            if not is_key(key):
                what = f'{_said(key)} is no key: it is a character, or a name as in "f3", "ctrl+x", "shift+tab"'
            elif key in TAKEN:
                what = f"{_said(key)} {TAKEN[key]}"
            elif other != id:
                what = f"{_said(key)} is the key of {safe(other)} already"
            if what:
                problems.append(config.problem(("keys", id), what))
    return problems


def conflicts(keys: Mapping[str, str], actions: Mapping[str, str]) -> list[str]:
    """The actions that a keymap leaves without a key, because another took it: one line each."""
    taken = {key: id for id, written in keys.items() for key in keys_of(written)}
    said = []
    for id, written in actions.items():
        if id in keys:
            continue
        lost = {key: taken[key] for key in keys_of(written) if key in taken}
        if lost and len(lost) == len(keys_of(written)):
            key, other = next(iter(lost.items()))
            said.append(f"{key} is {other} now: {id} has no key")
    return said


def line_of(text: str, where: tuple[str, ...]) -> int:
    """The line in a TOML text that sets a key, as far as can be told; 0 where it can't."""
    table: tuple[str, ...] = ()
    best = 0
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r"\s*\[+\s*([^\[\]]+?)\s*\]+\s*(#.*)?$", line):
            table = _keys(match[1])
            if table == where[: len(table)] and not best:
                best = number
        elif match := re.match(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*'|\s*\.\s*)+?)\s*=""", line):
            key = table + _keys(match[1])
            if key == where:
                return number
            if key == where[: len(key)]:
                best = number
    return best


def _keys(written: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in re.findall(r'"[^"]*"|\'[^\']*\'|[^.\s]+', written))


def _not_toml(error: Exception, config: Config) -> str:
    text = str(error) or "nested too deep"
    match = _AT.search(text)
    line = match[1] if match else None
    if match and not line:
        line = str(config.text.count("\n") + 1)
    at = f":{line}" if line else ""
    what = _AT.sub("", text)
    return (
        f"{places.shown(config.path) if config.path else 'settings'}{at}: not TOML: {safe(what[:1].lower() + what[1:])}"
    )


def _suggestion(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), 1)
    return f": did you mean {close[0]}?" if close else f": there are {', '.join(sorted(known))}"


def _wrong(value: Any, type: Any) -> Iterable[tuple[tuple[str, ...], str, Any]]:
    """(where in it, what is allowed there, what stands there) of each part of a value that its type does not take."""
    known = inspect.type_info(type)
    known = known.type if isinstance(known, inspect.Metadata) else known
    if isinstance(known, inspect.DictType) and isinstance(value, dict):
        part = get_args(get_args(type)[0])[1]
        for key, item in value.items():
            yield from (((key, *where), what, wrong) for where, what, wrong in _wrong(item, part))
        return
    try:
        msgspec.convert(value, type)
    except msgspec.ValidationError:
        yield (), allowed(type), value


def allowed(type: Any) -> str:
    """What a setting of this type may be, in words."""
    known = inspect.type_info(type)
    known = known.type if isinstance(known, inspect.Metadata) else known
    match known:
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType(ge=least, le=None):
            return f"a whole number, {least} or more"
        case inspect.IntType(ge=least, le=most):
            return f"a whole number from {least} to {most}"
        case inspect.VarTupleType():
            return "a list of texts"
        case inspect.DictType():
            return "a table"
    return "a text"


def _said(value: Any) -> str:
    """A wrong value, as it may be shown."""
    text = (
        f'"{value}"'
        if isinstance(value, str)
        else "true"
        if value is True
        else "false"
        if value is False
        else str(value)
    )
    if isinstance(value, dict):
        text = "a table"
    elif isinstance(value, list):
        text = "a list"
    return safe(text if len(text) <= 60 else text[:59] + "…")
