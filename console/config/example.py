"""Settings as a config file: an example with everything in it, and what is in force."""

from __future__ import annotations

import textwrap
from typing import Any

import msgspec
from msgspec import inspect

from console.config.load import FIELDS
from console.settings import Settings

_HEAD = """\
# Settings of Socketscope, in TOML. What is commented out is as it is by default.
"""


def example() -> str:
    """A config file that says what each setting is for, and changes none."""
    parts = [_HEAD]
    for name, field in FIELDS.items():
        meta = _meta(field.type)
        parts.append(
            "\n".join(textwrap.wrap(meta.get("description", ""), 98, initial_indent="# ", subsequent_indent="# "))
        )
        if field.default is msgspec.NODEFAULT:
            lines = "\n".join(f"# {line}" for line in meta.get("examples", ()))
            parts.append(f"[{name}]\n{lines}\n")
        else:
            parts.append(f"# {name} = {_toml(field.default)}\n")
    return "\n".join(parts)


def effective(settings: Settings) -> str:
    """The settings in force, as TOML."""
    plain: list[str] = []
    tables: list[str] = []
    for name in FIELDS:
        value = getattr(settings, name)
        if isinstance(value, dict):
            tables += ["", f"[{name}]", *(f"{_key(key)} = {_toml(item)}" for key, item in value.items())]
        else:
            plain.append(f"{name} = {_toml(value)}")
    return "\n".join([*plain, *tables]) + "\n"


def _meta(type: Any) -> dict[str, Any]:
    known = inspect.type_info(type)
    return (known.extra_json_schema or {}) if isinstance(known, inspect.Metadata) else {}


def _toml(value: Any) -> str:
    """A value as TOML: JSON's text, with what TOML wants escaped beside."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else _toml(name)
