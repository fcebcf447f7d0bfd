"""`socketscope run … --headless`: hosts without a terminal, records, ends cleanly."""

from __future__ import annotations

import json
import signal
import socket
import stat
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.js_client import JsClient
from tests.support.run import SOCKETSCOPE, Running, headless

pytestmark = pytest.mark.usefixtures("js")

#: Seconds in which it must have ended.
A_FEW_SECONDS = 6.0


def read_recording(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The header and the records of a recording."""
    header, *records = (json.loads(line) for line in path.read_text().splitlines())
    return header, records


@pytest.mark.parametrize(
    ("arguments", "path", "namespace"),
    [
        (["stock:sio"], "/socket.io", "/"),
        (["stock:app"], "/socket.io", "/"),
        (["stock_asgi:app"], "/socket.io", "/"),
        (["starlette_app:app"], "/socket.io", "/"),
        (["own:io"], "/socket.io", "/"),
        (["own:app"], "/socket.io", "/"),
        (["factory_app:create", "--factory"], "/socket.io", "/"),
        (["fastapi_app:app"], "/ws/live", "/"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
async def test_every_kind_of_target_is_hosted(arguments: list[str], path: str, namespace: str, tmp_path: Path) -> None:
    recording = tmp_path / "run.siorec"
    async with headless(*arguments, "--record", str(recording)) as server, JsClient(server.url, path=path) as client:
        alice = await client.connect(namespace, auth={"name": "alice"})
        if arguments[0] == "fastapi_app:app":
            assert await alice.call("database") == ["open"]
            async with httpx.AsyncClient() as http:
                assert (await http.get(f"{server.url}/health")).json() == {"database": "open"}
        else:
            assert await alice.call("echo", "hello", 2) == ["hello", 2]
        assert await server.end() == 0
        assert server.stdout == [f"listening on {server.url}"]
    _, records = read_recording(recording)
    assert records[0]["kind"] == "sync"
    assert [r["socket"] for r in records if r["kind"] == "connected"] == [alice.id]
    assert [json.loads(r["data"])[0] for r in records if r["kind"] == "event_received"]
    assert records[-1]["kind"] in ("server_stopped", "log")


async def test_first_line_is_where_it_listens_and_the_rest_is_the_apps_on_stderr() -> None:
    async with headless("stock:sio") as server, JsClient(server.url) as client:
        alice = await client.connect(auth={"name": "alice"})
        assert await alice.call("print", "hello there") == ["printed"]
        await server.wait_line("^out: hello there$", "stderr")
        await server.wait_line("^err: hello there$", "stderr")
        assert await server.end() == 0
        assert server.stdout == [f"listening on {server.url}"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("target", ["stock:sio", "own:io"])
async def test_a_signal_ends_it_with_everything_written(number: signal.Signals, target: str, tmp_path: Path) -> None:
    recording = tmp_path / "run.siorec"
    async with (
        headless(target, "--record", str(recording)) as server,
        JsClient(server.url, transports=["polling"]) as polling,
        JsClient(server.url, transports=["websocket"]) as websocket,
    ):
        alice = await polling.connect(auth={"name": "alice"})
        bob = await websocket.connect(auth={"name": "bob"})
        assert stat.S_IMODE(recording.stat().st_mode) == 0o600
        refused = await websocket.try_connect("/nowhere")
        assert refused.kind == "connect_error"
        await bob.call("print", "last words")
        await bob.emit("boom", "bang")
        await server.wait_line("ValueError: bang", "stderr")
        assert await server.end(number, A_FEW_SECONDS) == 0
    header, records = read_recording(recording)
    assert header["socketscope"] == "siorec"
    assert records[0]["kind"] == "sync"
    kinds = [record["kind"] for record in records]
    assert {r["socket"] for r in records if r["kind"] == "connected"} == {alice.id, bob.id}
    ended = {r["socket"] for r in records if r["kind"] == "disconnected"}
    assert ended == {alice.id, bob.id}
    assert {(r["stream"], r["text"]) for r in records if r["kind"] == "log"} >= {
        ("stdout", "out: last words"),
        ("stderr", "err: last words"),
    }
    assert [r["nsp"] for r in records if r["kind"] == "refused"] == ["/nowhere"]
    (raised,) = [r for r in records if r["kind"] == "exception"]
    assert (raised["type"], raised["message"], raised["socket"]) == ("ValueError", "bang", bob.id)
    assert "in boom" in raised["traceback"]
    assert "server_stopped" in kinds
    by_server: dict[tuple[str, int], list[int]] = {}
    for record in records:
        if record["kind"] != "sync":
            by_server.setdefault((record["server"], record["epoch"]), []).append(record["seq"])
    assert all(numbers == sorted(set(numbers)) for numbers in by_server.values())


async def test_refused_clients_are_recorded_with_their_reason(tmp_path: Path) -> None:
    recording = tmp_path / "run.siorec"
    async with headless("stock:sio", "--record", str(recording)) as server, JsClient(server.url) as client:
        assert (await client.try_connect(auth={"name": "mallory"}))["data"] == {"retry": False}
        async with httpx.AsyncClient() as http:
            answer = await http.get(f"{server.url}/socket.io/?EIO=4&transport=pigeon")
            assert answer.status_code == 400
        assert await server.end() == 0
    _, records = read_recording(recording)
    (refused,) = [r for r in records if r["kind"] == "refused"]
    assert refused["message"] == "unknown user"
    assert json.loads(refused["data"]) == {"retry": False}
    (engine,) = [r for r in records if r["kind"] == "engine_refused"]
    assert engine["status"] == 400


@pytest.mark.parametrize(
    ("target", "line", "traceback"),
    [
        ("broken_import:app", "broken_import", "ConnectionError: the database at db.invalid is away"),
        ("no_server:app", "no_server:app", ""),
        ("no_server:number", "no_server:number", ""),
        ("crash_at_start:app", "failed to start", "RuntimeError: no migrations have been run"),
        ("no_such_module:app", "no_such_module", ""),
        ("stock:no_such_attribute", "no_such_attribute", ""),
        ("stock", "module:attribute", ""),
    ],
)
async def test_a_broken_target_ends_in_a_clear_line(target: str, line: str, traceback: str, tmp_path: Path) -> None:
    recording = tmp_path / "run.siorec"
    command = [*SOCKETSCOPE, "run", target, "--headless", "--port", "0", "--record", str(recording)]
    async with Running(command) as running:
        assert await running.wait_exit() == 2
        assert running.stdout == []
        (said,) = [each for each in running.stderr if each.startswith("socketscope: ")]
        assert line in said
        text = "\n".join(running.stderr)
        assert ("Traceback" in text) == bool(traceback)
        assert traceback in text


async def test_a_taken_port_is_one_line_that_names_it_and_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with Running([*SOCKETSCOPE, "run", "stock:sio", "--headless", "--port", str(port)]) as running:
            assert await running.wait_exit() == 2
            assert running.stdout == []
            (line,) = running.stderr
            assert str(port) in line
            assert "--port" in line


async def test_the_installed_command_hosts_the_demo(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).parent / "socketscope"), "--headless", "--no-traffic", "--port", "0"]
    async with Running(command, cwd=tmp_path) as running:
        url = (await running.wait_line(r"^listening on (\S+)$")).group(1)
        async with JsClient(url) as client:
            alice = await client.connect(auth={"name": "alice"})
            assert await alice.call("join", "dev") == [{"rooms": ["dev", "lobby"]}]
        async with JsClient(url) as client:
            refused = await client.try_connect(auth={"name": "mallory"})
            assert (refused["message"], refused["data"]) == ("unknown user", {"retry": False})
        assert await running.end() == 0
