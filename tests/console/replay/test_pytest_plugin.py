"""pytest with the plugin, in a folder of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-p",
        "console.replay.pytest_plugin",
        *arguments,
    ]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100)


def test_each_case_is_a_test(tmp_path: Path) -> None:
    script = tmp_path / "chat.sio.yaml"
    script.write_text(
        "sio: 1\ncases:\n"
        "- name: comes in\n  tags: [smoke]\n  steps:\n  - alice: {connect: {auth: {name: alice}}}\n"
        "- name: is refused\n  steps:\n  - mallory: {connect: {auth: {name: mallory}}}\n"
    )
    (tmp_path / "bad.sio.yaml").write_text("sio: 1\ncasses: []\n")
    done = run(tmp_path, "--sio-app", "server_core.demo:app", "chat.sio.yaml", "-v")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "chat.sio.yaml::comes in PASSED" in done.stdout
    assert "chat.sio.yaml::is refused FAILED" in done.stdout
    assert "is refused: mallory was refused: unknown user\n" in done.stdout
    assert f"\n  {script}:9\n" in done.stdout
    assert "Traceback" not in done.stdout
    done = run(tmp_path, "--sio-app", "server_core.demo:app", "-k", "smoke", "chat.sio.yaml")
    assert "1 passed, 1 deselected" in done.stdout
    done = run(tmp_path, "bad.sio.yaml")
    assert f'{tmp_path}/bad.sio.yaml:2:1: a script has no "casses": did you mean "cases"?' in done.stdout
    done = run(tmp_path, "chat.sio.yaml")
    assert "no target: name a URL" in done.stdout
