"""pytest collects `*.sio.yaml`: one test a case, with the same text of failure as `socketscope replay`.

    pytest --sio-app main:app          host it, fresh for each case
    pytest --sio-url http://…          or play against a server that runs

Both are settings too (`sio_app`, `sio_url`). A case's tags are keywords for `-k`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from console.replay.model import Case, Script
    from console.replay.outcome import CaseResult

SUFFIXES = (".sio.yaml", ".sio.yml")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("socketscope", "Socket.IO scripts")
    for name, text in (
        ("url", "Where the server is that *.sio.yaml files are played against."),
        ("app", "What to host for *.sio.yaml files, module:attribute, fresh for each case."),
    ):
        group.addoption(f"--sio-{name}", default="", help=text)
        parser.addini(f"sio_{name}", text, default="")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    if not file_path.name.endswith(SUFFIXES):
        return None
    found: pytest.File = ScriptFile.from_parent(parent, path=file_path)
    return found


class ScriptFile(pytest.File):
    """A script."""

    def collect(self) -> Iterable[pytest.Item]:
        from console.replay.parse import InvalidScript, load

        try:
            script = load(self.path)
        except InvalidScript as invalid:
            raise self.CollectError(str(invalid)) from None
        yield from self._items(script)

    def _items(self, script: Script) -> Iterator[pytest.Item]:
        for case in script.cases:
            item: CaseItem = CaseItem.from_parent(self, name=case.name, script=script, case=case)
            item.extra_keyword_matches.update(case.tags)
            yield item


class CaseFailed(Exception):
    """A case that did not pass."""

    def __init__(self, result: CaseResult) -> None:
        super().__init__(result.failure)
        self.result = result


class CaseItem(pytest.Item):
    """A case of a script."""

    def __init__(self, *, script: Script, case: Case, **more: Any) -> None:
        super().__init__(**more)
        self._script = script
        self._case = case

    def runtest(self) -> None:
        import asyncio
        from dataclasses import replace as changed

        from console.replay.run import Options, replay
        from server_core.host_config import HostConfig

        app = self._setting("app")
        hosted = HostConfig(target=app, port=0, app_dir=str(self.config.invocation_params.dir)) if app else None
        options = Options(url=self._setting("url"), app=hosted)
        report = asyncio.run(replay(changed(self._script, cases=(self._case,)), options))
        (result,) = report.cases
        if result.failure:
            raise CaseFailed(result)

    def _setting(self, name: str) -> str:
        found: str = self.config.getoption(f"--sio-{name}") or self.config.getini(f"sio_{name}")
        return found

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if not isinstance(excinfo.value, CaseFailed):
            return super().repr_failure(excinfo, style)
        from console.replay.lines import failure_lines

        return "\n".join(failure_lines(excinfo.value.result))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, max(0, self._case.at.line - 1), self.name
