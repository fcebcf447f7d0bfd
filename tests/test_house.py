"""The rules of the house: which way the arrows between packages point, and what stays light to import."""

from __future__ import annotations

import ast
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

#: What the console's lower packages may not know of.
BELOW_THE_SCREENS = (
    "console/acting",
    "console/export",
    "console/har",
    "console/link",
    "console/memory",
    "console/query",
    "console/replay",
    "console/snippets",
    "console/state",
    "console/wire",
)


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """The absolute names of all that a module imports, wherever in it."""
    package = [*path.relative_to(ROOT).with_suffix("").parts][:-1]
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, node.module] if node.module else base)
            yield from (f"{name}.{alias.name}" for alias in node.names)


def breaks(path: Path, *forbidden: str) -> list[str]:
    names = set(imported(path))
    return sorted(name for name in names if any(name == each or name.startswith(f"{each}.") for each in forbidden))


def loaded_by(statement: str) -> set[str]:
    """The top-level names of all modules that a fresh Python has loaded after this statement."""
    script = f"{statement}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("path", modules("server_core"), ids=lambda path: path.stem)
def test_server_core_knows_nothing_of_the_console(path: Path) -> None:
    assert breaks(path, "console", "textual", "rich") == []


@pytest.mark.parametrize("folder", BELOW_THE_SCREENS)
def test_what_is_below_the_screens_knows_nothing_of_them(folder: str) -> None:
    for path in modules(folder):
        assert breaks(path, "textual", "rich", "console.screens", "console.widgets", "console.app") == [], path


def test_state_does_no_io() -> None:
    for path in modules("console/state"):
        assert breaks(path, "socket", "asyncio", "threading", "httpx", "websockets", "socketio", "console.link") == []


def test_widgets_know_no_screen() -> None:
    for path in modules("console/widgets"):
        assert breaks(path, "console.screens", "console.app", "console.link.hosted", "console.wire") == [], path


def test_nothing_needs_aiohttp() -> None:
    """aiohttp is no dependency: its presence changes python-socketio's default `async_mode` for everyone."""
    for path in [*modules("server_core"), *modules("console")]:
        assert breaks(path, "aiohttp") == [], path


def test_server_core_is_light_to_import() -> None:
    assert "socketio" not in loaded_by("import server_core.records")
    loaded = loaded_by("from server_core import *")
    assert "socketio" in loaded
    assert loaded.isdisjoint({"textual", "rich", "console", "uvicorn", "httpx", "websockets", "click", "aiohttp"})


def test_every_module_of_server_core_runs_without_textual_and_rich() -> None:
    # the demo's clients are a process of their own, and httpx loads Rich, where there is one, for its own command
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in modules("server_core")
        if path.stem not in ("__init__", "demo_traffic")
    ]
    assert loaded_by("\n".join(f"import {name}" for name in names)).isdisjoint({"textual", "rich", "console"})


def test_the_command_line_starts_without_textual() -> None:
    loaded = loaded_by("import console.cli")
    assert loaded.isdisjoint({"textual", "rich", "uvicorn", "socketio"})


ONE_SHOT = ("sockets", "rooms", "events", "emit", "join", "leave", "disconnect", "doctor", "attach")


def test_one_shot_commands_start_without_textual() -> None:
    """All that they load until they fail to reach a server."""
    run = f"""
import contextlib, sys
from console.cli import cli
arguments = {{'emit': ['x', '--everybody'], 'join': ['a', 'b'], 'leave': ['a', 'b'], 'disconnect': ['a']}}
with open('/dev/null', 'w') as sys.stderr, contextlib.redirect_stdout(sys.stderr):
    for command in {ONE_SHOT}:
        with contextlib.suppress(SystemExit):
            cli([command, 'http://127.0.0.1:9', *arguments.get(command, ())])
"""
    loaded = loaded_by(run)
    assert "httpx" in loaded
    assert loaded.isdisjoint({"textual", "uvicorn", "socketio"})


def test_one_shot_commands_start_at_once() -> None:
    """In less than half a second of the processor's more than Python itself."""

    def seconds(*arguments: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, timeout=60, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    command = ("-m", "console", "sockets", "http://127.0.0.1:9", "--token", "x")
    more = [seconds(*command) - seconds("-c", "") for _ in range(3)]
    assert min(more) < 0.5, more


def test_the_link_and_the_state_run_without_textual() -> None:
    paths = [path for folder in BELOW_THE_SCREENS for path in modules(folder) if path.stem != "__init__"]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    assert loaded_by("\n".join(f"import {name}" for name in names)).isdisjoint({"textual"})


def test_the_console_begins_without_what_is_seldom_asked_for() -> None:
    """python-socketio, replays and the watching of files take as long to import as all the rest."""
    loaded = loaded_by("import console.cli, console.terminal, console.link.hosted, console.link.attached")
    assert loaded.isdisjoint({"socketio", "ruamel", "watchfiles", "uvicorn"})
