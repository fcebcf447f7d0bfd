"""`--where` knows the filters that were saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.test_cli import run


def test_a_saved_filter_is_known_and_others_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[filters]\nslow = "rtt>50ms"\nwrong = "rtt>"\n')
    monkeypatch.setenv("SOCKETSCOPE_CONFIG", str(config))
    nobody = "http://127.0.0.1:9"
    done = run("sockets", nobody, "--token", "x", "--where", "@slow")
    assert done.returncode == 3  # it is a query; nobody is there to be asked
    for where, why in (
        ("@fast", "no filter is saved as @fast"),
        ("@wrong", "@wrong: rtt> needs a value"),
    ):
        done = run("sockets", nobody, "--token", "x", "--where", where)
        assert done.returncode == 2
        assert f"--where: {why}" in done.stderr
