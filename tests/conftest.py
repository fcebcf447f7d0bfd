"""What all tests share: no test runs for ever, and where nothing may be skipped, nothing is."""

from __future__ import annotations

import itertools
import os
import secrets
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

import pytest

from tests.support import node, redis_server

#: Seconds after which a test that hangs is failed: the longest takes a sixth of it, and on a busy machine half.
TIMEOUT = 240

_numbers = itertools.count()
_skipped: list[str] = []


@pytest.fixture(scope="session")
def _person(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("person")


@pytest.fixture(autouse=True)
def _nobodys_settings(_person: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test, nor what it starts, knows the settings of whoever runs it, or what another test's console remembers."""
    nobody = _person / str(next(_numbers))
    monkeypatch.setenv("SOCKETSCOPE_CONFIG", str(nobody / "config.toml"))
    monkeypatch.setenv("SOCKETSCOPE_STATE", str(nobody / "state"))
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What one test has the console remember, the next does not find."""
    monkeypatch.setenv("SOCKETSCOPE_STATE", str(tmp_path_factory.getbasetemp() / "remembered" / secrets.token_hex(8)))


@pytest.fixture(scope="session")
def js() -> None:
    """For tests that drive the JavaScript client: skips where there is no Node."""
    try:
        node.install()
    except node.NoNode as reason:
        pytest.skip(f"no JavaScript client: {reason}")


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Redis server, for python-socketio's Redis manager."""
    with redis_server.run(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test that hangs, rather than wait for it."""
    if threading.current_thread() is not threading.main_thread() or item.get_closest_marker("slow"):
        return (yield)

    def give_up(_number: int, _frame: FrameType | None) -> NoReturn:
        raise TimeoutError(f"the test did not end within {TIMEOUT} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(TIMEOUT)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _skipped.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _skipped and os.environ.get("CI") == "true":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _skipped and os.environ.get("CI") == "true":
        terminalreporter.write_line(f"{len(_skipped)} skipped, which fails the run where CI=true", red=True)
