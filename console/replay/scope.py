"""What names stand for while a script plays: variables, captures, actors, the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from console.replay.values import Undefined, Value


class Named(Protocol):
    """An actor, as references see it."""

    def named(self) -> dict[str, Value]:
        """Its fields: `id`, `engine`, …"""
        ...


class Scope:
    """Names and what they stand for; a scope within another sees that one's, and keeps its own to itself."""

    def __init__(self, outer: Scope | None = None, environment: Mapping[str, str] | None = None) -> None:
        self._outer = outer
        self._environment = environment or {}
        self.variables: dict[str, Value] = {}
        self.actors: dict[str, Named] = {}

    def look_up(self, name: str) -> Value:
        """The value of `name` or `name.path`; Undefined when there is none."""
        first, *path = name.split(".")
        value = self._first(first)
        for part in path:
            value = _part(value, part, name)
        return value

    def _first(self, name: str) -> Value:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.variables:
                return scope.variables[name]
            if name in scope.actors:
                return scope.actors[name].named()
            if scope._outer is None and name in scope._environment:
                return scope._environment[name]
            scope = scope._outer
        raise Undefined(f"nothing has defined {name} yet, and the environment has no {name}")


def _part(value: Value, part: str, name: str) -> Value:
    if isinstance(value, dict) and part in value:
        return value[part]
    if isinstance(value, list) and part.isdigit() and int(part) < len(value):
        return value[int(part)]
    raise Undefined(f"${name}: there is no {part!r}")
