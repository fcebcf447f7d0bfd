"""Which files count, and when a burst of changes is over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from watchfiles import Change

from console.link.changes import Changes, ReloadRules


def matters(tmp_path: Path, path: str, include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> bool:
    changes = Changes(ReloadRules((tmp_path,), include, exclude))
    return changes._matters(Change.modified, str(tmp_path.resolve() / path))


def test_python_files_count_and_what_tools_write_does_not(tmp_path: Path) -> None:
    for path in ("app.py", "package/deep/module.py", "with space.py"):
        assert matters(tmp_path, path), path
    for path in (
        *("page.html", "app.pyc", "app.py~", ".app.py.swp", ".#app.py", "notes"),
        *("__pycache__/app.py", ".git/hook.py", ".venv/lib/x.py", "node_modules/x/y.py", "venv/lib/site-packages/z.py"),
    ):
        assert not matters(tmp_path, path), path


def test_patterns_and_folders_are_included_and_excluded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "migrations").mkdir()
    monkeypatch.chdir(tmp_path)
    include, exclude = ("*.html", "config/*.toml"), ("test_*.py", "migrations", "generated/*")
    for path in ("app.py", "page.html", "templates/page.html", "config/a.toml"):
        assert matters(tmp_path, path, include, exclude), path
    for path in ("a.toml", "test_app.py", "tests/test_app.py", "migrations/one.py", "generated/x.html"):
        assert not matters(tmp_path, path, include, exclude), path
    assert not matters(tmp_path, "app.py", ("*.html",), ("*.py",))


def test_a_project_below_a_folder_that_would_be_passed_over_is_watched(tmp_path: Path) -> None:
    project = tmp_path / ".venv" / "project"
    project.mkdir(parents=True)
    assert matters(project, "app.py")


@contextlib.asynccontextmanager
async def watching(*dirs: Path) -> AsyncIterator[Changes]:
    changes = Changes(ReloadRules(dirs))
    task = asyncio.ensure_future(changes.run())
    await asyncio.sleep(0)
    try:
        yield changes
    finally:
        task.cancel()
        await asyncio.wait((task,))


async def test_a_burst_is_one_and_what_comes_later_another(tmp_path: Path) -> None:
    inner = tmp_path / "package"
    inner.mkdir()
    async with watching(inner, tmp_path) as changes:
        for number in range(20):
            (tmp_path / f"m{number}.py").write_text("x")
            (inner / "same.py").write_text(str(number))
            await asyncio.sleep(0.005)
        files = await asyncio.wait_for(changes.next(), 20)
        names = {Path(file).name for file in files}
        assert names == {"same.py", *(f"m{number}.py" for number in range(20))}
        assert len(files) == len(names)
        (tmp_path / "m1.py").unlink()
        assert [Path(file).name for file in await asyncio.wait_for(changes.next(), 20)] == ["m1.py"]


async def test_files_below_the_current_folder_are_named_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    for each in (here / "package", elsewhere):
        each.mkdir(parents=True)
    monkeypatch.chdir(here)
    async with watching(Path(), elsewhere) as changes:
        (here / "package" / "module.py").write_text("x")
        (elsewhere / "other.py").write_text("x")
        files = await asyncio.wait_for(changes.next(), 20)
    assert sorted(files) == [str(elsewhere.resolve() / "other.py"), "package/module.py"]
