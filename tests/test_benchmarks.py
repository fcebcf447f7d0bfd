"""What the benchmarks say of figures that are not what they must be."""

from __future__ import annotations

import json

from tests.benchmarks import rows
from tests.benchmarks.__main__ import BEGIN, END, RATIOS, README
from tests.benchmarks.load import frame
from tests.benchmarks.rows import Row


def test_a_missed_figure_is_named() -> None:
    found = [Row("good", "", 0.5, 0.55), Row("bad", "", 0.56, 0.55), Row("shown", "", 9.0)]
    assert rows.missed(found) == ["bad: 0.56, must be at most 0.55"]


def test_a_figure_that_got_worse_is_named() -> None:
    found = [
        Row("same", "", 1.14),
        Row("worse", "", 1.16),
        Row("new", "", 5.0),
        Row("noise", "", 5.0, steady=False),
    ]
    committed = {"same": 1.0, "worse": 1.0, "noise": 1.0, "gone": 1.0}
    assert rows.worse(found, committed) == ["worse: 1.16, committed 1.00"]


def test_what_is_committed_and_shown_is_there() -> None:
    committed = json.loads(RATIOS.read_text())
    assert {"tap-echo", "tap-broadcast", "own-echo", "own-broadcast", "connect-growth"} <= committed.keys()
    _, _, rest = README.read_text().partition(BEGIN)
    assert "our Server, console attached" in rest.partition(END)[0]


def test_a_long_message_is_framed() -> None:
    assert frame(b"x" * 5)[:2] == bytes((0x81, 0x85))
    assert frame(b"x" * 300)[1:4] == bytes((0xFE, 1, 44))
    assert len(frame(b"x" * 70_000)) == 70_000 + 14
