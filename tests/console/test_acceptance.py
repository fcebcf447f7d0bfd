"""No promise is without its test."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import pytest

from tests.console.acceptance import ROWS

TESTS = Path(__file__).parent.parent


@functools.cache
def named_in(module: str) -> frozenset[str]:
    """The names of a module's tests, without importing it; none where there is no such module."""
    path = TESTS / f"{module}.py"
    if not path.exists():
        return frozenset()
    body = ast.parse(path.read_text()).body
    named = {each.name for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
    return frozenset(name for name in named if name.startswith("test_"))


@pytest.mark.parametrize("part", ROWS)
def test_every_promise_has_tests_that_are_there(part: str) -> None:
    for promise, tests in ROWS[part].items():
        assert tests, promise
        missing = [test for test in tests if test.partition("::")[2] not in named_in(test.partition("::")[0])]
        assert missing == [], promise
