"""No row of the specification is without its test."""

from __future__ import annotations

import importlib
import inspect

import pytest

from tests.server_core.conformance.rows import ROWS


@pytest.mark.parametrize("table", ROWS)
def test_every_row_has_a_test_and_every_test_a_row(table: str) -> None:
    module = importlib.import_module(f"tests.server_core.conformance.test_{table}")
    there = {
        name for name, value in vars(module).items() if name.startswith("test_") and inspect.iscoroutinefunction(value)
    }
    assert {row: name for row, name in ROWS[table].items() if name not in there} == {}
    assert there - set(ROWS[table].values()) == set()
